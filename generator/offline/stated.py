"""Limits that a cloud states in its documentation, as a table: a place of a resource type, a claim, a source."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from generator.offline.values import UNKNOWN, Properties, Value

Judge = Callable[[Value], str | None]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a cloud takes at some places of a resource's inputs.

    Parameters
    ----------
    token : str
        Resource type, or a pattern of types such as ``gcp:*``.
    places : str
        Property paths, blanks between them; ``[]`` stands for every item of a list, ``{}`` for every value of a
        mapping, ``{key}`` for every key.
    judge : callable
        Says what is wrong with a value, or None.
    source : str
        Where the cloud states it.
    """

    token: str
    places: str
    judge: Judge
    source: str


def stated(limits: Sequence[Limit], token: str, inputs: Properties) -> list[tuple[str, str]]:
    """List the (property path, reason) at which a table's limits refuse a resource's inputs."""
    return [
        (path, reason)
        for limit in limits
        if fnmatchcase(token, limit.token)
        for place in limit.places.split()
        for path, value in values_at(inputs, place)
        if (reason := limit.judge(value)) is not None
    ]


def values_at(inputs: Properties, place: str) -> Iterator[tuple[str, Value]]:
    """Yield every known value at a place, with its own path."""
    found: list[tuple[str, Value]] = [("", inputs)]
    for part in re.findall(r"\w+|\[\]|\{\}|\{key\}", place):
        found = [step for path, value in found for step in steps(path, value, part)]
    yield from ((path, value) for path, value in found if value is not None and value != UNKNOWN)


def steps(path: str, value: Value, part: str) -> Iterator[tuple[str, Value]]:
    """Take one step of a place: into a property, or to every item, value or key."""
    if part == "[]" and isinstance(value, list):
        yield from ((f"{path}[{at}]", item) for at, item in enumerate(value))
    elif part == "{}" and isinstance(value, dict):
        yield from ((f"{path}.{key}", item) for key, item in value.items())
    elif part == "{key}" and isinstance(value, dict):
        yield from ((f"{path} key {key!r}", key) for key in value)
    elif isinstance(value, dict) and value.get(part) is not None:
        yield (f"{path}.{part}" if path else part, value[part])


def matches(pattern: str, most: int | None = None) -> Judge:
    """Take a text that a pattern matches as a whole, of so many characters at most."""
    compiled = re.compile(pattern)

    def judge(value: Value) -> str | None:
        if most is not None and len(str(value)) > most:
            return f"{len(str(value))} characters is more than the most, {most}"
        return None if compiled.fullmatch(str(value)) else f"{value!r} does not match {pattern}"

    return judge


def one_of(*words: str | int) -> Judge:
    """Take one of some words."""
    return lambda value: None if value in words else f"{value!r} is none of {', '.join(map(str, words))}"


def within(least: float, most: float) -> Judge:
    """Take a number of a range, ends included, written as a number or as text."""

    def judge(value: Value) -> str | None:
        try:
            number = float(str(value))
        except ValueError:
            return f"{value!r} is no number"
        return None if least <= number <= most else f"{number:g} is not within {least:g} and {most:g}"

    return judge


def sized(least: int, most: int, unit: str) -> Judge:
    """Take a text, list or mapping of so many characters, items or entries."""

    def judge(value: Value) -> str | None:
        size = len(value) if isinstance(value, str | list | dict) else 0
        return None if least <= size <= most else f"{size} {unit} is not within {least} and {most}"

    return judge


def seconds(least: int, most: int, step: int = 1) -> Judge:
    """Take a duration such as ``300s``: whole seconds of a range, a multiple of a step."""

    def judge(value: Value) -> str | None:
        written = re.fullmatch(r"(\d{1,12})s", str(value))
        if written is None:
            return f"{value!r} is no duration in seconds such as {least}s"
        duration = int(written[1])
        if not least <= duration <= most:
            return f"{value} is not within {least}s and {most}s"
        return None if duration % step == 0 else f"{value} is no multiple of {step}s"

    return judge


def json_with(*members: str) -> Judge:
    """Take the text of a JSON object that has these members."""

    def judge(value: Value) -> str | None:
        document = json_object(value)
        if document is None:
            return "is no JSON object"
        absent = [name for name in members if name not in document]
        return f"has no {', '.join(absent)}" if absent else None

    return judge


def json_object(value: Value) -> Properties | None:
    """Read the text of a JSON object, or None where it is none."""
    try:
        document = json.loads(str(value))
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def as_list(value: Value) -> list[Value]:
    """A list as it is, one value as a list of it, nothing as none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
