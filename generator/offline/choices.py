"""Properties of which a cloud takes one, some or all: rows of a table, and how a row is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.offline.stated import values_at
from generator.offline.values import Properties

Found = Iterator[tuple[str, str]]
Statement = Callable[[Properties], Found]


@dataclass(frozen=True, slots=True)
class Choice:
    """Of some properties of the object at a place (``""`` is the resource), so many are given.

    `least` and `most` bound how many; with `together`, either all of them are or none.
    """

    token: str
    place: str
    names: tuple[str, ...]
    source: str
    least: int = 0
    most: int = 1
    together: bool = False


def chosen(choice: Choice, inputs: Properties) -> Found:
    """Count the properties of a choice, wherever its object is."""
    objects = values_at(inputs, choice.place) if choice.place else [("", inputs)]
    for path, holder in objects:
        if not isinstance(holder, dict):
            continue
        given = [name for name in choice.names if holder.get(name) not in (None, [], {})]
        if choice.together:
            if given and len(given) < len(choice.names):
                absent = [name for name in choice.names if name not in given]
                yield path, f"{', '.join(given)} without {', '.join(absent)}"
        elif len(given) > choice.most:
            yield path, f"{' and '.join(given)} exclude each other"
        elif len(given) < choice.least:
            yield path, f"needs one of {', '.join(choice.names)}"


def ordered(lower: str, upper: str, place: str = "") -> Statement:
    """Require one number of an object not to exceed another."""

    def judge(inputs: Properties) -> Found:
        for path, holder in values_at(inputs, place) if place else [("", inputs)]:
            low, high = (holder.get(lower), holder.get(upper)) if isinstance(holder, dict) else (None, None)
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield f"{path}.{lower}" if path else lower, f"{low:g} is more than {upper}, {high:g}"

    return judge
