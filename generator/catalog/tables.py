"""The catalogue's files as typed rows, or as findings with file and line."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from generator.model import Cloud, Hosting

# What one Cloud Run instance is billed by, and in which unit.
CLOUD_RUN_COMPONENTS = {"cloud-run-vcpu": "vCPU-s", "cloud-run-memory": "GiB-s", "cloud-run-l4": "GPU-s"}

_T = TypeVar("_T")
_Blank = BeforeValidator(lambda value: None if value == "" else value)
_Optional = Annotated[_T | None, _Blank]
_Words = Annotated[tuple[_T, ...], BeforeValidator(str.split)]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.@_-]*$", max_length=80)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Month = r"^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$"
_AsOf = Annotated[str, StringConstraints(pattern=_Month)]
_AsOfYear = Annotated[str, StringConstraints(pattern=rf"^\d{{4}}$|{_Month}")]
_AsOfOrUndated = Annotated[str, StringConstraints(pattern=rf"^undated$|{_Month}")]


class _Row(BaseModel):
    """One line of a table; the fields are the columns, in their order."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KindRow(_Row):
    """How a figure is known, whether that makes it an estimate, and by which rule."""

    kind: _Name
    estimated: Literal["yes", "no"]
    rule: str = Field(min_length=1)


class SourceRow(_Row):
    """Where figures come from, and under which licence."""

    id: _Name
    what: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    as_of: Annotated[str, StringConstraints(pattern=rf"^undated$|^\d{{4}}$|{_Month}")]


class GpuRow(_Row):
    """One GPU: memory, dense FP16 arithmetic and memory bandwidth."""

    gpu_model: _Name
    memory_gib: _Positive
    fp16_tflops: _Positive
    bandwidth_gb_s: _Positive
    kind: _Name
    source: _Words[_Name]


class TypeRow(_Row):
    """A machine, the hosting kinds that accept it, and why it is never proposed where that is so."""

    name: _Name
    cloud: Cloud
    vcpus: int = Field(gt=0)
    memory_gib: _Positive
    gpus: int = Field(ge=0)
    gpu_model: _Optional[_Name]
    hosting: _Words[Hosting] = Field(min_length=1)
    not_proposed: str
    source: _Words[_Name]


class RegionRow(_Row):
    """A region, where it is, its grid, and the hosting kinds it has."""

    cloud: Cloud
    region: _Name
    continent: str = Field(min_length=1)
    country: str = Field(min_length=1)
    city: str
    latitude: _Optional[Annotated[float, Field(ge=-90, le=90)]]
    longitude: _Optional[Annotated[float, Field(ge=-180, le=180)]]
    place_kind: _Name
    place_source: _Words[_Name]
    grid_gco2e_per_kwh: _Optional[_NotNegative]
    carbon_as_of: _Optional[_AsOfYear]
    carbon_source: _Words[_Name]
    hosting: _Words[Hosting]


class PriceRow(_Row):
    """One price; where it is computed, from which base and by which factor."""

    key: _Name
    region: _Name
    usd: _Positive
    unit: Literal["h", "vCPU-s", "GiB-s", "GPU-s"]
    kind: _Name
    as_of: _AsOf
    source: _Words[_Name]
    base_usd: _Optional[_Positive]
    factor: _Optional[_Positive]


class NetworkRow(_Row):
    """Price of traffic to the internet, or a measured round trip between two regions."""

    measure: Literal["egress_internet", "latency_p50"]
    cloud: Cloud
    origin: str = Field(alias="from")
    to: _Name
    value: _NotNegative
    unit: Literal["USD/GB", "ms"]
    kind: _Name
    as_of: _AsOfOrUndated
    source: _Words[_Name]


class FitRow(_Row):
    """The line through the measured round trips over distance."""

    intercept_ms: _NotNegative
    slope_ms_per_km: _Positive
    r_squared: float = Field(ge=0, le=1)
    pairs: int = Field(ge=3)
    method: str = Field(min_length=1)
    kind: _Name
    source: _Words[_Name]


_R = TypeVar("_R", bound=_Row)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where: ``prices.csv, line 7``."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Tables:
    """Every table as rows with their line numbers."""

    kinds: list[tuple[int, KindRow]]
    sources: list[tuple[int, SourceRow]]
    gpus: list[tuple[int, GpuRow]]
    types: list[tuple[int, TypeRow]]
    regions: list[tuple[int, RegionRow]]
    prices: list[tuple[int, PriceRow]]
    network: list[tuple[int, NetworkRow]]
    fit: list[tuple[int, FitRow]]


def read_tables(folder: Path) -> tuple[Tables, list[Finding]]:
    """Read every table; what cannot be read is a finding, and left out."""
    findings: list[Finding] = []
    tables = Tables(
        kinds=_read(folder / "kinds.csv", KindRow, lambda row: row.kind, findings),
        sources=_read(folder / "sources.csv", SourceRow, lambda row: row.id, findings),
        gpus=_read(folder / "gpu.csv", GpuRow, lambda row: row.gpu_model, findings),
        types=_read(folder / "instance_types.csv", TypeRow, lambda row: row.name, findings),
        regions=_read(folder / "regions.csv", RegionRow, lambda row: (row.cloud, row.region), findings),
        prices=_read(folder / "prices.csv", PriceRow, lambda row: (row.key, row.region), findings),
        network=_read(
            folder / "network.csv", NetworkRow, lambda row: (row.measure, row.cloud, row.origin, row.to), findings
        ),
        fit=_read(folder / "latency_fit.csv", FitRow, lambda row: row.method, findings),
    )
    return tables, findings


def _read(path: Path, row_type: type[_R], key: Callable[[_R], object], findings: list[Finding]) -> list[tuple[int, _R]]:
    """Read one table; what cannot be read is added to `findings` and left out."""
    rows: list[tuple[int, _R]] = []
    seen: dict[object, int] = {}
    found_before = len(findings)
    for line, fields in _lines(path, row_type, findings):
        where = f"{path.name}, line {line}"
        try:
            row = row_type.model_validate(fields)
        except ValidationError as error:
            findings += [Finding(f"{where}, {'.'.join(map(str, e['loc']))}", f"{e['msg']}.") for e in error.errors()]
            continue
        first = seen.setdefault(key(row), line)
        if first != line:
            findings.append(Finding(where, f"says again what line {first} says: {key(row)}."))
            continue
        rows.append((line, row))
    if not rows and len(findings) == found_before:
        findings.append(Finding(path.name, "has no rows."))
    return rows


def _lines(path: Path, row_type: type[_Row], findings: list[Finding]) -> Iterator[tuple[int, dict[str, str]]]:
    columns = [field.alias or name for name, field in row_type.model_fields.items()]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if header != columns:
                findings.append(Finding(f"{path.name}, line 1", f"has other columns than {','.join(columns)}."))
                return
            for fields in reader:
                if len(fields) == len(columns):
                    yield reader.line_num, dict(zip(columns, fields, strict=True))
                else:
                    what = f"has {len(fields)} fields, not {len(columns)}."
                    findings.append(Finding(f"{path.name}, line {reader.line_num}", what))
    except OSError as error:
        findings.append(Finding(str(path), f"cannot be opened: {error.strerror}."))
    except UnicodeDecodeError as error:
        findings.append(Finding(path.name, f"is not UTF-8 at byte {error.start}."))
    except csv.Error as error:
        findings.append(Finding(path.name, f"is not CSV: {error}."))
