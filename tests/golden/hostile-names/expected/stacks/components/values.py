"""What the files under ``groups/`` are written in: plain values, no cloud SDK, no logic beyond a few derived figures.

Units stand in the names. A value that a foundation outside this project provides (certificate, key, bucket, DNS zone)
is not here but in the stack's configuration.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

AwsHosting = Literal["sagemaker-multi-model", "sagemaker-single-model", "sagemaker-serverless"]
Days = Literal["all", "weekdays", "weekend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model behind one public path.

    Parameters
    ----------
    key : str
        Slug of the name; resources of this model are named after it.
    path : str
        Public path on the region's domain.
    artifact : str
        Immutable key in the artifact bucket. A new version is a new key.
    latency_s, percentile : float
        The share `percentile` of requests is to be answered within `latency_s`.
    tags : mapping of str to str
        Tags (AWS) or labels (GCP), already in the letters that cloud accepts.
    """

    key: str
    name: str
    version: str
    path: str
    artifact: str
    latency_s: float
    percentile: float
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledMinimum:
    """From `hour` o'clock UTC on the given days, at least `min_replicas` run, until the next entry takes over."""

    days: Days
    hour: int
    min_replicas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsGroup:
    """Models that share one SageMaker endpoint.

    Parameters
    ----------
    endpoint : str
        Physical name of the endpoint; paths, alarms and permissions refer to it before it exists.
    invocations_per_minute : float
        Requests a minute and instance at which the autoscaler adds another.
    memory_mb, concurrency : int
        What one serverless worker gets, and how many may run; 0 on the other kinds.
    cores, gpus : int
        Of one instance: CPUUtilization runs to 100 for each core, GPUUtilization to 100 for each GPU.
    volume_key : bool
        Whether the attached volume takes the stack's key. Types with local NVMe storage refuse one.
    monthly_ceiling_usd : int or None
        What the group costs a month at its most replicas; None where its machine has no price.
    schedule : tuple of ScheduledMinimum
        Minimums that follow the clock; empty on serverless, which keeps no instance running.
    planned_hit_rate : float or None
        Share of invocations that are planned to find their model loaded, where the models need more memory than there
        is and take turns in it; None where all of them stay loaded.
    formerly : tuple of str
        Names of this group that a running stack may still know it by; what serves is kept under its new name.
    leaving : tuple of Model
        Models that another group serves from now on: still loaded here, until nothing leads to them.
    retiring : bool
        Whether all of them are: the group is no part of the plan, and stays until nothing leads to it.
    """

    name: str
    endpoint: str
    hosting: AwsHosting
    instance_type: str
    image: str
    min_replicas: int
    max_replicas: int
    invocations_per_minute: float
    cores: int
    gpus: int
    memory_mb: int
    concurrency: int
    volume_key: bool
    monthly_ceiling_usd: int | None
    schedule: tuple[ScheduledMinimum, ...]
    models: tuple[Model, ...]
    planned_hit_rate: float | None = None
    formerly: tuple[str, ...] = ()
    leaving: tuple[Model, ...] = ()
    retiring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRegion:
    """One stack: the groups of one environment in one AWS region, behind one domain.

    Parameters
    ----------
    shared_host : str or None
        Domain under which the nearest region answers, where every region serves the same paths.
    api : str
        Name of the REST API; prefix of their names where there are several.
    split_paths : bool
        Whether the paths are more than one REST API holds: each first part of a path is then an API of its own.
    """

    environment: str
    fleet: str
    account: str
    region: str
    host: str
    shared_host: str | None
    api: str
    split_paths: bool
    tags: Mapping[str, str]
    groups: tuple[AwsGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsBase:
    """One stack: what is one per account and AWS region. A company with a landing zone does without.

    Parameters
    ----------
    artifact_bucket : str
        Physical name of the bucket of the artifacts.
    certificate_domain : str or None
        What a new certificate covers, with all names one level below it; None where there is one already.
    alarm_topic : bool
        Whether to make a topic for alarms; False where there is one already.
    """

    environment: str
    fleet: str
    account: str
    region: str
    artifact_bucket: str
    certificate_domain: str | None
    alarm_topic: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRunGroup:
    """Models that share one Cloud Run service.

    Parameters
    ----------
    service, identity : str
        Physical names of the service and of its service account; the load balancer's stack refers to the first.
    accelerator : str or None
        Accelerator of each instance, such as ``nvidia-l4``.
    concurrency : int
        Requests one instance serves at once.
    concurrency_utilization : float
        Share of `concurrency` at which another instance starts, .1 to .95.
    monthly_ceiling_usd : int or None
        What the group costs a month at its most instances; None where its size has no price.
    formerly : tuple of str
        Names of this group that a running stack may still know it by; what serves is kept under its new name.
    leaving : tuple of Model
        Models that another group serves from now on: still served here, until nothing leads to them.
    retiring : bool
        Whether all of them are: the group is no part of the plan, and stays until nothing leads to it.
    """

    name: str
    service: str
    identity: str
    image: str
    port: int
    health_path: str
    cores: int
    memory_gib: float
    accelerator: str | None
    min_replicas: int
    max_replicas: int
    concurrency: int
    concurrency_utilization: float
    monthly_ceiling_usd: int | None
    models: tuple[Model, ...]
    formerly: tuple[str, ...] = ()
    leaving: tuple[Model, ...] = ()
    retiring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpRegion:
    """One stack: the groups of one environment in one GCP region.

    Parameters
    ----------
    host : str
        Domain of this region.
    domain : str
        The fleet's own, which leads to the nearest region where all serve the same paths.
    """

    environment: str
    fleet: str
    project: str
    region: str
    host: str
    domain: str
    labels: Mapping[str, str]
    groups: tuple[CloudRunGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A public path, and the path of the model server it is rewritten to."""

    key: str
    path: str
    rewrite: str
    latency_s: float
    percentile: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A group's service as the load balancer sees it: by its fixed name, without a reference to its stack."""

    group: str
    service: str
    routes: tuple[Route, ...]
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One region's domain and the services behind it."""

    region: str
    host: str
    backends: tuple[Backend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Paths of the fleet's own domain, and the services of several regions of which the nearest answers.

    Parameters
    ----------
    name : str
        What the resources are called; the groups' names.
    services : mapping of str to str
        By region, the physical name of the service there.
    """

    name: str
    services: Mapping[str, str]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpEdge:
    """One stack: the global load balancer before all of an environment's Cloud Run services.

    Parameters
    ----------
    nearest : tuple of Nearest
        What `domain` itself leads to; empty where it leads nowhere.
    """

    environment: str
    fleet: str
    project: str
    domain: str
    url_map: str
    labels: Mapping[str, str]
    hosts: tuple[Host, ...]
    nearest: tuple[Nearest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpBucket:
    """The bucket of one region's artifacts, by its physical name."""

    region: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpBase:
    """One stack: what is one per GCP project, and per region of it. A company with a landing zone does without.

    Parameters
    ----------
    certificate_map : str or None
        Physical name of a new certificate map of `domain` and all names one level below it; None where there is one.
    alarm_channel : bool
        Whether to make a channel for alerts; False where there is one already.
    """

    environment: str
    fleet: str
    project: str
    domain: str
    certificate_map: str | None
    alarm_channel: bool
    labels: Mapping[str, str]
    buckets: tuple[GcpBucket, ...]


AwsStack = AwsRegion | AwsBase
GcpStack = GcpRegion | GcpEdge | GcpBase
Stack = AwsStack | GcpStack

AnyGroup = TypeVar("AnyGroup", bound=AwsGroup | CloudRunGroup)


def routed(groups: Sequence[AnyGroup]) -> Iterator[tuple[AnyGroup, Model]]:
    """Yield the models of a region that have a public path, each with the group that answers.

    What leaves or retires answers only for models and paths that nothing else here serves: those of callers who still
    have to move to another region or cloud.
    """
    serving = [(group, model) for group in groups if not group.retiring for model in group.models]
    yield from serving
    keys, paths = {model.key for _, model in serving}, {model.path for _, model in serving}
    for group in groups:
        for model in group.models if group.retiring else group.leaving:
            if model.key not in keys and model.path not in paths:
                keys.add(model.key)
                paths.add(model.path)
                yield group, model


def artifacts(group: AwsGroup | CloudRunGroup) -> list[str]:
    """Return the keys of all artifacts that a group has to be able to load."""
    return sorted({model.artifact for model in (*group.models, *group.leaving)})


def shared_tags(models: Sequence[Model]) -> dict[str, str]:
    """Return the tags on which all models of a group agree; they go on what the models share."""
    first, *others = [set(model.tags.items()) for model in models]
    return dict(sorted(first.intersection(*others)))


def slowest_objective(models: Sequence[Model]) -> Model:
    """Return the model that bears the longest latency: a shared endpoint's own metrics can be held to no more."""
    return max(models, key=lambda model: (model.latency_s, model.key))
