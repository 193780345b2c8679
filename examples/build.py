"""Write the examples' data from the public traces they are made of.

``python examples/build.py SOURCE_FOLDER`` expects the folders ``uci_online_retail``, ``servegen`` and
``azure2019_femux100`` there. It rewrites the traffic files, and everything below ``workloads:`` in every `fleet.yaml`;
what stands above is written by hand. The same sources give the same bytes.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

HERE = Path(__file__).parent

# The trace counts from the first day of the shop's file, in the shop's own local time.
RETAIL_START = pl.datetime(2010, 12, 1)
# The countries as the trace spells them, where that is not how `places` do.
PLACES = {"EIRE": "Ireland"}
RESIDENT_ANYWHERE = {"Australia"}

# The paper's six models: the series of the retail trace that stands in for each, its path, residency and users.
PAPER = [
    ("Electronics", "USA", "United_Kingdom/cat22", "/model1", ["North America"], {"New York": 0.6, "Chicago": 0.4}),
    ("Electronics", "Europe", "United_Kingdom/cat84", "/model1", ["Europe"], {"London": 0.5, "Berlin": 0.5}),
    ("Electronics", "Asia", "United_Kingdom/cat23", "/model1", ["Asia"], {"Tokyo": 0.6, "Singapore": 0.4}),
    ("Fashion", "USA", "United_Kingdom/cat21", "/model2", ["North America"], {"New York": 0.6, "Chicago": 0.4}),
    ("Fashion", "Europe", "United_Kingdom/cat20", "/model2", ["Europe"], {"London": 0.5, "Berlin": 0.5}),
    ("Fashion", "Asia", "United_Kingdom/cat85", "/model2", ["Asia"], {"Tokyo": 0.6, "Singapore": 0.4}),
]

# The first week of the language models' trace, on which the plan is made.
PLANNED_S = 604_800


def main(source: Path) -> None:
    """Build all four examples."""
    retail = pl.read_parquet(source / "uci_online_retail" / "lines_5min_long_dev.parquet")
    shop(retail)
    paper(retail)
    hosted_llms(source / "servegen")
    functions(source / "azure2019_femux100")


def shop(retail: pl.DataFrame) -> None:
    """One recommender for each country and category: order lines in bins of five minutes."""
    lines = retail.select(
        workload=pl.col("w").cast(pl.String),
        time=RETAIL_START + pl.duration(minutes=pl.col("t").cast(pl.Int64) * 5),
        order_lines=pl.col("n").cast(pl.Int32),
    ).sort("workload", "time")
    lines.write_parquet(HERE / "shop" / "traffic.parquet", compression="zstd", statistics=False)
    workloads: list[dict[str, Any]] = []
    names: list[str] = lines["workload"].unique().sort().to_list()
    for name in names:
        country, category = name.split("/cat")
        place = PLACES.get(country, country.replace("_", " "))
        workload: dict[str, Any] = {
            "name": name,
            "artifact": f"recommender/{place.lower().replace(' ', '-')}/{category.lower()}/2010-11-30.tar.gz",
            "cohort": f"category {category}",
            "users": {place: 1.0},
        }
        if country in RESIDENT_ANYWHERE:
            workload["residency"] = []
        workloads.append(workload)
    write_workloads("shop", workloads)


def paper(retail: pl.DataFrame) -> None:
    """Six models on six categories: order lines in bins of a quarter of an hour."""
    series = {row[2] for row in PAPER}
    lines = (
        retail.select(
            series=pl.col("w").cast(pl.String),
            time=(RETAIL_START + pl.duration(minutes=(pl.col("t").cast(pl.Int64) // 3) * 15)).dt.strftime(
                "%Y-%m-%dT%H:%M"
            ),
            order_lines=pl.col("n").cast(pl.Int32),
        )
        .filter(pl.col("series").is_in(series))
        .group_by("series", "time")
        .agg(pl.col("order_lines").sum())
        .sort("series", "time")
    )
    lines.write_csv(HERE / "paper" / "traffic.csv")
    write_workloads(
        "paper",
        [
            {
                "name": f"{category} {region}",
                "artifact": f"{category.lower()}/{region.lower()}/1.tar.gz",
                "cohort": category.lower(),
                "path": path,
                "series": name,
                "residency": residency,
                "users": users,
            }
            for category, region, name, path, residency, users in PAPER
        ],
    )


def hosted_llms(source: Path) -> None:
    """Clients of three language models: requests/s in bins of ten minutes, and how bursty each client is."""
    rates = pl.read_parquet(source / "rate_10min_dev_clients.parquet").sort("workload")
    bins = [column for column in rates.columns if column != "workload"]
    rates.select("workload", *bins).write_parquet(
        HERE / "hosted-llms" / "traffic.parquet", compression="zstd", compression_level=19, statistics=False
    )
    variation = pl.read_parquet(source / "cv_10min_dev_clients.parquet").rename({"__index_level_0__": "workload"})
    planned = [column for column in bins if int(column) < PLANNED_S]
    variation.sort("workload").select(
        "workload",
        # A bin without requests has no variation; a client silent for the whole week is taken for Poisson.
        variation=pl.concat_list(planned)
        .list.eval(pl.element().filter(pl.element() > 0))
        .list.mean()
        .fill_null(1)
        .round(3),
    ).write_csv(HERE / "hosted-llms" / "interarrival.csv")
    write_workloads(
        "hosted-llms",
        [
            {"name": name, "artifact": f"{name.split('/')[0]}/1.tar.gz", "cohort": name.split("/")[0]}
            for name in rates["workload"]
        ],
    )


def functions(source: Path) -> None:
    """Applications by the first twelve digits of their hash: busy containers a minute, and memory as measured."""
    busy = pl.read_parquet(source / "containers_per_min_dev.parquet")
    memory = pl.read_parquet(source / "meta.parquet").select(workload="HashApp", megabytes="AverageMemUsage")
    bins = [column for column in busy.columns if column != "workload"]
    apps = busy.join(memory, on="workload", how="left").with_columns(
        workload=pl.lit("app-") + pl.col("workload").str.slice(0, 12)
    )
    apps = apps.sort("workload")
    apps.select("workload", *bins).write_parquet(
        HERE / "functions" / "traffic.parquet", compression="zstd", compression_level=19, statistics=False
    )
    write_workloads(
        "functions",
        [
            {"name": name, "artifact": f"{name}/1.tar.gz", "memory_gib": round(megabytes / 1024, 3)}
            for name, megabytes in apps.select("workload", "megabytes").rows()
        ],
    )


def write_workloads(example: str, workloads: Sequence[dict[str, Any]]) -> None:
    """Keep what stands above `workloads:` in an example's inventory, and write what stands below."""
    path = HERE / example / "fleet.yaml"
    head = path.read_text(encoding="utf-8").split("\nworkloads:\n")[0]
    entries = "".join(
        "  - " + yaml.safe_dump(workload, sort_keys=False, default_flow_style=True, width=1000)
        for workload in workloads
    )
    path.write_text(f"{head}\nworkloads:\n{entries}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
