"""The SKU catalogue: tables of facts, each with kind, date and source, read into one value and checked."""

from collections.abc import Mapping
from pathlib import Path

from generator.catalog.contradictions import contradictions
from generator.catalog.tables import Finding, PriceRow, RegionRow, Tables, TypeRow, read_tables
from generator.errors import CatalogError
from generator.model import Catalog, Cloud, Hosting, InstanceType, Offering, Price, Region

# Bills count bytes in GB or GiB as the provider pleases. Read as GB of 10^9 bytes, the price per GiB is the higher one.
GB_PER_GIB = 1.073741824

S_PER_H = 3600


def read_catalog(folder: Path | None = None) -> Catalog:
    """Read the catalogue.

    Parameters
    ----------
    folder : Path or None
        Folder with the tables; None takes the one that came with covey.

    Returns
    -------
    Catalog
        Instance types, regions, offerings and what has no price, in the order of the tables.

    Raises
    ------
    CatalogError
        A table is missing, or a line of it cannot be read, or contradicts another: file and line.
    """
    tables, findings = _read_checked(folder)
    if findings:
        raise CatalogError(
            findings[0].where,
            findings[0].what,
            "Correct the table, or derive it anew as the README of the catalogue says.",
        )
    types: dict[str, InstanceType] = {row.name: _instance_type(row, tables) for _, row in tables.types}
    regions: dict[tuple[Cloud, str], Region] = {
        (row.cloud, row.region): _region(row, tables) for _, row in tables.regions
    }
    offerings, unpriced = _offer(tables, types)
    fit = tables.fit[0][1]
    return Catalog(
        instance_types=types,
        regions=regions,
        offerings=offerings,
        unpriced=unpriced,
        network_ms=(fit.intercept_ms, fit.slope_ms_per_km),
        as_of=max(row.as_of for _, row in tables.prices),
    )


def check_catalog(folder: Path | None = None) -> tuple[str, ...]:
    """Say everything that is wrong with a catalogue; empty when nothing is.

    Lines that cannot be read hide what they would contradict, so contradictions are looked for once every line reads.
    """
    _, findings = _read_checked(folder)
    return tuple(f"{finding.where}: {finding.what}" for finding in findings)


def _read_checked(folder: Path | None) -> tuple[Tables, list[Finding]]:
    tables, findings = read_tables(folder or _own_folder())
    return tables, findings or list(contradictions(tables))


def _own_folder() -> Path:
    """The folder inside the installed package, else beside the package in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "sku-catalog"
    return inside if inside.is_dir() else package.parent / "sku-catalog"


def _instance_type(row: TypeRow, tables: Tables) -> InstanceType:
    gpu = next((gpu for _, gpu in tables.gpus if gpu.gpu_model == row.gpu_model), None)
    return InstanceType(
        name=row.name,
        cloud=row.cloud,
        vcpus=row.vcpus,
        memory_gib=row.memory_gib,
        gpus=row.gpus,
        gpu_model=row.gpu_model,
        gpu_memory_gib=gpu.memory_gib if gpu else 0.0,
        gpu_tflops=gpu.fp16_tflops if gpu else 0.0,
        gpu_bandwidth_gb_s=gpu.bandwidth_gb_s if gpu else 0.0,
    )


def _region(row: RegionRow, tables: Tables) -> Region:
    egress = next(
        (
            price.value * GB_PER_GIB
            for _, price in tables.network
            if (price.measure, price.cloud, price.origin) == ("egress_internet", row.cloud, row.region)
        ),
        None,
    )
    return Region(
        cloud=row.cloud,
        name=row.region,
        continent=row.continent,
        country=row.country,
        city=row.city,
        latitude=row.latitude,
        longitude=row.longitude,
        grid_gco2e_per_kwh=row.grid_gco2e_per_kwh,
        egress_usd_per_gib=egress,
    )


def _offer(
    tables: Tables, types: Mapping[str, InstanceType]
) -> tuple[tuple[Offering, ...], dict[tuple[Hosting, str, str], str]]:
    """Meet every machine with every region that hosts it; what has no price is said to have none."""
    estimated = {row.kind: row.estimated == "yes" for _, row in tables.kinds}
    prices = {(row.key, row.region): row for _, row in tables.prices}
    offerings: list[Offering] = []
    unpriced: dict[tuple[Hosting, str, str], str] = {}
    for _, machine in tables.types:
        for _, region in tables.regions:
            shared: list[Hosting] = [hosting for hosting in machine.hosting if hosting in region.hosting]
            if not shared:
                continue
            price = _price(machine, region.region, prices, estimated)
            for hosting in shared:
                if isinstance(price, Price):
                    offerings.append(Offering(types[machine.name], hosting, region.region, price))
                else:
                    unpriced[hosting, machine.name, region.region] = price
    return tuple(offerings), unpriced


def _price(
    machine: TypeRow, region: str, prices: Mapping[tuple[str, str], PriceRow], estimated: Mapping[str, bool]
) -> Price | str:
    """Add up what one replica is billed by; where a part has no price, say which."""
    if machine.not_proposed:
        return machine.not_proposed
    amounts = _billed(machine)
    for key in amounts:
        if (key, region) not in prices:
            return f"no price for {key} in {region} in the sources"
    rows = {key: prices[key, region] for key in amounts}
    # The bill is no better known than its least known part.
    kind = max((row.kind for row in rows.values()), key=lambda kind: estimated[kind])
    return Price(
        usd_per_h=round(sum(amount * rows[key].usd for key, amount in amounts.items()), 10),
        kind=kind,
        as_of=min(row.as_of for row in rows.values()),
        source=" ".join(dict.fromkeys(source for row in rows.values() for source in row.source)),
        estimated=estimated[kind],
    )


def _billed(machine: TypeRow) -> dict[str, float]:
    """How much of each priced thing an hour of the machine takes."""
    if machine.cloud == "aws":
        return {machine.name: 1.0}
    amounts = {"cloud-run-vcpu": machine.vcpus * S_PER_H, "cloud-run-memory": machine.memory_gib * S_PER_H}
    if machine.gpu_model:
        amounts[f"cloud-run-{machine.gpu_model}"] = machine.gpus * S_PER_H
    return amounts
