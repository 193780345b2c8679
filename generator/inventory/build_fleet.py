"""Build the fleet's nouns from what was written, and refuse every name that points nowhere."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from generator.errors import InventoryError
from generator.geography import region_matches
from generator.inventory.assumptions import Terms, describe, settle
from generator.inventory.fleet_document import (
    AssumedTerms,
    DeployedEntry,
    EnvironmentEntry,
    FleetEntry,
    WorkloadTerms,
)
from generator.inventory.yaml_source import Document, shown
from generator.model import (
    CLOUD_OF_HOSTING,
    Catalog,
    Cloud,
    Deployed,
    Environment,
    Fleet,
    Image,
    Limits,
    Objective,
    OwnPrices,
    Place,
    Runtime,
    ServiceTime,
    Workload,
)

# A workload must have these: said by itself, by `defaults`, or assumed.
NEEDED = ("runtime", "size_gib", "memory_gib", "service", "objective")


def build_fleet(document: Document, entry: FleetEntry, catalog: Catalog) -> tuple[Fleet, tuple[Terms, ...]]:
    """Turn a checked document into the fleet and its workloads' terms, both sorted by the workloads' names.

    Raises
    ------
    InventoryError
        A name is used twice or is not known, or a workload lacks what a plan needs: file, line and field.
    """
    check = _Check(document)
    _check_names(check, entry)
    environments = _environments(entry)
    regions = _regions(check, entry, catalog, environments)
    runtimes = {
        name: Runtime(
            name,
            {
                cloud: Image(i.template, i.port, i.health_path, i.predict_path, tuple(i.hosting))
                for cloud, i in runtime.images.items()
            },
            runtime.memory_overhead_gib,
        )
        for name, runtime in entry.runtimes.items()
    }
    _check_terms(check, entry, catalog)
    _check_prices_and_limits(check, entry, catalog)
    settled = settle(entry)
    _check_needs(check, entry, settled, catalog)
    workloads = [_workload(entry, position, terms) for position, terms in enumerate(settled)]
    order = sorted(range(len(workloads)), key=lambda i: workloads[i].name)
    prices = entry.prices
    fleet = Fleet(
        name=entry.name,
        workloads=tuple(workloads[i] for i in order),
        runtimes=runtimes,
        environment=entry.environment,
        environments=environments,
        regions=regions,
        places={name: Place(name, place.latitude, place.longitude) for name, place in entry.places.items()},
        limits=Limits(**entry.limits.model_dump()),
        prices=OwnPrices(
            instances={(p.instance_type, p.region): p.usd_per_h for p in prices.instances},
            discount=prices.discount,
            edge_usd_per_million=prices.edge_usd_per_million,
            alarm_usd_per_month=prices.alarm_usd_per_month,
        ),
        assumptions=describe(entry),
        cost_centre=entry.cost_centre,
        goals=tuple(dict.fromkeys(entry.goals)),
    )
    _check_paths(check, fleet, entry, catalog)
    return fleet, tuple(settled[i] for i in order)


class _Check:
    """Refuses a name that is not there, saying where it stands and what comes close."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def known(self, name: str, there: Collection[str], what: str, *location: int | str) -> None:
        if name not in there:
            near = difflib.get_close_matches(name, there, n=3, cutoff=0.4) or sorted(there)[:3]
            hint = f"Write one that is there, such as {', '.join(shown(n) for n in near)}." if near else "Add it first."
            raise self.error(f"There is no {what} {shown(name)}.", hint, *location)

    def error(self, what: str, remedy: str, *location: int | str) -> InventoryError:
        return InventoryError(self._document.place(location), what, remedy)


def _environments(entry: FleetEntry) -> dict[Cloud, Environment]:
    given: dict[Cloud, EnvironmentEntry | None] = {"aws": entry.environments.aws, "gcp": entry.environments.gcp}
    return {
        cloud: Environment(name=entry.environment, cloud=cloud, **environment.model_dump())
        for cloud, environment in given.items()
        if environment is not None
    }


def _regions(
    check: _Check, entry: FleetEntry, catalog: Catalog, environments: Mapping[Cloud, Environment]
) -> tuple[tuple[Cloud, str], ...]:
    if entry.regions is None:
        return tuple(sorted(key for key in catalog.regions if key[0] in environments))
    for cloud, names in entry.regions.items():
        if cloud not in environments:
            raise check.error(
                f"Regions of {cloud} are allowed but there is no environment on it.",
                f"Add `environments: {cloud}:`, or take the regions out.",
                "regions",
                cloud,
            )
        for position, name in enumerate(names):
            _known_region(check, catalog, cloud, name, "regions", cloud, position)
    return tuple(sorted({(cloud, name) for cloud, names in entry.regions.items() for name in names}))


def _known_region(check: _Check, catalog: Catalog, cloud: Cloud, name: str, *location: int | str) -> None:
    check.known(name, [region for at, region in catalog.regions if at == cloud], f"region of {cloud}", *location)


def _check_names(check: _Check, entry: FleetEntry) -> None:
    first: dict[str, int] = {}
    for position, workload in enumerate(entry.workloads):
        before = first.setdefault(workload.name, position)
        if before != position:
            raise check.error(
                f"The workload {shown(workload.name)} stands twice (before as workloads[{before}]).",
                "Give every workload a name of its own.",
                "workloads",
                position,
                "name",
            )
    for name in entry.assumptions.by_workload:
        check.known(name, first, "workload", "assumptions", "by_workload", name)
    cohorts = {cohort for w in entry.workloads if (cohort := w.cohort or entry.defaults.cohort) is not None}
    for name in entry.assumptions.by_cohort:
        check.known(name, cohorts, "cohort", "assumptions", "by_cohort", name)


def _check_terms(check: _Check, entry: FleetEntry, catalog: Catalog) -> None:
    """Check names in defaults, assumptions and workloads where they are written, so that the line is right."""

    @cache
    def lies_somewhere(word: str) -> bool:
        return any(region_matches(region, word) for region in catalog.regions.values())

    for location, terms in _written_terms(entry):
        if terms.service is not None:
            reference = terms.service.reference
            check.known(reference, catalog.instance_types, "instance type", *location, "service", "reference")
        _check_deployed(check, catalog, terms.current, *location, "current")
        if not isinstance(terms, WorkloadTerms):
            continue
        _check_deployed(check, catalog, terms.pin, *location, "pin")
        if terms.runtime is not None:
            check.known(terms.runtime, entry.runtimes, "runtime", *location, "runtime")
        for place in terms.users or ():
            check.known(place, entry.places, "place", *location, "users", place)
        for position, word in enumerate(terms.residency or ()):
            if not lies_somewhere(word):
                continents = sorted({region.continent for region in catalog.regions.values() if region.continent})
                raise check.error(
                    f"No region of the catalogue lies in {shown(word)}.",
                    f"Write a continent ({', '.join(continents)}), a country or a region.",
                    *location,
                    "residency",
                    position,
                )


def _check_prices_and_limits(check: _Check, entry: FleetEntry, catalog: Catalog) -> None:
    for name in entry.limits.quotas:
        check.known(name, catalog.instance_types, "instance type", "limits", "quotas", name)
    for position, price in enumerate(entry.prices.instances):
        location = ("prices", "instances", position)
        check.known(price.instance_type, catalog.instance_types, "instance type", *location, "instance_type")
        if price.region is not None:
            cloud = catalog.instance_types[price.instance_type].cloud
            _known_region(check, catalog, cloud, price.region, *location, "region")


def _written_terms(entry: FleetEntry) -> Iterator[tuple[tuple[str | int, ...], AssumedTerms]]:
    yield ("defaults",), entry.defaults
    yield ("assumptions", "every_workload"), entry.assumptions.every_workload
    for name, assumed in entry.assumptions.by_cohort.items():
        yield ("assumptions", "by_cohort", name), assumed
    for name, assumed in entry.assumptions.by_workload.items():
        yield ("assumptions", "by_workload", name), assumed
    for position, workload in enumerate(entry.workloads):
        yield ("workloads", position), workload


def _check_deployed(check: _Check, catalog: Catalog, deployed: DeployedEntry | None, *location: int | str) -> None:
    if deployed is None:
        return
    check.known(deployed.instance_type, catalog.instance_types, "instance type", *location, "instance_type")
    _known_region(check, catalog, CLOUD_OF_HOSTING[deployed.hosting], deployed.region, *location, "region")
    key = (deployed.hosting, deployed.instance_type, deployed.region)
    if key not in catalog.offering_of and key not in catalog.unpriced:
        raise check.error(
            f"{deployed.hosting} does not offer {deployed.instance_type} in {deployed.region}.",
            "`covey catalog show` lists what is offered.",
            *location,
        )


def _check_needs(check: _Check, entry: FleetEntry, settled: Sequence[Terms], catalog: Catalog) -> None:
    for position, (workload, terms) in enumerate(zip(entry.workloads, settled, strict=True)):
        for field in NEEDED:
            if getattr(terms, field) is None:
                raise check.error(
                    f"The workload {shown(workload.name)} has no `{field}`.",
                    "Write it there, under `defaults:`, or, where it was never measured, under `assumptions:`.",
                    "workloads",
                    position,
                )
        reference = terms.service.reference if terms.service is not None else ""
        if terms.accelerator == "gpu" and not catalog.instance_types[reference].gpus:
            raise check.error(
                f"{shown(workload.name)} needs a GPU, but its service time is of {reference}, which has none.",
                "Give the service time on a machine with a GPU.",
                "workloads",
                position,
            )


def _workload(entry: FleetEntry, position: int, terms: Terms) -> Workload:
    written = entry.workloads[position]
    service, objective = terms.service, terms.objective
    if service is None or objective is None or terms.runtime is None:
        raise AssertionError(written)  # `_check_needs` came before
    return Workload(
        name=written.name,
        version=terms.version,
        artifact=written.artifact,
        runtime=terms.runtime,
        size_gib=terms.size_gib or 0.0,
        memory_gib=terms.memory_gib or 0.0,
        accelerator=terms.accelerator,
        service=ServiceTime(**service.model_dump()),
        objective=Objective(objective.percentile, objective.latency_s),
        path=written.path or _slug_path(written.name),
        availability=terms.availability,
        response_kib=terms.response_kib,
        residency=tuple(terms.residency),
        tenant=terms.tenant,
        cohort=terms.cohort,
        tags=tuple(sorted(terms.tags.items())),
        licence=terms.licence,
        users=tuple(sorted(terms.users.items())),
        current=_deployed(terms.current),
        pin=_deployed(terms.pin),
        keep_together=written.keep_together,
        keep_apart=written.keep_apart,
    )


def _deployed(entry: DeployedEntry | None) -> Deployed | None:
    return None if entry is None else Deployed(entry.hosting, entry.instance_type, entry.region, entry.replicas)


def _slug_path(name: str) -> str:
    """URL path of a workload that names none: '/' and its name in lower case ASCII.

    >>> _slug_path("United_Kingdom/cat22")
    '/united-kingdom-cat22'
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")
    # 120 leaves room in the 128 characters of a path: one character may decompose into several.
    return "/" + (slug[:120].rstrip("-") or "model-" + hashlib.sha256(name.encode()).hexdigest()[:8])


def _check_paths(check: _Check, fleet: Fleet, entry: FleetEntry, catalog: Catalog) -> None:
    """Refuse two workloads of one path that could meet on one domain: a domain belongs to a region."""
    position_of = {workload.name: position for position, workload in enumerate(entry.workloads)}
    taken: dict[str, list[tuple[Workload, frozenset[tuple[Cloud, str]]]]] = {}

    @cache
    def may_run_in(residency: tuple[str, ...], runtime: str) -> frozenset[tuple[Cloud, str]]:
        return frozenset(
            key
            for key in fleet.regions
            if key[0] in fleet.runtimes[runtime].images
            and (not residency or any(region_matches(catalog.regions[key], word) for word in residency))
        )

    for workload in fleet.workloads:
        regions = may_run_in(workload.residency, workload.runtime)
        for other, elsewhere in taken.setdefault(workload.path, []):
            if regions & elsewhere:
                raise check.error(
                    f"{shown(other.name)} has the path {workload.path} too, and may share a region.",
                    "Give one of them another `path`, or residencies without a region in common.",
                    "workloads",
                    position_of[workload.name],
                )
        taken[workload.path].append((workload, regions))
