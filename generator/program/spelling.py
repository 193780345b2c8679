"""How a value is written into a file of another language: the only way from data to emitted text."""

import math
from collections.abc import Iterator

WIDTH = 120


def py(value: object) -> str:
    r"""Return plain finite data as a Python literal in printable ASCII; a YAML scalar at the same time.

    A double quote is written ``\x22``, so that no formatter has a reason to change the quotes around it.

    Raises
    ------
    TypeError
        If the value is anything but None, a boolean, an integer, a finite number or a text.
    """
    if isinstance(value, str):
        return f'"{"".join(map(_character, value))}"'
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} is not plain finite data")


def _character(character: str) -> str:
    if character == '"':
        return r"\x22"
    return character if character == "'" else ascii(character)[1:-1]


def argument(value: object, name: str, indent: int) -> str:
    """Return one keyword argument on a line of its own, broken where it is too long for one."""
    return " " * indent + f"{name}={_placed(value, indent, indent + len(name) + 1)},"


def item(value: object, key: str, indent: int) -> str:
    """Return one item of a dictionary on a line of its own."""
    spelled = py(key)
    return " " * indent + f"{spelled}: {_placed(value, indent, indent + len(spelled) + 2)},"


def _placed(value: object, indent: int, column: int) -> str:
    literal = py(value)
    if column + len(literal) + 1 <= WIDTH or not isinstance(value, str):
        return literal
    inner = " " * (indent + 4)
    lines = "".join(f'{inner}"{part}"\n' for part in _parts(value, WIDTH - len(inner) - 2))
    return f"(\n{lines}{' ' * indent})"


def _parts(text: str, width: int) -> Iterator[str]:
    part = ""
    for character in map(_character, text):
        if len(part) + len(character) > width:
            yield part
            part = ""
        part += character
    yield part


def prose(text: str) -> str:
    """Return text that may stand in a docstring or comment as it is.

    Raises
    ------
    ValueError
        If it holds a quote, a backslash or anything unprintable such as a new line.
    """
    if not text.isprintable() or set(text) & set("\"'\\"):
        raise ValueError(f"{text[:80]!r} cannot stand in prose")
    return text


def code(text: str) -> str:
    """Return text as inert Markdown code, fit for a cell of a table: what could end it is written as its number."""
    return "`" + "".join(c if c.isprintable() and c not in "`|" else f"U+{ord(c):04X}" for c in text or "-") + "`"
