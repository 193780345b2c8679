"""Groups to watch, hand-made, and tables of what they did."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from generator.model import Watched, Window
from tests.layouts import group

START = datetime(2026, 3, 2, tzinfo=UTC)
BIN_S = 300.0


def window(bins: int) -> Window:
    """Return so many bins of five minutes from a Monday's midnight."""
    return Window(START, START + timedelta(seconds=BIN_S) * bins, BIN_S)


def at(position: int) -> str:
    """Return when a bin begins."""
    return (START + timedelta(seconds=BIN_S) * position).isoformat()


def watched() -> tuple[Watched, ...]:
    """Return a group of two models on SageMaker in each of two regions, and one on Cloud Run."""
    return (
        _watched("books", ("novels", "poems"), "eu-west-1"),
        _watched("toys", ("dolls", "kites"), "us-east-1"),
        Watched(
            group=group("tools", ("saws",), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib"),
            endpoint="prod-tools",
            account="shop-models-prod",
            processors=2,
            edge={
                "saws": {
                    "url_map_name": "prod-shop",
                    "matched_url_path_rule": "/saws",
                    "backend_target_name": "edge-(?:tools)-[0-9a-f]{7}",
                }
            },
        ),
    )


def _watched(name: str, workloads: tuple[str, ...], region: str) -> Watched:
    return Watched(
        group=group(name, workloads, "sagemaker-multi-model", region, "ml.c6i.xlarge"),
        endpoint=f"prod-{name}",
        account="123456789012",
        processors=4,
        formerly=(f"old-{name}",),
        edge={
            workload: {"ApiName": "prod-shop", "Stage": "live", "Method": "POST", "Resource": f"/{workload}"}
            for workload in workloads
        },
    )


def table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as CSV under all columns that any of them has."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns), *(",".join(str(row.get(column, "")) for column in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
