"""What every page of covey is made with: templates that escape, markup of our own, colours."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from generator.model import Traffic
from generator.present.figures import count, plain
from generator.present.pictures import COLOURS, OTHERS
from generator.present.plan_document import RecommendationDocument

ANSWER_COLOURS: Mapping[str, str] = {
    "cheapest": "#2a9d8f",
    "balanced": "#3b78d8",
    "resilient": "#8f6fdb",
    "baseline": "#8b929b",
    "current": "#b3922a",
}


def template(name: str) -> Any:
    """Open a template; every name it is given is escaped, and what hides or turns text is written as an escape."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    # One for all pages: it keeps templates compiled, which takes longer than most pages.
    folder = files("generator") / "templates"
    return Environment(
        loader=FunctionLoader(lambda path: (folder / path).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_harmless,
    )


def _harmless(value: object) -> object:
    """Every text passes here before it is escaped; what is markup already was made by us."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def made_here(markup: str) -> Markup:
    """Mark as markup what this package wrote and escaped itself: the style, and pictures spelled by an XML writer."""
    return Markup(markup)  # noqa: S704 (the reason stands above)


def swatch(colour: str) -> Markup:
    """Draw the dot that stands for a colour."""
    return Markup(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="{}"/></svg>'
    ).format(colour)


def colours_of_groups(traffic: Traffic, chosen: RecommendationDocument) -> dict[str, str]:
    """A colour of its own for the groups with the most traffic, one for the rest."""
    mean = traffic.rate_rps.mean(axis=1)
    rate = {name: float(mean[i]) for i, name in enumerate(traffic.workloads)}
    busiest = sorted(chosen.groups, key=lambda group: (-sum(rate[name] for name in group.workloads), group.name))
    own = COLOURS if len(busiest) <= len(COLOURS) else COLOURS[:-1]
    return {group.name: own[i] if i < len(own) else OTHERS for i, group in enumerate(busiest)}


def legend(colour_of_group: Mapping[str, str]) -> Sequence[Mapping[str, object]]:
    """Groups with a colour of their own, then how many share the last."""
    named = [{"name": name, "swatch": swatch(colour)} for name, colour in colour_of_group.items() if colour != OTHERS]
    others = len(colour_of_group) - len(named)
    return named + ([{"name": count(others, "smaller group"), "swatch": swatch(OTHERS)}] if others else [])
