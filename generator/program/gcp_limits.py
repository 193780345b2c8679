"""What GCP takes of one instance, one region and one URL map; what does not fit is refused before anything is written.

Figures by Google's documentation: "Memory limits", "CPU limits" and "GPU support" of Cloud Run, "Quotas" of Cloud Run,
"Quotas and limits" and "URL map size and quota units" of Cloud Load Balancing.
"""

from collections.abc import Mapping, Sequence

from generator.errors import EmitError
from generator.model import Group, InstanceType
from generator.program.stacks.components import values

# By CPUs of an instance, the least and the most memory it may have.
MEMORY_GIB: Mapping[int, tuple[float, float]] = {1: (0.5, 4), 2: (0.5, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}
GPU_CPUS = 4
GPU_MEMORY_GIB = 16
SERVICES_PER_REGION = 1000
RULES_PER_HOST = 1000
BACKENDS_PER_MAP = 2500
MAP_BYTES = 1_000_000
# What a path rule takes as JSON beside its own texts: keys, brackets, the beginning of a backend service's URL.
RULE_BYTES = 220


def fit_one_instance(group: Group, machine: InstanceType) -> None:
    """Refuse a size that Cloud Run does not sell."""
    where = f"group {group.name}, instance type {machine.name}"
    remedy = "Correct sku-catalog, and plan anew."
    least, most = MEMORY_GIB.get(machine.vcpus, (0.0, 0.0))
    if not least <= machine.memory_gib <= most:
        sizes = ", ".join(f"{cpus} with {low:g} to {high:g} GiB" for cpus, (low, high) in MEMORY_GIB.items())
        raise EmitError(where, f"Cloud Run has CPUs and memory as follows: {sizes}.", remedy)
    if machine.gpus and (machine.gpus > 1 or machine.vcpus < GPU_CPUS or machine.memory_gib < GPU_MEMORY_GIB):
        raise EmitError(
            where, f"beside its one GPU, an instance has at least {GPU_CPUS} CPUs and {GPU_MEMORY_GIB} GiB.", remedy
        )


def fit_one_region(stack: str, groups: Sequence[Group]) -> None:
    """Refuse more services than one project may have in one region."""
    if len(groups) > SERVICES_PER_REGION:
        raise EmitError(
            f"stack {stack}",
            f"has {len(groups)} groups; Cloud Run takes {SERVICES_PER_REGION} services a project and region.",
            "Allow more models per group (limits, models_per_group), or more regions.",
        )


def fit_one_url_map(edge: values.GcpEdge) -> None:
    """Refuse what one URL map cannot hold. None of its limits can be raised, and a host has one path matcher only."""
    where = f"stack {edge.environment}-gcp-edge"
    rules = {host.host: sum(len(backend.routes) for backend in host.backends) for host in edge.hosts}
    rules[edge.domain] = sum(len(nearest.routes) for nearest in edge.nearest)
    fullest = max(rules, key=lambda host: (rules[host], host))
    if rules[fullest] > RULES_PER_HOST:
        raise EmitError(
            where,
            f"{fullest} has {rules[fullest]} public paths; a URL map takes {RULES_PER_HOST} a host.",
            "Place some of its models in another region, or on AWS.",
        )
    # One more answers what no rule matches.
    backends = sum(len(host.backends) for host in edge.hosts) + len(edge.nearest) + 1
    if backends > BACKENDS_PER_MAP:
        raise EmitError(
            where,
            f"has {backends} backend services; a URL map refers to {BACKENDS_PER_MAP}.",
            "Allow more models per group (limits, models_per_group).",
        )
    routed = [(backend.group, backend.routes) for host in edge.hosts for backend in host.backends]
    routed += [(nearest.name, nearest.routes) for nearest in edge.nearest]
    size = sum(
        RULE_BYTES + len(edge.project) + len(name) + len(route.path) + len(route.rewrite)
        for name, routes in routed
        for route in routes
    )
    if size > MAP_BYTES:
        raise EmitError(
            where,
            f"{sum(rules.values())} public paths take about {size} bytes; a URL map holds {MAP_BYTES}.",
            "Shorten artifact keys, or emit some regions as an environment of their own.",
        )
