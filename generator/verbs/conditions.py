"""Under what conditions a long plan is made: a limit of time, stages kept for another run, cores, a cluster."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError

if TYPE_CHECKING:
    from generator.model import Catalog, Inputs
    from generator.stages import Work

TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        min=1,
        max=1e6,
        help="Search no longer than this; judging comes on top. Another run may then find another plan.",
    ),
]
ResumeFile = Annotated[
    Path | None,
    typer.Option("--resume", metavar="FILE", help="Keeps finished stages; the same plan, interrupted, goes on there."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        max=1024,
        help="Work on so many things at once; as many as the machine grants cores. The plan is the same.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Correlate on a Dask cluster of your own, tcp://HOST:PORT; its workers have this covey, too.",
    ),
]


@contextmanager
def work_under(
    inputs: "Inputs",
    catalog: "Catalog",
    seed: int,
    *,
    time_limit_s: float | None,
    resume: Path | None,
    scheduler: str | None,
    jobs: int | None,
) -> "Generator[Work]":
    """Set the conditions; the limit of time runs from now.

    Raises
    ------
    InputError
        A limit and kept stages are asked for together, or a file or a cluster is not what it should be.
    """
    from importlib.metadata import version

    from joblib import cpu_count

    from generator.cluster import cluster
    from generator.resume import resume as resumed
    from generator.side_by_side import side_by_side
    from generator.stages import HERE

    work = HERE
    if time_limit_s is not None:
        if resume is not None:
            what = "keeps whole stages, and --time-limit cuts them short."
            raise InputError(f"--resume {resume}", what, "Leave one of the two out.")
        began = monotonic()
        work = replace(work, used=lambda: (monotonic() - began) / time_limit_s)
    if resume is not None:
        work = replace(work, recall=resumed(resume, inputs, catalog, seed, version("covey")))
    with ExitStack() as held:
        if scheduler is not None:
            work = replace(work, over=held.enter_context(cluster(scheduler)))
        yield replace(work, each=held.enter_context(side_by_side(jobs or cpu_count())))
