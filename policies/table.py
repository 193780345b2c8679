"""Prints the rules as the table that README.md shows: ``python -m policies.table``."""

from .rule import Rule
from .rules import RULES


def table() -> str:
    """Return one line a rule, in Markdown."""
    return "".join(line(rule) for rule in RULES)


def line(rule: Rule) -> str:
    """Return a rule's line."""
    parameters = ", ".join(
        f"`{name}` = {value}" for name, value in rule.parameters.items() if not isinstance(value, list)
    )
    lists = ", ".join(
        f"`{name}` ({len(value)} entries)" for name, value in rule.parameters.items() if isinstance(value, list)
    )
    cells = (
        f"[`{rule.id}`]({rule.link})",
        rule.domain,
        rule.severity,
        rule.scope,
        rule.title,
        rule.incident,
        ", ".join(part for part in (parameters, lists) if part),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    print(table(), end="")
