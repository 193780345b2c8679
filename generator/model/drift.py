"""What has moved away from what was planned, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from generator.model.vocabulary import DriftAction, DriftKind, FloatArray


@dataclass(frozen=True, slots=True)
class FeatureSamples:
    """Values of one input of one model, as it was trained on and as it is served with, at least one each.

    Parameters
    ----------
    reference, current : ndarray
        Finite, or NaN where the value is missing.
    categorical : bool
        Whether values are numbers of categories, whose order says nothing.
    """

    workload: str
    feature: str
    reference: FloatArray
    current: FloatArray
    categorical: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """One figure of the evidence: what was planned, None where nothing was, what was observed, and their unit."""

    measure: str
    planned: float | None
    observed: float
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one group that is not as it was planned.

    Parameters
    ----------
    workloads : tuple of str
        Those of the group that it is about, sorted.
    shifts : tuple of Shift
        The evidence.
    significance : float or None
        Share of false findings to expect among those of its kind at least as strong (Benjamini and Hochberg's adjusted
        p-value); None where nothing was tested, as of an objective that was missed.
    since : datetime
        Beginning of the stretch it was seen in, UTC.
    message : str
        One sentence with the figures, and the reason for the action.
    """

    kind: DriftKind
    group: str
    workloads: tuple[str, ...]
    shifts: tuple[Shift, ...]
    significance: float | None
    since: datetime
    action: DriftAction
    message: str


@dataclass(frozen=True, slots=True)
class Drift:
    """All findings, and in words what could not be judged and why."""

    findings: tuple[Finding, ...]
    unjudged: tuple[str, ...]
