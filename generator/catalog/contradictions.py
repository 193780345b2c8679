"""What no single line of the catalogue shows: names nobody defines, estimates that do not follow, parts that lack."""

from collections.abc import Iterable, Iterator
from math import isclose

from generator.catalog.tables import CLOUD_RUN_COMPONENTS, Finding, Tables
from generator.model import CLOUD_OF_HOSTING, Cloud


def contradictions(tables: Tables) -> Iterator[Finding]:
    """Compare the tables with one another and with the rules of the README."""
    yield from _names(tables)
    yield from _machines(tables)
    yield from _places(tables)
    yield from _prices(tables)
    yield from _components(tables)
    if len(tables.fit) != 1:
        yield Finding("latency_fit.csv", f"has {len(tables.fit)} fits; one is used.")


def _names(tables: Tables) -> Iterator[Finding]:
    kinds = {row.kind for _, row in tables.kinds}
    sources = {row.id for _, row in tables.sources}
    cited: Iterable[tuple[str, int, str, tuple[str, ...]]] = (
        *(("gpu.csv", line, row.kind, row.source) for line, row in tables.gpus),
        *(("instance_types.csv", line, "quoted", row.source) for line, row in tables.types),
        *(("regions.csv", line, row.place_kind, row.place_source + row.carbon_source) for line, row in tables.regions),
        *(("prices.csv", line, row.kind, row.source) for line, row in tables.prices),
        *(("network.csv", line, row.kind, row.source) for line, row in tables.network),
        *(("latency_fit.csv", line, row.kind, row.source) for line, row in tables.fit),
    )
    for file, line, kind, names in cited:
        if kind not in kinds:
            yield Finding(f"{file}, line {line}", f"has the kind {kind!r}, which kinds.csv does not explain.")
        if not names:
            yield Finding(f"{file}, line {line}", "names no source.")
        for name in sorted(set(names) - sources):
            yield Finding(f"{file}, line {line}", f"names the source {name!r}, which sources.csv does not have.")


def _machines(tables: Tables) -> Iterator[Finding]:
    models = {row.gpu_model for _, row in tables.gpus}
    for line, row in tables.types:
        where = f"instance_types.csv, line {line}"
        if bool(row.gpus) != bool(row.gpu_model):
            yield Finding(where, f"has {row.gpus} GPUs of the model {row.gpu_model!r}.")
        if row.gpu_model and row.gpu_model not in models:
            yield Finding(where, f"has the GPU {row.gpu_model!r}, which gpu.csv does not have.")
        for hosting in row.hosting:
            if CLOUD_OF_HOSTING[hosting] != row.cloud:
                yield Finding(where, f"is a machine of {row.cloud} with hosting {hosting}.")


def _places(tables: Tables) -> Iterator[Finding]:
    for line, region in tables.regions:
        where = f"regions.csv, line {line}"
        if (region.latitude is None) != (region.longitude is None):
            yield Finding(where, "has one coordinate of two.")
        if (region.grid_gco2e_per_kwh is None) != (region.carbon_as_of is None):
            yield Finding(where, "has carbon without a date, or a date without carbon.")
        for hosting in region.hosting:
            if CLOUD_OF_HOSTING[hosting] != region.cloud:
                yield Finding(where, f"is a region of {region.cloud} with hosting {hosting}.")
    known = {(row.cloud, row.region) for _, row in tables.regions}
    for line, pair in tables.network:
        where = f"network.csv, line {line}"
        ends = [pair.origin] if pair.measure == "egress_internet" else [pair.origin, pair.to]
        for end in ends:
            if (pair.cloud, end) not in known:
                yield Finding(where, f"names {pair.cloud}:{end}, which regions.csv does not have.")


def _prices(tables: Tables) -> Iterator[Finding]:
    types = {row.name: row for _, row in tables.types}
    regions = {(row.cloud, row.region) for _, row in tables.regions}
    estimated = {row.kind: row.estimated == "yes" for _, row in tables.kinds}
    for line, row in tables.prices:
        where = f"prices.csv, line {line}"
        machine = types.get(row.key)
        if machine is None and row.key not in CLOUD_RUN_COMPONENTS:
            yield Finding(where, f"prices {row.key!r}, which is neither an instance type nor a component.")
            continue
        cloud: Cloud = machine.cloud if machine else "gcp"
        if (cloud, row.region) not in regions:
            yield Finding(where, f"names {cloud}:{row.region}, which regions.csv does not have.")
        if machine and machine.not_proposed:
            yield Finding(where, f"prices {row.key}, which is not to be proposed: {machine.not_proposed}.")
        unit = CLOUD_RUN_COMPONENTS.get(row.key, "h")
        if row.unit != unit:
            yield Finding(where, f"prices {row.key} by {row.unit}, not by {unit}.")
        if (row.base_usd is None) != (row.factor is None):
            yield Finding(where, "has base_usd without factor, or factor without base_usd.")
        elif row.base_usd and row.factor and not isclose(row.usd, row.base_usd * row.factor, rel_tol=1e-6):
            yield Finding(where, f"says {row.usd}, but base_usd times factor is {row.base_usd * row.factor:.6g}.")
        elif row.base_usd and not estimated.get(row.kind, True):
            yield Finding(where, f"is computed, but its kind {row.kind!r} is not that of an estimate.")


def _components(tables: Tables) -> Iterator[Finding]:
    """A region that prices one component of Cloud Run has to price those that always come with it."""
    priced = {(row.key, row.region): line for line, row in tables.prices}
    always = ("cloud-run-vcpu", "cloud-run-memory")
    for (key, region), line in priced.items():
        if key in CLOUD_RUN_COMPONENTS:
            for other in always:
                if (other, region) not in priced:
                    yield Finding(f"prices.csv, line {line}", f"prices {key} in {region}, where {other} has no price.")
