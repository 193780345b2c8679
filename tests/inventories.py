"""A small inventory and its traffic, as people write them, and a catalogue just large enough for it."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from generator.model import Catalog, InstanceType, Offering, Price, Region

PRICE = Price(usd_per_h=0.1, kind="quoted", as_of="2026-01-01", source="made up for tests", estimated=False)
MACHINE = InstanceType("ml.m5.large", "aws", 2, 8.0)
GPU_MACHINE = InstanceType("ml.g5.xlarge", "aws", 4, 16.0, 1, "a10g", 22.35, 65.0, 600.0)
RUN = InstanceType("run-2cpu-4gib", "gcp", 2, 4.0)

DOCUMENT: Mapping[str, Any] = {
    "name": "test",
    "environments": {
        "aws": {
            "account": "123456789012",
            "artifact_bucket": "models-{region}",
            "dns_zone_id": "Z0123456789",
            "domain": "models.example.com",
            "certificate": "arn:aws:acm:{region}:123456789012:certificate/1",
        }
    },
    "runtimes": {
        "sklearn": {
            "images": {"aws": {"template": "{account}.example/sklearn:1", "hosting": ["sagemaker-multi-model"]}}
        }
    },
    "places": {"Paris": {"latitude": 48.9, "longitude": 2.4}},
    "traffic": {
        "file": "traffic.csv",
        "shape": "wide",
        "unit": "rate",
        "bin_s": 3600,
        "start": "2026-01-05T00:00:00",
        "time_zone": "UTC",
    },
    "defaults": {
        "runtime": "sklearn",
        "objective": {"percentile": 0.99, "latency_s": 0.5},
        "service": {"reference": "ml.m5.large", "mean_s": 0.05},
        "size_gib": 0.1,
        "memory_gib": 0.2,
    },
    "workloads": [{"name": "b", "artifact": "b/1.tar.gz"}, {"name": "a", "artifact": "a/1.tar.gz"}],
}


def small_catalog() -> Catalog:
    """Return three machines in three regions."""
    regions = [
        Region("aws", "us-east-1", "North America", "United States", "N. Virginia", 37.4, -78.7, 379.0, 0.09),
        Region("aws", "eu-west-1", "Europe", "Ireland", "Ireland", 53.4, -8.2, 278.0, 0.09),
        Region("gcp", "europe-west1", "Europe", "Belgium", "St. Ghislain", 50.9, 4.3, 126.0, 0.12),
    ]
    offerings = (
        Offering(MACHINE, "sagemaker-multi-model", "us-east-1", PRICE),
        Offering(MACHINE, "sagemaker-multi-model", "eu-west-1", PRICE),
        Offering(GPU_MACHINE, "sagemaker-single-model", "us-east-1", PRICE),
        Offering(RUN, "cloud-run-cpu", "europe-west1", PRICE),
    )
    types = {machine.name: machine for machine in (MACHINE, GPU_MACHINE, RUN)}
    return Catalog(types, {(r.cloud, r.name): r for r in regions}, offerings, {}, (5.7, 0.015), "2026-01-01")


def changed(*changes: tuple[Sequence[str | int], Any]) -> dict[str, Any]:
    """Return the document with fields set; a value of None takes the field away."""
    document = copy.deepcopy(dict(DOCUMENT))
    for location, value in changes:
        inside: Any = document
        for step in location[:-1]:
            inside = inside.setdefault(step, {}) if isinstance(inside, dict) else inside[step]
        if value is None:
            del inside[location[-1]]
        else:
            inside[location[-1]] = value
    return document


def wide_csv(rows: Mapping[str, Sequence[object]]) -> str:
    """Spell series as a wide table with numbered bins."""
    bins = max(len(values) for values in rows.values())
    header = ",".join(["workload", *(str(i) for i in range(bins))])
    return "\n".join([header, *(",".join([name, *map(str, values)]) for name, values in rows.items())]) + "\n"


def write_fleet(folder: Path, document: Mapping[str, Any] | str | bytes, traffic: str | bytes | None = None) -> Path:
    """Write an inventory and its traffic; two workloads with 100 bins where none is given."""
    if isinstance(document, Mapping):
        document = yaml.dump(dict(document), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    content = document if isinstance(document, bytes) else document.encode()
    (folder / "fleet.yaml").write_bytes(content)
    if traffic is None:
        traffic = wide_csv({"a": range(100), "b": [1] * 100})
    (folder / "traffic.csv").write_bytes(traffic if isinstance(traffic, bytes) else traffic.encode())
    return folder
