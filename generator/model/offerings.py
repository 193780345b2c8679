"""What one can buy: machines, prices, regions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.model.vocabulary import Cloud, Hosting

# A twelfth of a year's 8,760 hours, as both clouds' price calculators count.
HOURS_PER_MONTH = 730.0


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

    @property
    def family(self) -> str:
        """What it shares its hardware with in other sizes: ``ml.c5``, ``run-l4``, ``run-cpu``, ``serverless``."""
        if self.cloud == "gcp":
            return f"run-{self.gpu_model or 'cpu'}"
        return self.name.rpartition(".")[0] or self.name.partition("-")[0]


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
