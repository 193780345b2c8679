"""What is proposed, what the judge says of it, and the plan that is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from generator.model.grouping import Communities, CorrelationGraph
from generator.model.traffic import Inputs
from generator.model.vocabulary import CLOUD_OF_HOSTING, Cloud, Days, FloatArray, Hosting, Profile, Source


@dataclass(frozen=True, slots=True)
class ScheduledMinimum:
    """From `hour` o'clock UTC on the given days, at least `min_replicas` run, until the next entry takes over."""

    days: Days
    hour: int
    min_replicas: int


@dataclass(frozen=True, slots=True)
class Group:
    """Workloads that share one endpoint, the machine that serves them, and how it scales.

    Parameters
    ----------
    name : str
        Stable slug of the group, ``[a-z][a-z0-9-]*``, at most 40 characters.
    target_utilization : float
        Share of a replica's capacity at which the autoscaler adds another.
    slots : int
        Requests one replica serves at once.
    replica_rps : float
        Requests/s of the group's mean traffic mix that keep one replica fully busy.
    schedule : tuple of ScheduledMinimum
        Where the traffic follows the clock; each entry lies within `min_replicas` to `max_replicas`. Empty: none.
    planned_hit_rate : float or None
        Share of requests of the group's mean traffic mix that find their model loaded, where models take turns in
        memory; None where all of them stay loaded.
    """

    name: str
    workloads: tuple[str, ...]
    hosting: Hosting
    region: str
    instance_type: str
    min_replicas: int
    max_replicas: int
    target_utilization: float
    slots: int
    replica_rps: float
    schedule: tuple[ScheduledMinimum, ...] = ()
    planned_hit_rate: float | None = None

    @property
    def cloud(self) -> Cloud:
        """Where it runs."""
        return CLOUD_OF_HOSTING[self.hosting]


@dataclass(frozen=True, slots=True)
class Layout:
    """A complete answer: every workload in exactly one group. `method` says how it was found."""

    groups: tuple[Group, ...]
    source: Source
    method: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A finding: rule id (``MEM001``), what it is about, and one sentence with the figures."""

    rule: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a bill; `usd_per_h` is None where there is no price, which is not 0."""

    name: str
    usd_per_h: float | None
    estimated: bool
    note: str


@dataclass(frozen=True, slots=True)
class CostInterval:
    """US dollars an hour: at the fewest replicas, as replayed, at the most replicas."""

    floor: float
    expected: float
    ceiling: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """Attainment by the event simulation: the estimate, its 95 % interval, and how many requests it rests on.

    `hit_rate` is the share of them that found their model loaded, None where all models stay loaded.
    """

    attainment: float
    low: float
    high: float
    requests: int
    hit_rate: float | None = None


@dataclass(frozen=True, slots=True)
class ModelCache:
    """What becomes of models that take turns in memory.

    Parameters
    ----------
    hit_rate : float
        Share of requests that find their model loaded.
    waits_per_h : float
        Requests an hour that wait for a load.
    longest_load_s : float
        Time it takes to load the largest of the models, an estimate.
    """

    hit_rate: float
    waits_per_h: float
    longest_load_s: float


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """What the judge saw of one group.

    Parameters
    ----------
    attainment : float
        By the queueing model over every bin; `simulated` stands beside it where the group was simulated.
    load : ndarray, shape (T,)
        Replicas' worth of work offered in each bin of the scored window.
    replicas : ndarray, shape (T,)
        Replicas running, on average over the bin.
    model_cache : ModelCache or None
        None where all models stay loaded.
    """

    name: str
    cost: CostInterval
    attainment: float
    risk: int
    risk_reasons: tuple[str, ...]
    load: FloatArray
    replicas: FloatArray
    simulated: Simulated | None = None
    model_cache: ModelCache | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge found for a layout on a window it was not planned on.

    `attainment` is the queueing model's over every bin; `simulated` is the event simulation's, where it ran.
    """

    cost: CostInterval
    items: tuple[CostItem, ...]
    attainment: float
    workload_attainment: Mapping[str, float]
    risk: int
    slack: float
    violations: tuple[Violation, ...]
    groups: tuple[GroupVerdict, ...]
    simulated: Simulated | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One of the three answers. Savings are shares of what they are measured against, and may be negative."""

    profile: Profile
    layout: Layout
    verdict: Verdict
    saving_vs_baseline: float
    saving_vs_current: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What asking a language model took. `cached` answers cost no call and no token."""

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Sum of two."""
        return Usage(
            self.calls + other.calls,
            self.cached + other.cached,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Solver alone against solver with model, for one recommendation, on the planning window.

    Parameters
    ----------
    outcome : str
        "won": the proposal was taken; "tied": it was the solver's own layout, or worth the same; "lost": it was worse
        or broke a rule; "none": there was no proposal.
    solver_usd_per_h, proposed_usd_per_h : float
        Worth under the recommendation's soft terms; None where there was no proposal.
    regret : float or None
        What taking the proposal unjudged would have added, as a share of the solver's worth; below 0 where it won.
    reason : str
        Why it was taken or not, in words.
    """

    profile: Profile
    outcome: Literal["won", "tied", "lost", "none"]
    solver_usd_per_h: float
    proposed_usd_per_h: float | None
    regret: float | None
    reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Advice:
    """Which recommendation suits the goals, and what speaks for and against each, every figure checked."""

    preferred: Profile | None
    explanations: Mapping[Profile, str]
    failure: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Ledger:
    """Who sat in the language model's seat, what its proposals came to, and what it advised."""

    seat: str
    source: Source
    entries: tuple[LedgerEntry, ...]
    advice: Advice


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a machine, region, cloud or hosting kind was not chosen, in words and with the rule that bound."""

    recommendation: Profile
    group: str
    subject: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A layout with its verdict."""

    layout: Layout
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything `covey plan` found. The windows are those of the inputs.

    `fluid_bound_usd_per_h` is what the mean load alone takes on the cheapest processors: valid for any plan, and loose.
    `limited_by` is None where only counted work ended the search, so that another run gives the same plan.
    """

    inputs: Inputs
    seed: int
    catalog_as_of: str
    correlation: CorrelationGraph
    communities: Communities
    baseline: Judged
    current: Judged | None
    recommendations: tuple[Recommendation, ...]
    why_not: tuple[WhyNot, ...]
    gap: float | None
    fluid_bound_usd_per_h: float
    note: str | None
    ledger: Ledger
    limited_by: Literal["time"] | None = None
