import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from generator.model import Plan, Violation
from generator.present.document import document
from generator.present.figures import attained, dollars, plain, saving
from generator.present.show import show
from tests.plans import HOSTILE, plan, with_today


def shown(one: Plan, width: int = 100, *, terminal: bool = False, no_color: bool | None = None) -> str:
    drawn = io.StringIO()
    console = Console(file=drawn, width=width, highlight=False, force_terminal=terminal, no_color=no_color)
    show(document(one), console)
    return drawn.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("one", [plan(), plan(HOSTILE), with_today(plan())], ids=["plain", "hostile", "today"])
def test_no_line_is_wider_than_the_terminal(one: Plan, width: int) -> None:
    assert [] == [line for line in shown(one, width).splitlines() if cell_len(line) > width]


@pytest.mark.parametrize("width", [60, 100])
def test_no_name_steers_the_terminal_or_is_read_as_markup(width: int) -> None:
    text = shown(plan(HOSTILE), width, terminal=True, no_color=True)

    for mark in ("\x07", "\u202e", "\u200b", "\x1b[31m", "\x1b]8"):
        assert mark not in text
    flat = " ".join(text.split())
    assert "[bold red]x[/bold red]" in flat
    assert "\\x1b[31m\\x07\\u202eb\\u200b" in flat.replace(" ", "")


@pytest.mark.parametrize("width", [60, 100])
def test_the_conclusion_stands_last_and_names_the_chosen_one(width: int) -> None:
    assert "✔ balanced is what covey emit writes" in " ".join(shown(plan(), width).splitlines()[-2:])


def test_the_service_level_is_said_to_be_of_a_window_not_planned_on() -> None:
    assert "a window it was not planned on" in shown(plan())


def test_what_has_no_price_is_called_so() -> None:
    text = shown(plan())

    assert "no price" in text
    assert "alarms on aws: 16 alarms; no price known" in text


def test_broken_rules_are_told() -> None:
    one = plan()
    first = one.recommendations[0]
    broken = replace(first.verdict, violations=(Violation("SLO001", "ads", "3% late."),))
    text = shown(replace(one, recommendations=(replace(first, verdict=broken), *one.recommendations[1:])))

    assert "Rules that cheapest breaks" in text
    assert "SLO001 ads: 3% late." in text


def test_a_note_about_fewer_recommendations_is_told() -> None:
    one = plan()
    note = "2 distinct recommendations: resilient is the same layout as balanced."

    assert note in shown(replace(one, recommendations=one.recommendations[:2], note=note))


def test_colour_is_left_out_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[3" not in shown(plan(), terminal=True)


def test_a_share_is_never_rounded_up_to_a_promise() -> None:
    assert [
        "100%", ">99.99%", ">99.99%", "99.99%", "98.76%", "0.00%",
    ] == [attained(share) for share in (1.0, 0.999999, 0.99996, 0.9999, 0.98765, 0.0)]  # fmt: skip


def test_small_amounts_keep_their_digits() -> None:
    assert [
        "$0", "<$0.000001", "$0.00103", "$0.0923", "$0.500", "$17.22", "$12,570",
    ] == [dollars(amount) for amount in (0, 1e-9, 0.00103271, 0.0923, 0.5, 17.2198, 12570.4)]  # fmt: skip


def test_a_loss_has_its_sign() -> None:
    assert ["34.8%", "-118%", "0.0%", "0.0%"] == [saving(fraction) for fraction in (0.348, -1.18, -0.0001, 0.0)]


def test_every_character_that_steers_hides_or_turns_is_escaped() -> None:
    for code in (*range(32), *range(0x7F, 0xA0), 0x200B, 0x2028, 0x202E, 0x2066, 0xFEFF, 0xD800):
        assert plain(f"a{chr(code)}b").isprintable()
