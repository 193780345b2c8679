"""The verbs that look around: the catalogue, and this machine."""

from typing import Annotated

import typer

from generator.errors import CatalogError
from generator.options import Json
from generator.shell import put, put_drawn, say

catalog_verbs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look into the SKU catalogue.")


@catalog_verbs.command("show")
def catalog_show(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Kind, machine, cloud, region.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Print what is offered, cheapest first; each WORD narrows it: covey catalog show l4 europe."""
    from generator.catalog import read_catalog
    from generator.present.show_answers import offerings, show_offerings

    found = offerings(read_catalog(), words or [])
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_offerings(found, console))


@catalog_verbs.command("check")
def catalog_check() -> None:
    """Check the catalogue's tables against each other."""
    from generator.catalog import check_catalog

    findings = check_catalog()
    for finding in findings:
        put(f"{finding}\n")
    if findings:
        remedy = "Correct the tables, or derive them anew as sku-catalog/README.md says."
        raise CatalogError("sku-catalog", f"{len(findings)} findings.", remedy)
    say("The catalogue holds together.")


def doctor(*, json: Json = False) -> None:
    """Look around: what is installed, what is missing, what to do about it."""
    from generator.doctor import doctor as examine
    from generator.present.show_answers import show_examination

    found = examine()
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_examination(found, console))
    if any(check.state == "broken" for check in found.checks):
        raise typer.Exit(1)
