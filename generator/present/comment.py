"""A difference between plans as the comment of a pull request: Markdown that stays inert whatever names are in it.

Every name and message stands in a code span, where neither Markdown nor HTML, mentions nor references are read. The
dollar sign is not used, because it opens a formula in some renderers.
"""

from collections.abc import Callable, Sequence

from generator.naming import slug
from generator.present.answers import BrokenRule, ComparedGroup, Difference, GroupDifference, MonthlyCost, Move
from generator.present.figures import attained, count, dollars, saving
from generator.program.spelling import code

# GitHub refuses a comment that is longer: https://github.com/orgs/community/discussions/27190
MOST_CHARACTERS = 65_536
MOST_GROUPS = 60
MOST_MOVES = 100
MOST_RULES = 25
NAME_CHARACTERS = 40
MESSAGE_CHARACTERS = 200
FIELD_WORDS = {
    "instance_type": "machine",
    "min_replicas": "replicas",
    "max_replicas": "replicas",
    "attainment": "in time",
    "schedule": "minimum by the clock",
    "workloads": "models",
}


def comment(found: Difference) -> str:
    """Write the comment; its first line is the hidden marker by which a workflow finds and updates it.

    Parameters
    ----------
    found : Difference

    Returns
    -------
    str
        At most `MOST_CHARACTERS` characters. What does not fit is cut by rows, and their number is said.
    """
    change, before = found.change_usd_per_month, found.old.cost_usd_per_month
    marker = f"<!-- covey:diff {slug(found.fleet, 60)} -->"
    share = f" ({_signed_share(change.expected / before.expected)})" if before.expected > 0 else ""
    name = f"covey: {_name(found.fleet)}, {found.new.profile}"
    if not found.material:
        unseen = f"{name}: no material change, {_signed(change.expected)} a month{share}."
        return f"{marker}\n{unseen}\n"
    parts = [
        f"{marker}\n### {name}: {_signed(change.expected)} a month{share}",
        f"{_interval(change)} Costs are estimates for a month of 730 hours at the traffic the plans were scored on.",
        _sides(found),
        _table(
            "Groups",
            ("group", "what", "where", "machine", "replicas", "models", "a month", "in time"),
            [_group(one) for one in found.groups[:MOST_GROUPS]],
            len(found.groups),
        ),
        _rules("Newly broken rules", found.newly_broken),
        _rules("No longer broken", found.no_longer_broken),
        _table(
            f"{count(len(found.moves), 'model')} to move",
            ("model", "from", "to"),
            _moves(found.moves[:MOST_MOVES]),
            len(found.moves),
        ),
        _conditions(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _interval(change: MonthlyCost) -> str:
    return f"At the fewest replicas {_signed(change.floor)}, at the most {_signed(change.ceiling)}."


def _sides(found: Difference) -> str:
    old, new = found.old, found.new
    rows = [
        ("expected a month", _usd(old.cost_usd_per_month.expected), _usd(new.cost_usd_per_month.expected)),
        ("fewest to most replicas", _range(old.cost_usd_per_month), _range(new.cost_usd_per_month)),
        ("answered in time", attained(old.attainment), attained(new.attainment)),
        (
            "worst model",
            f"{_name(old.worst_workload)} {attained(old.worst_attainment)}",
            f"{_name(new.worst_workload)} {attained(new.worst_attainment)}",
        ),
        ("risk, of 4", str(old.risk), str(new.risk)),
        ("groups", str(old.groups), str(new.groups)),
        ("models", str(old.workloads), str(new.workloads)),
    ]
    if old.unpriced or new.unpriced:
        rows.append(("without a price", str(len(old.unpriced)), str(len(new.unpriced))))
    return _grid(("", "before", "after"), rows)


def _group(one: GroupDifference) -> tuple[str, ...]:
    old, new = one.old, one.new
    changed = dict.fromkeys(FIELD_WORDS.get(field, field) for field in one.fields)
    return (
        _both(old, new, lambda side: _name(side.name)),
        one.change if not changed else ", ".join(changed),
        _both(old, new, lambda side: _name(f"{side.cloud} {side.region}")),
        _both(old, new, lambda side: _name(side.instance_type)),
        _both(old, new, lambda side: f"{side.min_replicas} to {side.max_replicas}"),
        _both(old, new, lambda side: str(side.workloads)),
        _both(old, new, lambda side: "unknown" if side.cost_usd_per_month is None else _usd(side.cost_usd_per_month)),
        _both(old, new, lambda side: attained(side.attainment)),
    )


def _both(old: ComparedGroup | None, new: ComparedGroup | None, spell: Callable[[ComparedGroup], str]) -> str:
    spelled = dict.fromkeys(spell(side) for side in (old, new) if side is not None)
    return " → ".join(spelled)


def _moves(moves: Sequence[Move]) -> list[tuple[str, ...]]:
    return [
        (
            _name(move.workload),
            _name(move.old_group) if move.old_group is not None else "new",
            _name(move.new_group) if move.new_group is not None else "gone",
        )
        for move in moves
    ]


def _rules(title: str, broken: Sequence[BrokenRule]) -> str:
    rows = [
        (_name(found.rule), _name(found.subject), code(_cut(found.message, MESSAGE_CHARACTERS)))
        for found in broken[:MOST_RULES]
    ]
    return _table(title, ("rule", "about", "why"), rows, len(broken))


def _conditions(found: Difference) -> str:
    old, new = found.old, found.new
    said = [f"Scored on {code(new.scored_window)}, prices of {_name(new.catalog_as_of)}."]
    if old.scored_window != new.scored_window:
        said.append(f"The plan before was scored on {code(old.scored_window)}: a part of the change is traffic's.")
    if old.catalog_as_of != new.catalog_as_of:
        said.append(f"Its prices were of {_name(old.catalog_as_of)}.")
    if old.profile != new.profile:
        said.append(f"Before, the {old.profile} recommendation was taken.")
    return f"<sub>{' '.join(said)}</sub>"


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], of: int) -> str:
    """Draw the rows that are shown, and say how many of all are not."""
    if not rows:
        return ""
    rest = of - len(rows)
    cut = f"\n\nand {rest:,} more; `covey diff --json` has them all." if rest > 0 else ""
    return f"**{title}**\n\n{_grid(headings, rows)}{cut}"


def _grid(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _name(text: str) -> str:
    return code(_cut(text, NAME_CHARACTERS))


def _cut(text: str, most: int) -> str:
    """Shorten what is too long once spelled: a character that may not stand there takes up to eight."""
    kept, room = "", most
    for character in text:
        room -= len(code(character)) - len(code("x")) + 1
        if room < 1:
            return f"{kept}…"
        kept += character
    return kept


def _usd(amount: float) -> str:
    return f"{dollars(round(amount, 2)).replace('$', '')} USD"


def _signed(amount: float) -> str:
    return f"{'-' if round(amount, 2) < 0 else '+'}{_usd(abs(amount))}"


def _signed_share(share: float) -> str:
    return f"{'' if share < 0 else '+'}{saving(share)}"


def _range(cost: MonthlyCost) -> str:
    return f"{_usd(cost.floor)} to {_usd(cost.ceiling)}"
