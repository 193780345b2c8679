"""What a person sees on a terminal, wide and narrow."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from generator.present.document import document
from generator.present.show import show
from tests.plans import HOSTILE, plan, with_today

HERE = Path(__file__).parent / "show"
CASES = {"plan": plan(), "today": with_today(plan()), "hostile-names": plan(HOSTILE)}


@pytest.mark.parametrize("width", [100, 60])
@pytest.mark.parametrize("case", CASES)
def test_the_terminal_shows_what_is_expected(case: str, width: int, pytestconfig: pytest.Config) -> None:
    drawn = io.StringIO()
    show(document(CASES[case]), Console(file=drawn, width=width, highlight=False))
    found = "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())
    place = HERE / f"{case}-{width}.txt"
    if pytestconfig.getoption("--update-golden"):
        place.write_text(found, encoding="utf-8")

    assert place.read_text(encoding="utf-8") == found
