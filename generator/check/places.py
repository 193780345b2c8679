"""Where in a project a resource comes from: an entry of the stack's data, or a value of its configuration."""

import ast
from dataclasses import dataclass
from pathlib import Path

from generator.check.findings import Place
from generator.project import stack_file

# Arguments that name an entry of the data: a group, a model or route, a backend, a region's host.
NAMES = ("name", "key", "group", "region")
# A shorter text is no evidence that a value is meant.
TELLING = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A named call in the stack's data: its lines, and the texts and figures in it with theirs."""

    name: str
    line: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The lines of one stack's data and configuration."""

    data_file: str
    stack_line: int
    entries: tuple[Entry, ...]
    config_file: str
    config: tuple[tuple[str, int], ...]

    def of(self, resource: str, *evidence: str) -> Place:
        """Find the line a resource's fault is put right at.

        Parameters
        ----------
        resource : str
            Its name in the program, which holds the name of the group or model it belongs to; may be empty.
        evidence : str
            The refused value, or what is said about it: a value of the configuration or of the entry that stands in
            it is what is meant.
        """
        named = f"-{resource}-"
        about = [entry for entry in self.entries if f"-{entry.name}-" in named]
        # The longest name is the closest: shop-eu before shop. A group stands before the model it is named after.
        entry = max(about, key=lambda entry: (len(entry.name), -entry.line), default=None)
        values = entry.values if entry is not None else ()
        for file, known in ((self.data_file, values), (self.config_file, self.config)):
            meant = [(value, line) for value, line in known if any(mentions(text, value) for text in evidence)]
            longest = max((value for value, _ in meant), key=len, default="")
            lines = [line for value, line in meant if value == longest]
            if len(lines) == 1:  # a figure that stands there twice tells nothing
                return Place(file, lines[0])
        return Place(self.data_file, entry.line if entry is not None else self.stack_line)

    def of_config(self) -> Place:
        """Where the stack's configuration begins."""
        return Place(self.config_file, 1)


def places(project: Path, stack: str) -> Places:
    """Read where a stack's groups, models and settings stand.

    What cannot be read, because someone broke it, has no entries: running the program tells why.
    """
    data_file = stack_file(stack)
    config_file = f"stacks/config/Pulumi.{stack}.yaml"
    try:
        tree = ast.parse((project / data_file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError):
        tree = ast.Module([], [])
    assigned = [node.lineno for node in tree.body if isinstance(node, ast.Assign)]
    return Places(data_file, (assigned or [1])[0], tuple(_entries(tree)), config_file, _config(project / config_file))


def mentions(text: str, value: str) -> bool:
    """Whether a value is the text, or a telling part of it."""
    return value == text or (len(value) >= TELLING and value in text)


def _entries(tree: ast.Module) -> list[Entry]:
    found: list[Entry] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = {argument.arg: argument.value for argument in node.keywords}
        name = next((text for key in NAMES if isinstance(text := _constant(given.get(key)), str)), None)
        if name is None or "groups" in given or "hosts" in given:  # these name the whole stack
            continue
        values = tuple(
            (str(value), argument.lineno)
            for argument in node.keywords
            if argument.arg not in NAMES and (value := _constant(argument.value)) is not None
        )
        found.append(Entry(name, node.lineno, values))
    return found


def _constant(node: ast.expr | None) -> str | int | float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _config(path: Path) -> tuple[tuple[str, int], ...]:
    """Read the values line by line: what a YAML reader returns no longer knows its line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ()
    pairs = [(line.strip().partition(": ")[2].strip("\"' "), number) for number, line in enumerate(lines, start=1)]
    return tuple((value, number) for value, number in pairs if len(value) >= TELLING)
