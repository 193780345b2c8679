"""Arguments and options that several verbs take, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated, Literal

import typer

FleetPath = Annotated[Path, typer.Argument(metavar="FLEET", help="A folder with fleet.yaml, or that file.")]
ProjectPath = Annotated[Path, typer.Argument(metavar="DIR", help="The folder with Pulumi.yaml.")]
ProjectOption = Annotated[
    Path, typer.Option("--project", metavar="DIR", help="The project that serves it: covey emit's.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same inputs and seed, same plan.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; its schema is in schemas/.")]
ProfileOption = Annotated[
    Literal["cheapest", "balanced", "resilient"] | None,
    typer.Option("--profile", help="Which recommendation; balanced if the plan has it."),
]
PlanFile = Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="A saved plan, instead of a new one.")]
Stacks = Annotated[list[str] | None, typer.Option("--stack", help="Only this stack; may be given again.")]
Offline = Annotated[bool, typer.Option("--offline", help="Stand-in providers and a pretend cloud, no account.")]
Choose = Annotated[int | None, typer.Option("--choose", metavar="N", min=1, help="Write this choice to the project.")]
