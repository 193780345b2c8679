"""What runs: workloads, and the fleet they form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from generator.model.calibration import MachineFactor
from generator.model.objection import Objection
from generator.model.vocabulary import Accelerator, Cloud, Goal, Hosting


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
    """What no plan may exceed.

    Parameters
    ----------
    quotas : mapping of str to int
        Most replicas of an instance type that an account may run in one region.
    memory_overcommit : float
        How many times its room the models of a multi-model endpoint may need together; above 1 they take turns in
        memory, and who asks for one that is not loaded waits for it.
    """

    models_per_group: int = 200
    traffic_share_per_group: float = 1.0
    tenants_share: bool = False
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    memory_overcommit: float = 1.0


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """The company's own terms: negotiated prices, discounts as shares, and what the catalogue has no price for."""

    instances: Mapping[tuple[str, str | None], float] = field(default_factory=dict[tuple[str, str | None], float])
    discount: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])
    edge_usd_per_million: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])
    alarm_usd_per_month: Mapping[Cloud, float] = field(default_factory=dict[Cloud, float])


@dataclass(frozen=True, slots=True)
class Fleet:
    """The company's models and the terms they run under.

    Parameters
    ----------
    workloads : tuple of Workload
        Sorted by name.
    calibration : tuple of MachineFactor
        What was learned of machine types and held on days held back; plans take it into account.
    objections : tuple of Objection
        What people rejected and has not been taken back: plans avoid it where that does not cost too much.
    """

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
    calibration: tuple[MachineFactor, ...] = ()
    objections: tuple[Objection, ...] = ()


def workloads_by_name(workloads: Sequence[Workload]) -> dict[str, Workload]:
    """Index workloads by their name."""
    return {workload.name: workload for workload in workloads}
