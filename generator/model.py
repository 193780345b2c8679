"""Every noun of covey as a frozen value. Units stand in the names: `_s _gib _rps _usd_per_h _km _ms`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

import networkx as nx
import numpy as np
from numpy.typing import NDArray

Cloud = Literal["aws", "gcp"]
Hosting = Literal[
    "sagemaker-multi-model",
    "sagemaker-single-model",
    "sagemaker-serverless",
    "cloud-run-cpu",
    "cloud-run-gpu",
]
Accelerator = Literal["none", "gpu"]
MembershipKind = Literal["as-is", "resized", "new", "removed"]
Profile = Literal["cheapest", "balanced", "resilient"]
Source = Literal["solver", "model", "offline"]
Days = Literal["all", "weekdays", "weekend"]
Goal = Literal["cost", "latency", "resilience"]
RejectionReason = Literal["cost", "latency", "risk", "region", "machine", "grouping", "timing", "other"]
FloatArray = NDArray[np.float64]

CLOUD_OF_HOSTING: Mapping[Hosting, Cloud] = {
    "sagemaker-multi-model": "aws",
    "sagemaker-single-model": "aws",
    "sagemaker-serverless": "aws",
    "cloud-run-cpu": "gcp",
    "cloud-run-gpu": "gcp",
}
PROFILES: tuple[Profile, ...] = ("cheapest", "balanced", "resilient")


# What runs: workloads and the fleet they form ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long one request occupies a slot of the reference machine, and how that carries to another machine.

    Parameters
    ----------
    reference : str
        Name of an instance type in the catalogue, on which `mean_s` was measured with a batch of one.
    mean_s : float
        Mean service time in seconds.
    variation : float
        Coefficient of variation of the service time.
    compute_share : float
        Share of `mean_s`, 0 to 1, that shrinks with arithmetic speed; the rest shrinks with memory bandwidth
        (roofline).
    max_batch : int
        Requests a GPU serves at once. A CPU slot is one vCPU and serves one.
    marginal_batch_cost : float
        What each further request of a batch adds, as a share of the time of one: a batch of b takes
        ``mean_s * (1 + marginal_batch_cost * (b - 1))``.
    """

    reference: str
    mean_s: float
    variation: float = 1.0
    compute_share: float = 1.0
    max_batch: int = 1
    marginal_batch_cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Objective:
    """`percentile` of the requests, as a share such as .99, answered within `latency_s` as the caller sees it."""

    percentile: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Deployed:
    """What runs, or must run, for one workload: a machine, how many, and where."""

    hosting: Hosting
    instance_type: str
    region: str
    replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """One model served to one audience.

    Parameters
    ----------
    artifact : str
        Immutable key relative to the artifact bucket. Workloads of one artifact share its memory on a replica.
    size_gib, memory_gib : float
        The artifact in storage, and loaded (GPU memory where `accelerator` is "gpu").
    residency : tuple of str
        Continents, countries or regions (catalogue words) that may process its data; empty means anywhere.
    users : tuple of (str, float)
        Places of the fleet and the share of this workload's requests that come from each; empty means unknown.
    path : str
        URL path of the model on its group's domain, such as ``/model1``.
    """

    name: str
    version: str
    artifact: str
    runtime: str
    size_gib: float
    memory_gib: float
    accelerator: Accelerator
    service: ServiceTime
    objective: Objective
    path: str
    availability: float = 0.99
    response_kib: float = 0.0
    residency: tuple[str, ...] = ()
    tenant: str | None = None
    cohort: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    licence: str | None = None
    users: tuple[tuple[str, float], ...] = ()
    current: Deployed | None = None
    pin: Deployed | None = None
    keep_together: str | None = None
    keep_apart: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """How a runtime is hosted on one cloud. `template` may hold ``{region}`` and ``{account}``."""

    template: str
    port: int
    health_path: str
    predict_path: str
    hosting: tuple[Hosting, ...]


@dataclass(frozen=True, slots=True)
class Runtime:
    """A model server. A cloud without an image is excluded for the workloads that need this runtime."""

    name: str
    images: Mapping[Cloud, Image]
    memory_overhead_gib: float = 0.5


@dataclass(frozen=True, slots=True)
class Environment:
    """Where one cloud's resources live. Templates may hold ``{region}``; a certificate is named, never created.

    Parameters
    ----------
    account : str
        AWS account id of twelve digits, or GCP project id.
    dns_zone_id : str
        Route 53 hosted zone id, or Cloud DNS managed zone name.
    domain : str
        Domain under which groups answer, such as ``models.example.com``.
    certificate : str or None
        ACM certificate ARN template, or Certificate Manager map name; None where the base stack makes one.
    alarm_topic : str or None
        SNS topic ARN template, or Monitoring notification channel id, that exists already; None creates one.
    base : bool
        Whether a stack of its own makes what is one per account and region; a landing zone provides it otherwise.
    """

    name: str
    cloud: Cloud
    account: str
    artifact_bucket: str
    dns_zone_id: str
    domain: str
    certificate: str | None
    alarm_topic: str | None = None
    alarm_email: str | None = None
    monthly_budget_usd: float | None = None
    base: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where users are, in degrees."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What no plan may exceed. `quotas` maps an instance type to the most replicas an account may run in one region."""

    models_per_group: int = 200
    traffic_share_per_group: float = 1.0
    tenants_share: bool = False
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """The company's own terms: negotiated prices, discounts as shares, and what the catalogue has no price for."""

    instances: Mapping[tuple[str, str | None], float] = field(default_factory=dict[tuple[str, str | None], float])
    discount: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])
    edge_usd_per_million: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])
    alarm_usd_per_month: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])


@dataclass(frozen=True, slots=True)
class Fleet:
    """The company's models and the terms they run under. Workloads are sorted by name."""

    name: str
    workloads: tuple[Workload, ...]
    runtimes: Mapping[str, Runtime]
    environment: str
    environments: Mapping[Cloud, Environment]
    regions: tuple[tuple[Cloud, str], ...]
    places: Mapping[str, Place]
    limits: Limits
    prices: OwnPrices
    assumptions: tuple[str, ...]
    cost_centre: str | None = None
    goals: tuple[Goal, ...] = ()


# How it is used ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time in bins of `bin_s` seconds; `start` and `end` are aware datetimes in UTC."""

    start: datetime
    end: datetime
    bin_s: float

    @property
    def bins(self) -> int:
        """Number of bins, T."""
        return round((self.end - self.start).total_seconds() / self.bin_s)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Request rates of a fleet over one window.

    Parameters
    ----------
    workloads : tuple of str, length W
        Names, in the fleet's order.
    rate_rps : ndarray, shape (W, T), requests/s
        Mean rate of each bin; read-only, finite, not negative.
    interarrival_variation : ndarray, shape (W,)
        Coefficient of variation of the time between requests within a bin; 1 is Poisson.
    """

    workloads: tuple[str, ...]
    rate_rps: FloatArray
    interarrival_variation: FloatArray
    window: Window

    def without(self, name: str) -> "Traffic":
        """Return the traffic of all workloads but one."""
        left = [i for i, workload in enumerate(self.workloads) if workload != name]
        rate_rps, variation = self.rate_rps[left], self.interarrival_variation[left]
        rate_rps.setflags(write=False)
        variation.setflags(write=False)
        return Traffic(tuple(self.workloads[i] for i in left), rate_rps, variation, self.window)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All a plan is made from, besides the catalogue and the seed."""

    fleet: Fleet
    planned: Traffic
    scored: Traffic

    def without(self, name: str) -> "Inputs":
        """Return fleet and traffic of all workloads but one."""
        fleet = replace(self.fleet, workloads=tuple(w for w in self.fleet.workloads if w.name != name))
        return Inputs(fleet, self.planned.without(name), self.scored.without(name))


# What one can buy ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InstanceType:
    """What a machine is; for Cloud Run, the size of one instance (``run-4cpu-16gib-l4``). `gpu_*` is of one GPU."""

    name: str
    cloud: Cloud
    vcpus: int
    memory_gib: float
    gpus: int = 0
    gpu_model: str | None = None
    gpu_memory_gib: float = 0.0
    gpu_tflops: float = 0.0
    gpu_bandwidth_gb_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars an hour for one replica, and how that is known."""

    usd_per_h: float
    kind: str
    as_of: str
    source: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Offering:
    """Where a machine can be had, as what, and for how much."""

    instance_type: InstanceType
    hosting: Hosting
    region: str
    price: Price

    @property
    def cloud(self) -> Cloud:
        """Where it runs."""
        return self.instance_type.cloud


@dataclass(frozen=True, slots=True)
class Region:
    """A region of a cloud; None where no source has the figure."""

    cloud: Cloud
    name: str
    continent: str
    country: str
    city: str
    latitude: float | None
    longitude: float | None
    grid_gco2e_per_kwh: float | None
    egress_usd_per_gib: float | None


@dataclass(frozen=True)
class Catalog:
    """The SKU catalogue as one value.

    Parameters
    ----------
    unpriced : mapping of (str, str, str) to str
        (hosting, instance type, region) that exist without a price, and why: never proposed, only pinned.
    network_ms : tuple of (float, float)
        Intercept in ms and slope in ms/km of the round trip time over great-circle distance, fitted to measured pairs.
    as_of : str
        Date of the newest price.
    """

    instance_types: Mapping[str, InstanceType]
    regions: Mapping[tuple[Cloud, str], Region]
    offerings: tuple[Offering, ...]
    unpriced: Mapping[tuple[Hosting, str, str], str]
    network_ms: tuple[float, float]
    as_of: str

    @cached_property
    def offering_of(self) -> Mapping[tuple[Hosting, str, str], Offering]:
        """Offerings by hosting, instance type and region."""
        return {(o.hosting, o.instance_type.name, o.region): o for o in self.offerings}


# What correlation finds ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CorrelationGraph:
    """Workloads and the evidence for and against serving them together.

    Parameters
    ----------
    graph : networkx.Graph
        Nodes are workload names. An edge has ``correlation`` (signed, shrunk), ``affinity`` (0 to 1) and ``weight``.
    classes : tuple of tuple of int
        Compatibility classes: indices of workloads that may share an endpoint. They partition the fleet.
    class_keys : tuple of tuple of str
        What each class has in common, as readable words.
    """

    graph: nx.Graph
    classes: tuple[tuple[int, ...], ...]
    class_keys: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Communities:
    """Workloads whose traffic moves together: rolled out, watched and explained together. A partition of 0..W-1."""

    members: tuple[tuple[int, ...], ...]
    modularity: float
    resolution: float


# What is proposed, and what the judge says ---------------------------------------------------------------------


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
    """Attainment by the event simulation: the estimate, its 95 % interval, and how many requests it rests on."""

    attainment: float
    low: float
    high: float
    requests: int


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
    """

    name: str
    cost: CostInterval
    attainment: float
    risk: int
    risk_reasons: tuple[str, ...]
    load: FloatArray
    replicas: FloatArray
    simulated: Simulated | None = None


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


# Who joins and who leaves --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MembershipOption:
    """One way to take a workload in, or to let it go.

    Parameters
    ----------
    kind : str
        "as-is": a group keeps machine, replicas and scaling target; "resized": they are chosen anew, in its region and
        of its hosting kind; "new": a group of its own; "removed": the group goes with its last workload.
    former, group : Group or None
        The group concerned, before and after.
    judged : Judged
        The whole layout that comes of it, on the later window.
    group_verdict : GroupVerdict or None
        Of the group concerned; None where it is removed.
    new_violations : tuple of Violation
        On the later window, those that the running layout does not have.
    """

    kind: MembershipKind
    former: Group | None
    group: Group | None
    judged: Judged
    group_verdict: GroupVerdict | None
    new_violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class BarredOption:
    """A way that is not open, and the rule that bars it; COV000 where it is the same as another."""

    kind: MembershipKind
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class PlacementAdvice:
    """Which way to join or leave whoever sits in the language model's seat would go; None where `failure` says why."""

    seat: str
    source: Source
    kind: MembershipKind | None
    failure: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Membership:
    """What a workload's coming or going could mean for a running layout.

    Parameters
    ----------
    before : Judged
        The running layout without the one who comes, with the one who goes, on the later window.
    alone : CostInterval
        What the workload costs on an endpoint of its own, as in the baseline.
    """

    workload: str
    before: Judged
    options: tuple[MembershipOption, ...]
    barred: tuple[BarredOption, ...]
    alone: CostInterval


# What is emitted -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a program was decided by: SHA-256 of inventory with traffic and of the catalogue, the recommendation whole.

    `recommendation` is the text of the file ``recommendation.json`` that lies beside the program.
    """

    inventory: str
    catalogue: str
    recommendation: str


@dataclass(frozen=True, slots=True)
class Program:
    """A Pulumi project as a tree of texts: path relative to the project's folder, to content.

    `retiring` are the groups, each with its stack, that stand there only until nothing leads to them, and those that
    keep models until then.
    """

    files: Mapping[str, str]
    stacks: tuple[str, ...]
    retiring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedGroup:
    """A group as an earlier emission wrote it down.

    Parameters
    ----------
    physical : mapping of str to str
        Its names in the cloud by their role: ``endpoint``, or ``service`` and ``identity``.
    formerly : tuple of (str, int)
        Names it had before, newest first, each with the number of the emission that changed it.
    leaving : tuple of str
        Workloads that another group serves since, and that it can still be asked for.
    retiring : bool
        Whether it stands there only until nothing leads to it.
    """

    stack: str
    name: str
    workloads: tuple[str, ...]
    physical: Mapping[str, str]
    formerly: tuple[tuple[str, int], ...] = ()
    leaving: tuple[str, ...] = ()
    retiring: bool = False


@dataclass(frozen=True, slots=True)
class Emission:
    """What a project's folder holds already. Emissions are counted where they change a group.

    Parameters
    ----------
    digests : mapping of str to str
        SHA-256 by file, as it was emitted.
    data : mapping of str to str
        Text of the stacks' data by file, as it is now.
    edge_first : bool
        Whether it left out groups that had routes, so that the load balancer is updated before the regions.
    """

    number: int
    groups: tuple[EmittedGroup, ...]
    digests: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    edge_first: bool = False


# What the engine did with it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResourceOperation:
    """What the Pulumi engine does, or would do, with one resource: create, update, replace, delete, same.

    `urn` is empty where no engine ran, and therefore not compared; nor are `properties`, the paths at which the
    resource differs, where the engine told them.
    """

    operation: str
    type: str
    name: str
    urn: str = field(default="", compare=False)
    properties: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class StackReport:
    """What a preview, an update, a refresh or a destruction of one stack came to.

    Parameters
    ----------
    engine : str
        ``pulumi v3.259.0``, or ``in process`` where no CLI was there and the program only ran against mocks.
    resources : tuple of ResourceOperation
        Sorted by type and name; components and providers included, the stack itself not.
    outputs : mapping of str to object
        The stack's outputs as plain data; secrets and what is not known yet are left out.
    notes : tuple of str
        What people are to know besides: an earlier run's ends that were taken up.
    """

    stack: str
    engine: str
    resources: tuple[ResourceOperation, ...]
    outputs: Mapping[str, object]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of resources by operation."""
        operations = [resource.operation for resource in self.resources]
        return {operation: operations.count(operation) for operation in sorted(set(operations))}

    @property
    def changes(self) -> int:
        """Number of resources that are not the same as before."""
        return sum(resource.operation != "same" for resource in self.resources)


@dataclass(frozen=True, slots=True)
class Served:
    """What a cloud says of one endpoint or service.

    Parameters
    ----------
    name : str
        ``region/name`` on SageMaker, the whole resource name on Cloud Run.
    message : str
        What serves, or what is wrong, without a full stop.
    """

    kind: Literal["sagemaker", "cloud-run"]
    name: str
    state: Literal["serves", "differs", "missing", "undecided"]
    message: str


def workloads_by_name(workloads: Sequence[Workload]) -> dict[str, Workload]:
    """Index workloads by their name."""
    return {workload.name: workload for workload in workloads}
