"""How covey writes figures, times and other people's names, so that terminal and page say the same."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # errors are written with these words too, and must not wait for pydantic
    from generator.present.plan_document import (
        CostDocument,
        GroupDocument,
        ModelCacheDocument,
        ScheduledMinimumDocument,
        WindowDocument,
    )

DAYS_WORDS = {"all": "every day", "weekdays": "on weekdays", "weekend": "on weekends"}


def bounds(gap: float | None, fluid_usd_per_h: float, limited_by: str | None) -> str:
    """How far from the best a plan can be, in a sentence or two, and whether it was cut short."""
    fluid = f"The mean load alone takes {dollars(fluid_usd_per_h)} an hour on the cheapest processors, a loose bound."
    told = [
        "A time limit cut the search short; another run may find another plan." if limited_by == "time" else "",
        "" if gap is None else f"The solver's gap to the bound over all groups it generated is {gap:.1%}.",
        fluid,
    ]
    return " ".join(filter(None, told))


def dollars(amount: float) -> str:
    """Three significant digits below a dollar, cents below a thousand, whole dollars above: ``$0.0923``, ``$17.22``."""
    if amount == 0:
        return "$0"
    size = abs(amount)
    if size < 1e-6:
        return "<$0.000001"
    decimals = 0 if size >= 1000 else 2 if size >= 1 else min(8, 2 - math.floor(math.log10(size)))
    return f"${amount:,.{decimals}f}"


def signed(amount: float) -> str:
    """Write dollars with their sign: ``+$3.20``, ``-$0.50``."""
    return f"-{dollars(-amount)}" if amount < 0 else f"+{dollars(amount)}"


def cost_an_hour(cost: "CostDocument | None") -> str:
    """Expected dollars an hour, where they are known."""
    return "not known" if cost is None else dollars(cost.expected)


def attained(share: float) -> str:
    """Two decimals, never rounded up to a promise nobody kept: ``99.87%``, ``>99.99%``, ``100%`` only where it is."""
    if share >= 1:
        return "100%"
    return ">99.99%" if share > 0.9999 else f"{math.floor(share * 10_000) / 100:.2f}%"


def saving(fraction: float) -> str:
    """Percent, one decimal below a hundred: ``34.8%``, ``-118%``."""
    percent = 100 * fraction
    text = f"{abs(percent):.1f}" if abs(percent) < 100 else f"{abs(percent):,.0f}"
    return f"-{text}%" if percent < 0 and text != "0.0" else f"{text}%"


def span(window: "WindowDocument") -> str:
    """Write a window for people: dates alone where it begins and ends at midnight."""
    bare = all(at.hour == at.minute == at.second == 0 for at in (window.start, window.end))
    spelled = "%Y-%m-%d" if bare else "%Y-%m-%d %H:%M"
    return f"{window.start.strftime(spelled)} to {window.end.strftime(spelled)} UTC"


def bin_length(window: "WindowDocument") -> str:
    """Write the length of a bin: ``5 min``, ``1 h``, ``90 s``."""
    for unit, seconds in (("h", 3600.0), ("min", 60.0)):
        if window.bin_s >= seconds and window.bin_s % seconds == 0:
            return f"{window.bin_s / seconds:.0f} {unit}"
    return f"{window.bin_s:g} s"


def plain(text: str) -> str:
    """Make a name safe to print: what steers a terminal, hides, or turns the direction of text becomes its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def some(names: Sequence[str], most: int) -> str:
    """List the first `most` names, and say how many there are besides."""
    listed = ", ".join(plain(name) for name in names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"


def count(number: int, noun: str) -> str:
    """``1 group``, ``2 groups``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def replicas(groups: Sequence["GroupDocument"]) -> str:
    """Fewest and most replicas of some groups together: ``4 to 63``."""
    return f"{sum(group.min_replicas for group in groups):,} to {sum(group.max_replicas for group in groups):,}"


def by_the_clock(schedule: Sequence["ScheduledMinimumDocument"]) -> str:
    """Write minimums by the clock: ``on weekdays from 8 h at least 3, from 22 h at least 1 (UTC)``."""
    said = [
        f"{words} " + ", ".join(f"from {one.hour} h at least {one.min_replicas}" for one in those)
        for days, words in DAYS_WORDS.items()
        if (those := sorted((one for one in schedule if one.days == days), key=lambda one: one.hour))
    ]
    return f"{'; '.join(said)} (UTC)" if said else ""


def by_turns(cache: "ModelCacheDocument | None") -> str:
    """Write what becomes of models that take turns in memory: ``93.11% of requests find theirs loaded, …``."""
    if cache is None:
        return ""
    return (
        f"models take turns in memory: {attained(cache.hit_rate)} of requests find theirs loaded, "
        f"{cache.waits_per_h:,.1f} an hour wait up to {cache.longest_load_s:,.0f} s for it"
    )


def worst_of(attainment: dict[str, float]) -> tuple[str, float]:
    """Give the workload that is served worst, the first by name among equals."""
    return min(attainment.items(), key=lambda found: (found[1], found[0]))


def risk_reasons(groups: Sequence["GroupDocument"]) -> list[str]:
    """Say what makes the riskiest groups risky, the commonest reason first: ``75% of … (shop-a and 3 more)``."""
    most = max(group.risk for group in groups)
    held: dict[str, list[str]] = {}
    for group in groups:
        if group.risk == most:
            for reason in group.risk_reasons:
                held.setdefault(reason, []).append(group.name)
    ordered = sorted(held.items(), key=lambda found: (-len(found[1]), found[0]))
    return [f"{plain(reason)} ({some(names, 1)})" for reason, names in ordered]
