"""The port: closed questions over what code enumerated, and whoever answers them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from generator.model import RejectionReason, Source, Usage

Task = Literal["serve", "move", "prefer", "place"]


@dataclass(frozen=True, slots=True)
class Option:
    """One feasible choice under an opaque id: figures with units in their names, and words of the catalogue."""

    id: str
    figures: Mapping[str, float]
    words: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be chosen under an opaque id. No name of the inventory occurs in it."""

    id: str
    figures: Mapping[str, float]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """How a group like these was served before, and what became of it.

    Parameters
    ----------
    figures : mapping of str to float
        Of the group, by the names a `Question` of the task "serve" uses.
    words : mapping of str to str
        Of what it was served by: hosting, instance type, region.
    outcome : str
        What people decided.
    reason : str or None
        Why it was rejected, as one of a closed list: what people write freely never leaves.
    """

    figures: Mapping[str, float]
    words: Mapping[str, str]
    outcome: Literal["approved", "rejected"]
    reason: RejectionReason | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """One call: questions of one task, what was learned before, and what an operator chose to add.

    Parameters
    ----------
    task : str
        "serve": machine and region of a group; "move": whether a workload stays in its group; "prefer": which
        recommendation suits the goals; "place": how a workload joins or leaves a running layout.
    examples : tuple of Example
        Most alike first.
    notes : str or None
        Words of an operator, sent only where they asked for it, quoted as data.
    """

    task: Task
    questions: tuple[Question, ...]
    goals: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Parameters
    ----------
    choices : mapping of str to str
        Option id by question id: every question, or none where `failure` says why.
    reasons : mapping of str to str
        Unchecked prose by option id, for the task "prefer".
    """

    choices: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    usage: Usage = field(default_factory=Usage)
    failure: str | None = None


class LanguageModel(Protocol):
    """Answers briefs, and never raises: what went wrong stands in the answer. Whatever it chooses is judged."""

    @property
    def name(self) -> str:
        """Who answers, as people are told."""
        ...

    @property
    def source(self) -> Source:
        """Name under which its layouts appear."""
        ...

    def answer(self, brief: Brief) -> Answer:
        """Choose an option for every question of a brief."""
        ...


def unanswered(failure: str, usage: Usage | None = None) -> Answer:
    """Return the answer of someone who did not choose."""
    return Answer({}, {}, usage or Usage(), failure)
