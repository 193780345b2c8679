"""covey on the command line: which verbs there are, in the order they are met in; what they do stands in `verbs`.

Data goes to standard output, everything else to standard error.
"""

from typing import Annotated

import typer

from generator.dashboard.verb import dashboard
from generator.shell import Verbs, put
from generator.verbs import (
    language,
    logbook,
    looking,
    lookout,
    operating,
    planning,
    release,
    review,
    rolling,
    roster,
    tending,
)

EPILOG = (
    "Exit codes: 0 done, 1 unexpected, 2 input or usage, 3 no feasible plan, 4 emit, 5 policy violation or "
    "not approved, 6 deployment, 7 changes found where none were expected, 130 interrupted."
)
app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version(asked: bool) -> None:
    """Print which covey this is, instead of anything else."""
    if asked:
        from importlib.metadata import version as version_of

        put(f"covey {version_of('covey')}\n")
        raise typer.Exit


@app.callback(help="Group machine-learning models by their traffic, choose machines, write the Pulumi program.")
def covey(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of a failure, too.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that come before the verb; `debug` is read where failures end."""
    del debug, show_version


app.command()(planning.init)
app.command()(planning.plan)
app.command()(planning.show)
app.command()(planning.explain)
app.command()(planning.emit)
app.command()(release.approve)
app.command()(logbook.reject)
app.command()(logbook.retract)
app.command()(operating.preview)
app.command()(operating.up)
app.command()(release.verify)
app.command()(operating.refresh)
app.command()(operating.destroy)
app.command()(roster.join)
app.command()(roster.leave)
app.command()(lookout.observe)
app.command()(tending.drift)
app.command()(lookout.learn)
app.command()(tending.regroup)
app.command()(rolling.rollout)
app.command()(rolling.rollback)
app.command()(review.check)
app.command()(review.diff)
app.command()(dashboard)
app.command()(looking.doctor)
app.add_typer(looking.catalog_verbs, name="catalog")
app.add_typer(language.llm_verbs, name="llm")
app.add_typer(logbook.log_verbs, name="log")


def main() -> None:
    """Run covey; the console script."""
    try:
        app()
    except KeyboardInterrupt:  # before typer listens, or after
        raise SystemExit(130) from None
