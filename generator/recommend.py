"""Judged layouts to the recommendations: cheapest, balanced, resilient, each against the baseline."""

from collections.abc import Mapping

from generator.model import PROFILES, Judged, Profile, Recommendation


def recommend(
    judged: Mapping[Profile, Judged], baseline: Judged, current: Judged | None, barred: Mapping[Profile, str]
) -> tuple[tuple[Recommendation, ...], str | None]:
    """Order the judged layouts by profile and leave out those that say the same as an earlier one.

    Parameters
    ----------
    judged : mapping of Profile to Judged
    baseline : Judged
        Every workload on an endpoint of its own, best machine each.
    current : Judged or None
        What runs today.
    barred : mapping of Profile to str
        Profiles that no layout satisfies, and why.

    Returns
    -------
    recommendations : tuple of Recommendation
    note : str or None
        Why there are fewer than three.
    """
    kept: dict[Profile, Judged] = {}
    fewer: list[str] = []
    for profile in PROFILES:
        if profile in barred:
            fewer.append(f"{profile} is not possible: {barred[profile]}")
            continue
        twin = next((p for p, other in kept.items() if other.layout.groups == judged[profile].layout.groups), None)
        if twin is None:
            kept[profile] = judged[profile]
        else:
            fewer.append(f"{profile} is the same layout as {twin}")
    recommendations = tuple(
        Recommendation(
            profile=profile,
            layout=one.layout,
            verdict=one.verdict,
            saving_vs_baseline=_saving(one, baseline),
            saving_vs_current=None if current is None else _saving(one, current),
        )
        for profile, one in kept.items()
    )
    count = f"{len(kept)} distinct recommendation{'s' if len(kept) > 1 else ''}"
    note = f"{count}: {'; '.join(fewer)}." if fewer else None
    return recommendations, note


def _saving(one: Judged, other: Judged) -> float:
    return 1.0 - one.verdict.cost.expected / other.verdict.cost.expected if other.verdict.cost.expected > 0 else 0.0
