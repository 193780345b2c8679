"""Read a YAML document that nobody vouches for, and remember on which line every field stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from generator.errors import InventoryError

MOST_BYTES = 64 * 2**20
MOST_DEPTH = 32
# Nodes that aliases may add: an honest inventory repeats a block now and then, a "billion laughs" explodes.
MOST_ALIASED_NODES = 100_000
LONGEST_INTEGER = 19  # no field has a use for more, and Python reads no number of thousands of digits

# The scalars of YAML 1.2's core schema, less octal and hexadecimal: NO is Norway, and a date is text until a field
# says otherwise.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(slots=True)
class Lines:
    """Line of a node, counted from 1, and of what it holds."""

    line: int
    inside: "dict[str | int, Lines]" = field(default_factory=dict[str | int, "Lines"])

    def of(self, location: Sequence[str | int]) -> int:
        """Line of the field at `location`, or of the nearest one around it that is in the document."""
        here = self
        for step in location:
            if step not in here.inside:
                break
            here = here.inside[step]
        return here.line


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain data, and its lines."""

    path: Path
    content: Any
    lines: Lines
    guest: "tuple[tuple[str | int, ...], Document] | None" = None
    """A place whose content came from another document, and that document."""

    def place(self, location: Sequence[str | int]) -> str:
        """Say where a field stands: file, line, and the way to it."""
        if self.guest is not None and tuple(location[: len(self.guest[0])]) == self.guest[0]:
            return self.guest[1].place(location[len(self.guest[0]) :])
        words = ""
        for step in location:
            if isinstance(step, int):
                words += f"[{step}]"
            elif step != "[key]":  # pydantic's mark for a key that is wrong itself
                words += ("." if words else "") + (step if step.replace("_", "").isalnum() else shown(step))
        return f"{self.path}:{self.lines.of(location)} {words}".rstrip()


@dataclass(slots=True)
class _Built:
    value: Any
    lines: Lines
    nodes: int = 1


def read_yaml(path: Path, content: bytes | None = None) -> Document:
    """Read one YAML document as plain data: text, numbers, booleans, null, lists, and mappings with text keys.

    Aliases are followed up to `MOST_ALIASED_NODES`; tags, merge keys and further documents are refused.

    Parameters
    ----------
    path : Path
    content : bytes, optional
        The document, where it does not lie in a file; `path` is then its name in messages.

    Raises
    ------
    InventoryError
        The file is missing, empty, too large, not UTF-8, not YAML, too deep, or repeats a key.
    """
    events = _events(path, _text(path, _content(path) if content is None else content))
    built = _Builder(path, events).document()
    return Document(path, built.value, built.lines)


def sentence(kind: str, message: str) -> str:
    """Say what pydantic found wrong with a field, in words for who wrote the file.

    Parameters
    ----------
    kind, message : str
        As pydantic's errors have them.
    """
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind in ("model_type", "dict_type"):
        return "Should be a mapping: lines of `key: value`."
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    advice = " Put it in quotes." if kind == "string_type" else ""
    return message[0].upper() + message[1:] + "." + advice


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InventoryError(
            str(path),
            f"The file cannot be read: {error.strerror}.",
            "Name one that is there; of a fleet, its folder or its fleet.yaml.",
        ) from error


def _text(path: Path, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise InventoryError(str(path), f"The file is larger than {MOST_BYTES // 2**20} MiB.", "Split the fleet.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InventoryError(
            f"{path}:{line}", f"Byte {error.start} is not UTF-8.", "Save the file in the encoding UTF-8."
        ) from error
    if not text.strip():
        raise InventoryError(str(path), "The file is empty.", "Write an inventory, or let `covey init` write one.")
    return text


def _events(path: Path, text: str) -> Iterator[yaml.Event]:
    try:
        # The C parser stands behind a Python loader of its own; only its events are used, never a constructor.
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise InventoryError(
            where, f"This is not YAML: {problem}.", "Mend the line; names with : # or quotes go in quotes."
        ) from error


class _Builder:
    def __init__(self, path: Path, events: Iterator[yaml.Event]) -> None:
        self._path = path
        self._events = events
        self._anchors: dict[str, _Built] = {}
        self._aliased = 0

    def document(self) -> _Built:
        built: _Built | None = None
        for event in self._events:
            if isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
                continue
            if isinstance(event, yaml.DocumentStartEvent):
                if built is not None:
                    raise self._refusal(event, "A second document begins here.", "Keep one fleet in one file.")
                continue
            built = self._node(event, 1)
        if built is None:
            raise InventoryError(str(self._path), "The file is empty.", "Let `covey init` write a first inventory.")
        return built

    def _node(self, event: yaml.Event, depth: int) -> _Built:
        if depth > MOST_DEPTH:
            raise self._refusal(event, f"The document is nested deeper than {MOST_DEPTH} levels.", "Flatten it.")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._refusal(event, "Tags (!) are not read here.", "Write the plain value.")
        if isinstance(event, yaml.ScalarEvent):
            built = _Built(_scalar(event), Lines(_line(event)))
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(event, depth)
        else:
            built = self._mapping(event, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = built
        return built

    def _alias(self, event: yaml.AliasEvent) -> _Built:
        anchor = event.anchor
        if anchor not in self._anchors:
            raise self._refusal(event, f"The alias *{anchor} stands for nothing before it.", "Name an anchor above.")
        built = self._anchors[anchor]
        self._aliased += built.nodes
        if self._aliased > MOST_ALIASED_NODES:
            raise self._refusal(
                event, f"Aliases blow the document up by more than {MOST_ALIASED_NODES:,} nodes.", "Use `defaults:`."
            )
        return built

    def _sequence(self, event: yaml.Event, depth: int) -> _Built:
        built = _Built([], Lines(_line(event)))
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            element = self._node(item, depth + 1)
            built.lines.inside[len(built.value)] = element.lines
            built.value.append(element.value)
            built.nodes += element.nodes
        return built

    def _mapping(self, event: yaml.Event, depth: int) -> _Built:
        built = _Built({}, Lines(_line(event)))
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent) or key.tag not in (None, "!"):
                raise self._refusal(key, "A key must be plain text.", "Write `key: value`.")
            element = self._node(next(self._events), depth + 1)
            if key.value in built.value:
                first = built.lines.inside[key.value].line
                raise self._refusal(
                    key, f"The key {shown(key.value)} stands twice (before on line {first}).", "Keep one of them."
                )
            # A block that begins below its key is found by its key's line, where people look for the field.
            built.lines.inside[key.value] = Lines(_line(key), element.lines.inside)
            built.value[key.value] = element.value
            built.nodes += element.nodes
        return built

    def _refusal(self, event: yaml.Event, what: str, remedy: str) -> InventoryError:
        return InventoryError(f"{self._path}:{_line(event)}", what, remedy)


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text = event.value
    value: str | float | bool | None = text
    if event.style or event.tag is not None:
        pass  # quoted, or a block of text
    elif text in _BOOLEAN:
        value = _BOOLEAN[text]
    elif _NULL.fullmatch(text):
        value = None
    elif _INTEGER.fullmatch(text) and len(text) <= LONGEST_INTEGER:
        value = int(text)
    elif _FLOAT.fullmatch(text):
        value = float(text)
    elif _NOT_FINITE.fullmatch(text):
        value = float(text.replace(".", ""))
    return value


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def shown(text: str, most: int = 60) -> str:
    """Quote foreign text for a message: short, on one line, nothing in it that a terminal would obey."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut) + "'"
