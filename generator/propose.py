"""The language model's seat: it chooses machine and region per group by id, out of an enumerated feasible set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from generator.capacity.sizing import Sizer, Sizing
from generator.model import Source

OPTIONS_PER_GROUP = 8


@dataclass(frozen=True, slots=True)
class Option:
    """One feasible way to serve a group, under an opaque id."""

    id: str
    usd_per_h: float
    round_trip_ms: float
    grid_gco2e_per_kwh: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """One group and what it may be served by. No name of the inventory occurs in it."""

    id: str
    models: int
    requests_per_s: float
    options: tuple[Option, ...]


class LanguageModel(Protocol):
    """Chooses an option id for each question id. Whatever it answers is checked, sized and judged."""

    @property
    def source(self) -> Source:
        """Name under which its layouts appear."""
        ...

    def choose(self, questions: Sequence[Question]) -> Mapping[str, str]:
        """Answer question ids with option ids."""
        ...


class OfflineProposer:
    """Fills the seat without a model: the nearest option that costs at most `margin` more than the cheapest."""

    source: Source = "offline"

    def __init__(self, margin: float = 0.05) -> None:
        self.margin = margin

    def choose(self, questions: Sequence[Question]) -> Mapping[str, str]:
        """Answer with the nearest affordable option of each question."""
        chosen: dict[str, str] = {}
        for question in questions:
            limit = min(option.usd_per_h for option in question.options) * (1.0 + self.margin)
            affordable = [option for option in question.options if option.usd_per_h <= limit]
            chosen[question.id] = min(affordable, key=lambda o: (o.round_trip_ms, o.usd_per_h, o.id)).id
        return chosen


def propose(
    groups: Sequence[tuple[tuple[int, ...], Sizing]], sizer: Sizer, model: LanguageModel
) -> tuple[tuple[tuple[int, ...], Sizing], ...] | None:
    """Ask a model for machine and region of each group.

    Parameters
    ----------
    groups : sequence of (members, Sizing)
        The solver's groups; its own choice is among each group's options.
    sizer : Sizer
    model : LanguageModel

    Returns
    -------
    tuple of (members, Sizing), or None
        None where an answer is missing or names an id that was not offered.
    """
    questions: list[Question] = []
    sizings: dict[tuple[str, str], Sizing] = {}
    for number, (members, own) in enumerate(groups):
        found = {own: None}
        for machine, region in sizer.options(members):
            sizing = sizer.size_on(members, machine, region)
            if sizing is not None:
                found[sizing] = None
            if len(found) == OPTIONS_PER_GROUP:
                break
        question = f"g{number:03d}"
        options = tuple(_option(f"o{i}", members, sizing, sizer) for i, sizing in enumerate(found))
        sizings.update({(question, option.id): sizing for option, sizing in zip(options, found, strict=True)})
        rate = float(sizer.mean_rate[list(members)].sum())
        questions.append(Question(question, len(members), round(rate, 3), options))
    answers = model.choose(questions)
    chosen = [sizings.get((question.id, answers.get(question.id, ""))) for question in questions]
    if any(sizing is None for sizing in chosen):
        return None
    return tuple((members, sizing) for (members, _), sizing in zip(groups, chosen, strict=True) if sizing is not None)


def _option(name: str, members: tuple[int, ...], sizing: Sizing, sizer: Sizer) -> Option:
    table = sizer.machines
    return Option(
        id=name,
        usd_per_h=round(sizing.usd_per_h, 6),
        round_trip_ms=round(float(table.round_trip_s[list(members), sizing.region].max()) * 1e3, 1),
        grid_gco2e_per_kwh=table.regions[sizing.region].grid_gco2e_per_kwh,
    )
