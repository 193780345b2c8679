"""What people write in `fleet.yaml`: the fields, what they mean, and what is refused at once.

Units stand in the field names, one way only. Where a workload says nothing, `defaults` decide (choices a company made),
then `assumptions` (values nobody measured), which the plan prints.
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from generator.inventory.fields import (
    ArtifactKey,
    BucketTemplate,
    CatalogName,
    Domain,
    Email,
    Entry,
    ImageTemplate,
    Name,
    NotNegative,
    Positive,
    Sentence,
    Share,
    Slug,
    UrlPath,
    Word,
    template,
)
from generator.inventory.traffic_document import TrafficEntry, WindowsEntry
from generator.model import CLOUD_OF_HOSTING, Accelerator, Cloud, Goal, Hosting


class ServiceEntry(Entry):
    """How long one request occupies a slot of a machine that is in the catalogue."""

    reference: CatalogName = Field(description="Instance type of the catalogue the time was measured on.")
    mean_s: Positive = Field(description="Mean service time of one request, in seconds, with a batch of one.")
    variation: NotNegative = Field(default=1.0, description="Coefficient of variation of the service time.")
    compute_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the time that shrinks with arithmetic speed; the rest with memory bandwidth.",
    )
    max_batch: int = Field(default=1, ge=1, le=4096, description="Requests a GPU serves at once.")
    marginal_batch_cost: float = Field(
        default=1.0, ge=0, le=1, description="What each further request of a batch adds, as a share of the time of one."
    )


class ObjectiveEntry(Entry):
    """The share of requests that must be answered within a time."""

    percentile: float = Field(gt=0, lt=1, description="Share of the requests, such as 0.99.")
    latency_s: Positive = Field(description="Seconds from the caller's request to the answer.")


class DeployedEntry(Entry):
    """A machine, how many, and where."""

    hosting: Hosting = Field(description="Kind of hosting.")
    instance_type: CatalogName = Field(description="Instance type of the catalogue.")
    region: CatalogName = Field(description="Region of the hosting's cloud.")
    replicas: int | None = Field(default=None, ge=0, le=100_000, description="How many run.")


class AssumedTerms(Entry):
    """What may be assumed of a workload that was never measured."""

    size_gib: Positive | None = Field(default=None, description="Artifact in storage, GiB.")
    memory_gib: Positive | None = Field(default=None, description="Artifact loaded, GiB (of GPU memory with a GPU).")
    response_kib: NotNegative | None = Field(default=None, description="Mean answer, KiB: what egress is paid for.")
    service: ServiceEntry | None = Field(default=None, description="Service time on a reference machine.")
    current: DeployedEntry | None = Field(default=None, description="What serves this workload today.")


class Assumed(AssumedTerms):
    """Assumed values, and how the traffic file is to be read where it is not this workload's own traffic."""

    traffic_scale: Positive | None = Field(
        default=None, description="Requests (or requests/s, or erlangs) that one unit of the traffic file stands for."
    )
    traffic_shift_h: float | None = Field(
        default=None, ge=-8784, le=8784, description="Hours by which the traffic comes later than the file says."
    )


class WorkloadTerms(AssumedTerms):
    """What `defaults` may say for all workloads, and each workload for itself."""

    version: Name | None = Field(default=None, description="Version of the model.")
    runtime: Name | None = Field(default=None, description="Name of one of the fleet's runtimes.")
    accelerator: Accelerator | None = Field(default=None, description="Whether it needs a GPU.")
    objective: ObjectiveEntry | None = Field(default=None, description="Latency objective as the caller sees it.")
    availability: float | None = Field(
        default=None, gt=0, lt=1, description="Share of time it must answer; 0.99 by default."
    )
    residency: list[Word] | None = Field(
        default=None, description="Continents, countries or regions that may process its data; empty means anywhere."
    )
    tenant: Name | None = Field(
        default=None, description="Whose model this is; tenants share no endpoint unless limits say so."
    )
    cohort: Name | None = Field(default=None, description="Workloads of one cohort are rolled out together.")
    tags: dict[Name, Annotated[Name, Field(max_length=256)]] | None = Field(
        default=None, description="Cost and owner tags."
    )
    licence: Word | None = Field(default=None, description="Licence class of the model.")
    users: dict[Name, Share] | None = Field(
        default=None, description="Share of the requests from each of the fleet's places; the shares add up to 1."
    )
    pin: DeployedEntry | None = Field(default=None, description="Where this workload must run.")

    @model_validator(mode="after")
    def _shares_add_up(self) -> "WorkloadTerms":
        if self.users is not None and self.users and abs(sum(self.users.values()) - 1) > 1e-3:
            raise ValueError("the shares of `users` must add up to 1")
        return self


class WorkloadEntry(WorkloadTerms):
    """One model served to one audience."""

    name: Name = Field(description="Unique name: printable text of at most 128 characters.")
    artifact: ArtifactKey = Field(
        description="Immutable key of the model, relative to the artifact bucket; equal keys share memory on a replica."
    )
    path: UrlPath | None = Field(
        default=None, description="URL path on the group's domain; '/' and the name's slug by default."
    )
    series: Name | None = Field(
        default=None, description="Name of its series in the traffic file; its own name by default."
    )
    keep_together: Name | None = Field(default=None, description="Workloads with the same label share a group.")
    keep_apart: Name | None = Field(default=None, description="Workloads with the same label share no group.")


class ImageEntry(Entry):
    """How a runtime is hosted on one cloud."""

    template: ImageTemplate = Field(description="Container image; may hold {region} and {account}.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port the server listens on.")
    health_path: UrlPath = Field(default="/ping", description="Path that answers when the server is up.")
    predict_path: UrlPath = Field(default="/invocations", description="Path that predicts.")
    hosting: list[Hosting] = Field(min_length=1, description="Kinds of hosting that this image supports.")


class RuntimeEntry(Entry):
    """A model server. A cloud without an image is excluded for the workloads that need this runtime."""

    memory_overhead_gib: NotNegative = Field(
        default=0.5, description="Memory of the server itself on each replica, GiB."
    )
    images: dict[Cloud, ImageEntry] = Field(min_length=1, description="Image for each cloud that can host it.")

    @model_validator(mode="after")
    def _hosting_is_of_its_cloud(self) -> "RuntimeEntry":
        for cloud, image in self.images.items():
            for hosting in image.hosting:
                if CLOUD_OF_HOSTING[hosting] != cloud:
                    raise ValueError(f"{hosting} is not a kind of hosting on {cloud}")
        return self


class EnvironmentEntry(Entry):
    """Where one cloud's resources live."""

    artifact_bucket: BucketTemplate = Field(description="Bucket of the artifacts; may hold {region} and {account}.")
    domain: Domain = Field(description="Domain under which the groups answer, such as models.example.com.")
    alarm_email: Email | None = Field(default=None, description="Who is told where no topic exists yet.")
    monthly_budget_usd: Positive | None = Field(default=None, description="Budget that warns, US dollars a month.")
    base: bool = Field(
        default=False,
        description="Whether to emit a stack of what is one per account and region, such as bucket, key and "
        "certificate. False where a landing zone provides them.",
    )


class AwsEnvironmentEntry(EnvironmentEntry):
    """Where the resources on AWS live."""

    account: str = Field(pattern=r"^[0-9]{12}$", description="Account id, twelve digits in quotes.")
    dns_zone_id: str = Field(pattern=r"^Z[A-Z0-9]{5,31}$", description="Route 53 hosted zone id.")
    certificate: (
        Annotated[
            str,
            StringConstraints(
                pattern=r"^arn:aws(-cn|-us-gov)?:acm:[a-z0-9{}-]+:[0-9]{12}:certificate/[A-Za-z0-9{}-]{1,64}$"
            ),
            template("region"),
        ]
        | None
    ) = Field(
        default=None,
        description="ARN of an ACM certificate; may hold {region}. A base stack makes one.",
    )
    alarm_topic: (
        Annotated[
            str,
            StringConstraints(pattern=r"^arn:aws(-cn|-us-gov)?:sns:[a-z0-9{}-]+:[0-9]{12}:[A-Za-z0-9{}_-]{1,256}$"),
            template("region"),
        ]
        | None
    ) = Field(default=None, description="ARN of an SNS topic that exists already; may hold {region}.")

    @model_validator(mode="after")
    def _a_certificate_comes_from_somewhere(self) -> "AwsEnvironmentEntry":
        if self.certificate is None and not self.base:
            raise ValueError("name a certificate, or have `base: true` make one")
        return self


class GcpEnvironmentEntry(EnvironmentEntry):
    """Where the resources on GCP live."""

    account: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", description="Project id.")
    dns_zone_id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="Name of a Cloud DNS managed zone.")
    certificate: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="Name of a Certificate Manager map.")
    alarm_topic: str | None = Field(
        default=None,
        pattern=r"^projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/notificationChannels/[0-9]{1,30}$",
        description="Monitoring notification channel that exists already.",
    )


class EnvironmentsEntry(Entry):
    """The clouds that may be used; a cloud left out is not used."""

    aws: AwsEnvironmentEntry | None = Field(default=None, description="Where the resources on AWS live.")
    gcp: GcpEnvironmentEntry | None = Field(default=None, description="Where the resources on GCP live.")

    @model_validator(mode="after")
    def _one_cloud_at_least(self) -> "EnvironmentsEntry":
        if self.aws is None and self.gcp is None:
            raise ValueError("name at least one of aws and gcp")
        return self


class PlaceEntry(Entry):
    """A place users are at."""

    latitude: float = Field(ge=-90, le=90, description="Degrees north.")
    longitude: float = Field(ge=-180, le=180, description="Degrees east.")


class LimitsEntry(Entry):
    """What no plan may exceed."""

    models_per_group: int = Field(default=200, ge=1, le=10_000, description="Most models on one endpoint.")
    traffic_share_per_group: Share = Field(
        default=1.0, description="Blast radius: most of the fleet's traffic in one group."
    )
    tenants_share: bool = Field(default=False, description="Whether models of several tenants may share an endpoint.")
    quotas: dict[CatalogName, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="Most replicas of an instance type that the account may run in one region."
    )
    memory_overcommit: float = Field(
        default=1.0,
        ge=1,
        le=1000,
        description="How many times its room the models of a SageMaker multi-model endpoint may need together. Above 1 "
        "they take turns in memory where every objective bears that some requests wait for their model to load; with 1 "
        "all models stay loaded.",
    )


class InstancePriceEntry(Entry):
    """A negotiated price."""

    instance_type: CatalogName = Field(description="Instance type of the catalogue.")
    region: CatalogName | None = Field(default=None, description="Region; every region by default.")
    usd_per_h: NotNegative = Field(description="US dollars an hour for one replica.")


class PricesEntry(Entry):
    """The company's own terms, and what the catalogue has no price for."""

    instances: list[InstancePriceEntry] = Field(default_factory=list, description="Negotiated prices.")
    discount: dict[Cloud, Annotated[float, Field(ge=0, lt=1)]] = Field(
        default_factory=dict, description="Share taken off the catalogue's machine prices."
    )
    edge_usd_per_million: dict[Cloud, NotNegative] = Field(
        default_factory=dict, description="US dollars for a million requests at the gateway or load balancer."
    )
    alarm_usd_per_month: dict[Cloud, NotNegative] = Field(
        default_factory=dict, description="US dollars a month for one alarm."
    )


class AssumptionsEntry(Entry):
    """Values that are not measured, all in one place: the plan prints them. The most special one holds."""

    every_workload: Assumed = Field(default_factory=Assumed, description="Assumed of every workload.")
    by_cohort: dict[Name, Assumed] = Field(default_factory=dict, description="Assumed of a cohort.")
    by_workload: dict[Name, Assumed] = Field(default_factory=dict, description="Assumed of one workload.")
    notes: list[Sentence] = Field(
        default_factory=list, description="What else to know when reading the plan, a sentence each."
    )


class FleetEntry(Entry):
    """A fleet of models, their traffic, and the terms they run under."""

    name: Slug = Field(description="Name of the fleet: lower case letters, digits and hyphens.")
    environment: Slug = Field(
        default="prod", description="Name of the environment, the first part of every stack's name."
    )
    cost_centre: Name | None = Field(default=None, description="Who pays: a tag on every resource.")
    goals: list[Goal] = Field(
        default_factory=list[Goal],
        max_length=3,
        description="What matters most, in order: the advice on which recommendation to take follows it.",
    )
    environments: EnvironmentsEntry = Field(description="Where each cloud's resources live.")
    runtimes: dict[Name, RuntimeEntry] = Field(min_length=1, description="Model servers by name.")
    regions: dict[Cloud, Annotated[list[CatalogName], Field(min_length=1)]] | None = Field(
        default=None, min_length=1, description="Regions that may be used; by default all of the catalogue."
    )
    places: dict[Name, PlaceEntry] = Field(default_factory=dict, description="Places users are at, by name.")
    limits: LimitsEntry = Field(default_factory=LimitsEntry, description="What no plan may exceed.")
    prices: PricesEntry = Field(default_factory=PricesEntry, description="The company's own terms.")
    traffic: TrafficEntry = Field(description="The traffic file and how to read it.")
    windows: WindowsEntry | None = Field(
        default=None, description="What to plan on and what to score on; by default the first 60 % and the rest."
    )
    defaults: WorkloadTerms = Field(
        default_factory=WorkloadTerms, description="What every workload has where it says nothing."
    )
    assumptions: AssumptionsEntry = Field(default_factory=AssumptionsEntry, description="Values that are not measured.")
    workloads: list[WorkloadEntry] = Field(min_length=1, description="The models.")


def fleet_schema() -> dict[str, Any]:
    """JSON Schema of `fleet.yaml`, for editors and for other programs."""
    schema = FleetEntry.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "covey fleet"}
