"""Derive the catalogue's tables from a folder of collected facts: ``python sku-catalog/build.py SOURCE [TARGET]``.

SOURCE holds aws_ec2.csv, aws_sagemaker.csv, aws_sagemaker_shapes.csv, gcp_cloudrun.csv, gpu.csv, network.csv and
regions.csv, one fact a row with kind, date and source. Every rule applied here is written in README.md.
"""

import argparse
import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy.stats import theilslopes

from generator.geography import great_circle_km

Row = dict[str, str]
Key = tuple[str, str]

# What the collected regions lack, kept by hand.
PLACES = Path(__file__).parent / "places.csv"

# Ways the collected files name a source, and the id it has in sources.csv.
SOURCE_IDS = (
    ("raw/sagemaker-instances-studionotebook.json", "aws-price-watcher@a6645eb"),
    ("processed/ec2.json", "aws-price-watcher@a6645eb"),
    ("processed/datatransfer.json", "aws-price-watcher@a6645eb"),
    ("foundation-model-benchmarking-tool", "fmbench-pricing"),
    ("sagemaker-ssh-helper", "sagemaker-ssh-helper@b6bf9ba"),
    ("verified live 2026-08", "aws-price-list-quote-2026-08"),
    ("aws/karpenter-provider-aws", "karpenter@1d92708"),
    ("tsaol/aws-gpu", "aws-gpu@77fcd9f"),
    ("pricing.yml (premium tier internet egress)", "gcp-pricing@fd66b26"),
    ("quoting the Cloud Billing API", "cloud-billing-quote-2026-08"),
    ("CloudPing.co", "cloudping-table"),
    ("winston-zhang-orz/gpu-specs", "gpu-specs@4b0c72d"),
    ("LLM-Prof", "llm-prof"),
    ("yunionio/cloudpods", "cloudpods@004d9b6"),
    ("tthebst/demoapp", "demoapp@4ca1049"),
    ("Go datacenterMap", "datacenter-map"),
    ("cloud-carbon-footprint", "cloud-carbon-footprint@b7a049c"),
    ("region-carbon-info", "region-carbon-info@74d9bf8"),
)
UNVERIFIED = {
    "aws-price-list-quote-2026-08",
    "aws-gpu@77fcd9f",
    "cloud-billing-quote-2026-08",
    "cloudping-table",
    "llm-prof",
    "demoapp@4ca1049",
    "datacenter-map",
}

SAGEMAKER = "sagemaker-multi-model sagemaker-single-model"
BURSTABLE = "burstable: what it sustains depends on CPU credits, which are not modelled"

# Prices taken before a price cut, set aside: README.md, "Stale rows".
STALE = {"ml.p5.48xlarge", "ml.p4d.24xlarge", "ml.trn1.32xlarge"}
# A Studio price outside this band over EC2's of the same region contradicts it: README.md, "Studio as a stand-in".
STUDIO_RATIO = (1.1, 1.45)

GPU_MODELS = {
    # name: memory in GiB, row with the arithmetic, row with the bandwidth, kind ("" for the source's own)
    "t4": (16.0, "T4", "T4", ""),
    "l4": (22.35, "L4", "L4", ""),
    "l40s": (44.7, "L40S", "L40S", ""),
    "a10g": (22.35, "T4", "A10", "lower-bound"),
    "v100": (16.0, "V100-SXM2", "V100-SXM2", ""),
    "a100-40gb": (40.0, "A100-SXM4-40GB", "A100-SXM4-40GB", ""),
    "a100-80gb": (80.0, "A100-SXM4-80GB", "A100-SXM4-80GB", ""),
    "h100": (80.0, "H100-SXM", "H100-SXM", ""),
    "h200": (141.0, "H200", "H200", ""),
    "b200": (179.06, "B200", "B200", ""),
}

CLOUD_RUN_SIZES = {1: (1, 2, 4), 2: (2, 4, 8), 4: (4, 8, 16), 6: (8, 16, 24), 8: (8, 16, 32)}
CLOUD_RUN_L4_SIZES = ((4, 16), (8, 32))
CLOUD_RUN_L4_REGIONS = {"us-central1", "us-east4", "europe-west1", "europe-west4", "asia-southeast1"}
CLOUD_RUN_ABSENT = {"asia-southeast3", "europe-north2", "northamerica-south1"}
CLOUD_RUN_PRICES = {
    "vCPU": ("cloud-run-vcpu", "vCPU-s"),
    "memory GiB": ("cloud-run-memory", "GiB-s"),
    "nvidia-l4 no zonal redundancy": ("cloud-run-l4", "GPU-s"),
}

# Serverless inference, a second of processing on so much memory: README.md, "Serverless inference".
SERVERLESS_SIZES = range(1, 7)
SERVERLESS_QUOTED_GIB, SERVERLESS_QUOTED_USD_PER_S = 3, 0.00006
SERVERLESS_QUOTED = {"region": "us-east-1", "unit": "h", "as_of": "2026-09", "source": "aws-price-list-quote-2026-09"}
# Developer guide, "Deploy models with Amazon SageMaker Serverless Inference".
SERVERLESS_REGIONS = {
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "af-south-1", "me-south-1"),
    *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1", "ap-east-1", "ap-south-1"),
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2"),
}
SECONDS_PER_HOUR = 3600

# Names of countries as the rest of the catalogue has them.
COUNTRIES = {"USA": "United States", "Korea": "South Korea"}


def build(source: Path, target: Path) -> None:
    """Write every derived table of the catalogue into `target`."""
    ec2 = {(row["sku"], row["region"]): row for row in _read(source / "aws_ec2.csv")}
    sagemaker = _read(source / "aws_sagemaker.csv")
    types = [*_sagemaker_types(_read(source / "aws_sagemaker_shapes.csv")), *_serverless_types(), *_cloud_run_types()]
    regions = _regions(_read(source / "regions.csv"), {row["region"] for row in sagemaker}, _read(PLACES))
    network = _network(_read(source / "network.csv"), {(row["cloud"], row["region"]) for row in regions})
    _write(target / "gpu.csv", _gpus(_read(source / "gpu.csv")))
    _write(target / "instance_types.csv", types)
    _write(
        target / "prices.csv",
        [
            *_sagemaker_prices(types, sagemaker, ec2, {row["region"] for row in regions if row["cloud"] == "aws"}),
            *_serverless_prices(),
            *_cloud_run_prices(_read(source / "gcp_cloudrun.csv")),
        ],
    )
    _write(target / "regions.csv", regions)
    _write(target / "network.csv", network)
    _write(target / "latency_fit.csv", [_latency_fit(network, regions)])


def _sagemaker_types(shapes: Iterable[Row]) -> list[Row]:
    """Keep what runs an ordinary x86 container on a known processor: no Graviton, no Inferentia or Trainium."""
    kept: list[Row] = []
    for shape in shapes:
        family = shape["sku"].split(".")[1]
        gpu = _gpu_name(shape)
        if not shape["vcpus"] or re.fullmatch(r"[cmr]\dg\w*", family) or (shape["gpu_model"] and gpu not in GPU_MODELS):
            continue
        one_small_gpu = family in {"g4dn", "g5"} and shape["gpus"] == "1"
        kept.append(
            {
                "name": shape["sku"],
                "cloud": "aws",
                "vcpus": shape["vcpus"],
                "memory_gib": _number(float(shape["memory_gib"])),
                "gpus": shape["gpus"],
                "gpu_model": gpu,
                "hosting": SAGEMAKER if not gpu or one_small_gpu else "sagemaker-single-model",
                "not_proposed": BURSTABLE if family.startswith("t") else "",
                "source": "botocore-1.44.5 karpenter@1d92708" + (" sagemaker-docs" if gpu else ""),
            }
        )
    return kept


def _gpu_name(shape: Row) -> str:
    if shape["gpu_model"] == "a100":
        return f"a100-{float(shape['gpu_memory_gib_each']):.0f}gb"
    return shape["gpu_model"]


def _serverless_types() -> list[Row]:
    """SageMaker's memory steps. How many vCPUs come with each is not in the sources: one, as a lower bound."""
    return [
        {
            "name": f"serverless-{memory}gib",
            "cloud": "aws",
            "vcpus": "1",
            "memory_gib": str(memory),
            "gpus": "0",
            "gpu_model": "",
            "hosting": "sagemaker-serverless",
            "not_proposed": "",
            "source": "botocore-1.44.5",
        }
        for memory in SERVERLESS_SIZES
    ]


def _cloud_run_types() -> list[Row]:
    cpu = [(vcpus, memory, "") for vcpus, sizes in CLOUD_RUN_SIZES.items() for memory in sizes]
    l4 = [(vcpus, memory, "l4") for vcpus, memory in CLOUD_RUN_L4_SIZES]
    return [
        {
            "name": f"run-{vcpus}cpu-{memory}gib{'-l4' if gpu else ''}",
            "cloud": "gcp",
            "vcpus": str(vcpus),
            "memory_gib": str(memory),
            "gpus": "1" if gpu else "0",
            "gpu_model": gpu,
            "hosting": "cloud-run-gpu" if gpu else "cloud-run-cpu",
            "not_proposed": "",
            "source": "cloud-run-docs",
        }
        for vcpus, memory, gpu in cpu + l4
    ]


def _sagemaker_prices(
    types: Iterable[Row], sagemaker: Iterable[Row], ec2: Mapping[Key, Row], regions: Iterable[str]
) -> list[Row]:
    """Take the best figure for each machine and region: hosting, else Studio, else EC2 times the family's ratio."""
    hosting: dict[Key, Row] = {}
    studio: dict[Key, Row] = {}
    for row in sagemaker:
        key = (row["sku"], row["region"])
        if row["price_kind"] == "on_demand_studio_notebook":
            studio[key] = row
        elif row["price_kind"] == "on_demand_hosting" and row["sku"] not in STALE:
            hosting[key] = max(hosting.get(key, row), row, key=_trust)
    prices: list[Row] = []
    hosted = (
        t for t in types if t["cloud"] == "aws" and t["hosting"] != "sagemaker-serverless" and not t["not_proposed"]
    )
    for name in sorted(t["name"] for t in hosted):
        for region in sorted(regions):
            key, base = (name, region), ec2.get((name.removeprefix("ml."), region))
            if key in hosting:
                prices.append(_quoted(hosting[key], "hosting"))
            elif key in studio and _studio_holds(studio[key], base):
                prices.append(_quoted(studio[key], "studio-notebook"))
            elif base:
                prices.append(_from_ec2(name, base))
    return prices


def _trust(row: Row) -> tuple[bool, str]:
    return _source_id(row["source"]) not in UNVERIFIED, row["as_of_date"]


def _studio_holds(studio: Row, base: Row | None) -> bool:
    if base is None:
        return True
    low, high = STUDIO_RATIO
    return low <= float(studio["price_usd_per_hour"]) / float(base["price_usd_per_hour"]) <= high


def _quoted(row: Row, kind: str) -> Row:
    source = _source_id(row["source"])
    return _price(
        row["sku"],
        row["region"],
        "h",
        float(row["price_usd_per_hour"]),
        kind="unverified" if source in UNVERIFIED else kind,
        as_of=row["as_of_date"],
        source=source,
    )


def _from_ec2(name: str, base: Row) -> Row:
    source = _source_id(base["source"])
    kind = "ec2-markup-unverified" if source in UNVERIFIED else "ec2-markup"
    usd = float(base["price_usd_per_hour"])
    return _price(
        name, base["region"], "h", usd, kind=kind, as_of=base["as_of_date"], source=source, factor=_markup(name)
    )


def _markup(name: str) -> float:
    """Hosting price over EC2 price by family: README.md, "EC2 times a ratio"."""
    _, family, size = name.split(".")
    if family.startswith("p"):
        return {"p3.2xlarge": 1.25, "p3.8xlarge": 1.2}.get(f"{family}.{size}", 1.15)
    if family.startswith("g"):
        return 1.4 if size == "xlarge" else 1.25
    return 1.2


def _cloud_run_prices(rows: Iterable[Row]) -> list[Row]:
    """Quote us-central1, and carry it to the regions whose vCPU price shows them in the same tier."""
    billed = [row for row in rows if row["price_kind"] == "instance_based" and row["sku"] in CLOUD_RUN_PRICES]
    home = {row["sku"]: row for row in billed if row["region"] == "us-central1"}
    tier_one = sorted({row["region"] for row in billed})
    prices: list[Row] = []
    for sku, (key, unit) in CLOUD_RUN_PRICES.items():
        quote = home[sku]
        usd, as_of, source = float(quote["price_usd_per_unit"]), quote["as_of_date"], _source_id(quote["source"])
        for region in tier_one:
            if region == "us-central1":
                prices.append(_price(key, region, unit, usd, kind="unverified", as_of=as_of, source=source))
            elif key != "cloud-run-l4" or region in CLOUD_RUN_L4_REGIONS:
                both = f"{source} cloud-run-tiers"
                prices.append(_price(key, region, unit, usd, kind="same-tier", as_of=as_of, source=both, factor=1.0))
    return prices


def _serverless_prices() -> list[Row]:
    """Quote one size, and price the others in proportion to their memory."""
    usd = SERVERLESS_QUOTED_USD_PER_S * SECONDS_PER_HOUR
    prices: list[Row] = []
    for memory in SERVERLESS_SIZES:
        quoted = memory == SERVERLESS_QUOTED_GIB
        kind, factor = ("unverified", None) if quoted else ("same-rate", memory / SERVERLESS_QUOTED_GIB)
        prices.append(_price(f"serverless-{memory}gib", usd=usd, kind=kind, factor=factor, **SERVERLESS_QUOTED))
    return prices


def _price(
    key: str, region: str, unit: str, usd: float, *, kind: str, as_of: str, source: str, factor: float | None = None
) -> Row:
    return {
        "key": key,
        "region": region,
        "usd": _number(usd if factor is None else usd * factor),
        "unit": unit,
        "kind": kind,
        "as_of": as_of,
        "source": source,
        "base_usd": "" if factor is None else _number(usd),
        "factor": "" if factor is None else _number(factor),
    }


def _regions(rows: Iterable[Row], sagemaker_regions: set[str], places: Iterable[Row]) -> list[Row]:
    known = {(row["cloud"], row["region"]): row for row in rows}
    added = {(row["cloud"], row["region"]): row for row in places}
    keys = {*known, *(("aws", region) for region in sagemaker_regions)}
    return [_region(key, known.get(key, {}), added.get(key)) for key in sorted(keys)]


def _region(key: Key, row: Row, place: Row | None) -> Row:
    cloud, name = key
    if place is None:
        point_source = row["source"].partition("lat/lon")[2]
        place = {
            "continent": row["continent"],
            "country": COUNTRIES.get(row["country"], row["country"]),
            "city": row["city"],
            "latitude": row["lat"],
            "longitude": row["lon"],
            "source": _source_id(point_source) if row["lat"] else "codecarbon-3.3.2",
        }
    carbon = row.get("grid_gco2e_per_kwh", "")
    return {
        "cloud": cloud,
        "region": name,
        "continent": place["continent"],
        "country": place["country"],
        "city": place["city"],
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "place_kind": "unverified" if place["source"] in UNVERIFIED else "quoted",
        "place_source": place["source"],
        "grid_gco2e_per_kwh": carbon,
        "carbon_as_of": row["carbon_data_date"] if carbon else "",
        "carbon_source": _source_id(row["source"].partition("carbon")[2]) if carbon else "",
        "hosting": _hosting(cloud, name),
    }


def _hosting(cloud: str, region: str) -> str:
    if cloud == "aws":
        return f"{SAGEMAKER} sagemaker-serverless" if region in SERVERLESS_REGIONS else SAGEMAKER
    if region in CLOUD_RUN_ABSENT:
        return ""
    return "cloud-run-cpu cloud-run-gpu" if region in CLOUD_RUN_L4_REGIONS else "cloud-run-cpu"


def _network(rows: Iterable[Row], regions: set[Key]) -> list[Row]:
    """Keep what has a use: the first tier of traffic to the internet, and the measured round trips."""
    kept: list[Row] = []
    for row in rows:
        first_tier = row["tier"] in {"0-10TB", "0-1TB"} and row["to"].startswith("internet")
        if row["kind"] == "latency_p50" or (row["kind"] == "egress_internet" and first_tier):
            if (row["cloud"], row["from"]) not in regions:
                continue
            source = _source_id(row["source"])
            kept.append(
                {
                    "measure": row["kind"],
                    "cloud": row["cloud"],
                    "from": row["from"],
                    "to": "internet" if first_tier else row["to"],
                    "value": _number(float(row["value"])),
                    "unit": row["unit"],
                    "kind": "unverified" if source in UNVERIFIED else "quoted",
                    "as_of": row["as_of_date"],
                    "source": source,
                }
            )
    return sorted(kept, key=lambda row: (row["measure"], row["cloud"], row["from"], row["to"]))


def _latency_fit(network: Iterable[Row], regions: Iterable[Row]) -> Row:
    """Fit round trip time to distance with Theil and Sen's median of slopes: one bad pair in four cannot move it."""
    points = {row["region"]: (float(row["latitude"]), float(row["longitude"])) for row in regions if row["latitude"]}
    pairs = [row for row in network if row["measure"] == "latency_p50" and {row["from"], row["to"]} <= points.keys()]
    distance_km = np.array([great_circle_km(*points[row["from"]], *points[row["to"]]) for row in pairs])
    measured_ms = np.array([float(row["value"]) for row in pairs])
    slope, intercept, _, _ = np.asarray(theilslopes(measured_ms, distance_km, method="joint")).tolist()
    residual = measured_ms - (intercept + slope * distance_km)
    r_squared = 1 - float(residual @ residual) / float(np.sum((measured_ms - measured_ms.mean()) ** 2))
    return {
        "intercept_ms": _number(round(intercept, 3)),
        "slope_ms_per_km": _number(round(slope, 6)),
        "r_squared": _number(round(r_squared, 4)),
        "pairs": str(len(pairs)),
        "method": "theil-sen",
        "kind": "fit",
        "source": "cloudping-table",
    }


def _gpus(rows: Iterable[Row]) -> list[Row]:
    figures = {row["gpu_model"]: row for row in rows}
    table: list[Row] = []
    for name, (memory_gib, arithmetic, bandwidth, kind) in sorted(GPU_MODELS.items()):
        source = _source_id(figures[arithmetic]["source"])
        table.append(
            {
                "gpu_model": name,
                "memory_gib": _number(memory_gib),
                "fp16_tflops": figures[arithmetic]["fp16_tflops"],
                "bandwidth_gb_s": figures[bandwidth]["memory_bandwidth_gb_s"],
                "kind": kind or ("unverified" if source in UNVERIFIED else "quoted"),
                "source": source,
            }
        )
    return table


def _source_id(text: str) -> str:
    for words, name in SOURCE_IDS:
        if words in text:
            return name
    raise ValueError(f"no id for the source {text!r}: name it in SOURCE_IDS and in sources.csv")


def _number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, metavar="SOURCE")
    parser.add_argument("target", type=Path, metavar="TARGET", nargs="?", default=Path(__file__).parent)
    arguments = parser.parse_args()
    build(arguments.source, arguments.target)
