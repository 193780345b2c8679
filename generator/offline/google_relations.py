"""Properties that Google Cloud takes only together, or not together, or only in some order of size."""

import re
from collections import Counter

from generator.offline.choices import Choice, Found, Statement, ordered
from generator.offline.google_edge_limits import GROUP, PROXY, RECORD, URL_MAP
from generator.offline.google_limits import ALERT, BUDGET, RUN
from generator.offline.stated import as_list, json_object, values_at
from generator.offline.values import Properties, Value

CHOICES: tuple[Choice, ...] = (
    Choice(
        RUN,
        "template.volumes[]",
        ("gcs", "secret", "cloudSqlInstance", "emptyDir", "nfs"),
        "Cloud Run API, Volume: one kind",
        least=1,
    ),
    Choice(
        RUN,
        "template.containers[].startupProbe",
        ("httpGet", "tcpSocket", "grpc"),
        "Cloud Run API, Probe: exactly one",
        least=1,
    ),
    Choice(
        RUN,
        "template.containers[].livenessProbe",
        ("httpGet", "tcpSocket", "grpc"),
        "Cloud Run API, Probe: exactly one",
        least=1,
    ),
    Choice(RUN, "template.containers[].envs[]", ("value", "valueSource"), "Cloud Run API, EnvVar: one of the two"),
    Choice(
        ALERT,
        "conditions[]",
        (
            "conditionThreshold",
            "conditionAbsent",
            "conditionMatchedLog",
            "conditionMonitoringQueryLanguage",
            "conditionPrometheusQueryLanguage",
            "conditionSql",
        ),
        "Monitoring API, AlertPolicy.Condition: exactly one",
        least=1,
    ),
    Choice(
        ALERT,
        "conditions[].conditionThreshold",
        ("denominatorFilter", "denominatorAggregations"),
        "Monitoring API, MetricThreshold: a denominator is aggregated, too",
        together=True,
    ),
    Choice(
        ALERT,
        "conditions[].conditionThreshold.trigger",
        ("count", "percent"),
        "Monitoring API, AlertPolicy.Trigger: one of the two",
        least=1,
    ),
    Choice(
        BUDGET,
        "amount",
        ("specifiedAmount", "lastPeriodAmount"),
        "Billing Budgets API, BudgetAmount: one of the two",
        least=1,
    ),
    Choice(
        GROUP,
        "",
        ("cloudRun", "appEngine", "cloudFunction", "pscTargetService", "serverlessDeployment"),
        "Compute API, regionNetworkEndpointGroups: exactly one backend",
        least=1,
    ),
    Choice(GROUP, "cloudRun", ("service", "urlMask"), "Compute API, NetworkEndpointGroupCloudRun", least=1, most=2),
    Choice(
        URL_MAP,
        "",
        ("defaultService", "defaultUrlRedirect"),
        "Compute API, urlMaps: a service or a redirect",
    ),
    Choice(
        URL_MAP,
        "",
        ("defaultRouteAction", "defaultUrlRedirect"),
        "Compute API, urlMaps, defaultRouteAction: no redirect beside it",
    ),
    Choice(
        URL_MAP,
        "pathMatchers[]",
        ("defaultService", "defaultUrlRedirect"),
        "Compute API, urlMaps, PathMatcher: a service or a redirect",
    ),
    Choice(
        URL_MAP,
        "pathMatchers[].pathRules[]",
        ("service", "urlRedirect"),
        "Compute API, urlMaps, PathRule: a service or a redirect",
    ),
    Choice(
        URL_MAP,
        "pathMatchers[].defaultUrlRedirect",
        ("pathRedirect", "prefixRedirect"),
        "Compute API, urlMaps, HttpRedirectAction: one of the two",
    ),
    Choice(
        PROXY,
        "",
        ("sslCertificates", "certificateMap", "certificateManagerCertificates"),
        "Compute API, targetHttpsProxies: certificates of one kind",
        least=1,
    ),
    Choice(RECORD, "", ("rrdatas", "routingPolicy"), "Cloud DNS API, ResourceRecordSet: one of the two", least=1),
)


MEMORY = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
GIB = 2**30
# vCPU to the least and most GiB.
# https://cloud.google.com/run/docs/configuring/services/cpu, https://cloud.google.com/run/docs/configuring/services/memory-limits
RUN_SIZES: dict[float, tuple[float, float]] = {1: (0.5, 4), 2: (0.5, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}
# Accelerator to its least vCPU and GiB: https://cloud.google.com/run/docs/configuring/services/gpu
GPU_SIZES: dict[str, tuple[float, float]] = {"nvidia-l4": (4, 16), "nvidia-rtx-pro-6000": (20, 80)}


def run_sizes(inputs: Properties) -> Found:
    """Cloud Run, configuring CPU, memory and GPU: which amounts there are, and which go together."""
    selector = next((value for _, value in values_at(inputs, "template.nodeSelector.accelerator")), None)
    with_gpu = False
    for path, container in values_at(inputs, "template.containers[]"):
        resources = container.get("resources") if isinstance(container, dict) else None
        limits = resources.get("limits") if isinstance(resources, dict) else None
        if not isinstance(limits, dict) or not isinstance(resources, dict):
            continue
        place = f"{path}.resources.limits"
        unknown = sorted(set(limits) - {"cpu", "memory", "nvidia.com/gpu"})
        if unknown:
            yield place, f"has {', '.join(unknown)}, none of cpu, memory, nvidia.com/gpu"
        cpu, gib = vcpus(limits.get("cpu", "1")), gibibytes(limits.get("memory", "512Mi"))
        if cpu is None or (cpu not in RUN_SIZES and selector != "nvidia-rtx-pro-6000"):
            yield f"{place}.cpu", f"{limits.get('cpu')!r} is none of 1, 2, 4, 6, 8"
        if gib is None:
            yield f"{place}.memory", f"{limits.get('memory')!r} is no amount of memory such as 2Gi"
        if cpu is not None and cpu in RUN_SIZES and gib is not None:
            least, most = RUN_SIZES[cpu]
            if not least <= gib <= most:
                yield f"{place}.memory", f"{gib:g} GiB is not within {least:g} and {most:g}, which {cpu:g} CPU take"
        if limits.get("nvidia.com/gpu") is None:
            continue
        with_gpu = True
        if str(limits["nvidia.com/gpu"]) != "1":
            yield f"{place}.nvidia.com/gpu", "an instance has one GPU"
        if resources.get("cpuIdle") is not False:
            yield f"{path}.resources.cpuIdle", "a GPU needs instance-based billing: false"
        least_cpu, least_gib = GPU_SIZES.get(str(selector), (0, 0))
        if (cpu is not None and cpu < least_cpu) or (gib is not None and gib < least_gib):
            yield place, f"{selector} needs {least_cpu:g} CPU and {least_gib:g} GiB at least"
    if with_gpu != (selector is not None):
        yield "template.nodeSelector", "a GPU limit and an accelerator need each other"


def vcpus(written: Value) -> float | None:
    """Read an amount of CPU: ``2`` or ``2000m``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", str(written))
    return None if found is None else float(found[1]) / (1000 if found[2] else 1)


def gibibytes(written: Value) -> float | None:
    """Read an amount of memory: ``512Mi`` or ``2G``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(\w*)", str(written))
    return float(found[1]) * MEMORY[found[2]] / GIB if found and found[2] in MEMORY else None


def run_mounts(inputs: Properties) -> Found:
    """Cloud Run API, VolumeMount.name: the name of a volume of the template; names are not given twice."""
    volumes = [str(name) for _, name in values_at(inputs, "template.volumes[].name")]
    for path, name in values_at(inputs, "template.containers[].volumeMounts[].name"):
        if str(name) not in volumes:
            yield path, f"there is no volume {name!r}"
    for name, times in Counter(volumes).items():
        if times > 1:
            yield "template.volumes", f"{name!r} is there {times} times"
    for path, envs in values_at(inputs, "template.containers[].envs"):
        names = Counter(str(env.get("name")) for env in as_list(envs) if isinstance(env, dict))
        for name, times in names.items():
            if times > 1:
                yield path, f"{name!r} is there {times} times"


def run_traffic(inputs: Properties) -> Found:
    """Cloud Run API, TrafficTarget.percent: the shares add up to 100."""
    shares = [share for _, share in values_at(inputs, "traffics[].percent")]
    total = sum(share for share in shares if isinstance(share, int | float))
    if shares and total != 100:
        yield "traffics", f"the shares add up to {total:g}, not 100"


def aligned(inputs: Properties) -> Found:
    """Monitoring API, Aggregation.crossSeriesReducer: only after an aligner other than ALIGN_NONE."""
    for kind in ("conditionThreshold", "conditionAbsent"):
        for name in ("aggregations", "denominatorAggregations"):
            for path, one in values_at(inputs, f"conditions[].{kind}.{name}[]"):
                if not isinstance(one, dict):
                    continue
                reduced = one.get("crossSeriesReducer") not in (None, "REDUCE_NONE")
                if reduced and one.get("perSeriesAligner") in (None, "ALIGN_NONE"):
                    yield f"{path}.crossSeriesReducer", "needs an aligner other than ALIGN_NONE"


def channel_labels(inputs: Properties) -> Found:
    """Monitoring, notification options: an e-mail channel has an address."""
    labels = inputs.get("labels")
    if inputs.get("type") == "email" and not (isinstance(labels, dict) and labels.get("email_address")):
        yield "labels.email_address", "is needed by a channel of type email"


def dashboard_tiles(inputs: Properties) -> Found:
    """Monitoring API v1, Dashboard: exactly one layout; tiles of a mosaic stay within its columns, 48 at most."""
    document = json_object(inputs.get("dashboardJson"))
    if document is None:
        return
    layouts = [name for name in ("gridLayout", "mosaicLayout", "rowLayout", "columnLayout") if name in document]
    if len(layouts) != 1:
        yield "dashboardJson", f"has {', '.join(layouts) or 'no layout'}: one is needed"
    mosaic = document.get("mosaicLayout")
    if not isinstance(mosaic, dict):
        return
    columns = mosaic.get("columns")
    if not isinstance(columns, int) or not 1 <= columns <= 48:
        yield "dashboardJson", f"{columns!r} columns is not within 1 and 48"
        return
    for tile in as_list(mosaic.get("tiles")):
        at, width = (tile.get("xPos", 0), tile.get("width", 0)) if isinstance(tile, dict) else (None, None)
        if not isinstance(at, int) or not isinstance(width, int) or at + width > columns:
            yield "dashboardJson", f"a tile reaches beyond the {columns} columns"


def routes(inputs: Properties) -> Found:
    """Compute API, urlMaps: host rules name path matchers of the map; no host and no path of a matcher stands twice."""
    matchers = [str(name) for _, name in values_at(inputs, "pathMatchers[].name")]
    for path, name in values_at(inputs, "hostRules[].pathMatcher"):
        if str(name) not in matchers:
            yield path, f"there is no path matcher {name!r}"
    hosts = Counter(str(host) for _, host in values_at(inputs, "hostRules[].hosts[]"))
    for host in (host for host, times in hosts.items() if times > 1):
        yield "hostRules", f"the host {host!r} is there more than once"
    for name in (name for name, times in Counter(matchers).items() if times > 1):
        yield "pathMatchers", f"{name!r} is there more than once"
    for place, matcher in values_at(inputs, "pathMatchers[]"):
        paths = Counter(str(path) for _, path in values_at({"m": matcher}, "m.pathRules[].paths[]"))
        for path in (path for path, times in paths.items() if times > 1):
            yield f"{place}.pathRules", f"the path {path!r} is there more than once"
        if isinstance(matcher, dict) and not any(name.startswith("default") for name in matcher):
            yield place, "needs a default service, redirect or route action"


def record_data(inputs: Properties) -> Found:
    """Cloud DNS, records overview: an A record holds IPv4 addresses, an AAAA record IPv6 ones."""
    patterns = {"A": r"\d{1,3}(\.\d{1,3}){3}", "AAAA": r"[0-9a-fA-F:.]+:[0-9a-fA-F:.]*"}
    pattern = patterns.get(str(inputs.get("type")))
    for path, data in values_at(inputs, "rrdatas[]"):
        if pattern is not None and re.fullmatch(pattern, str(data)) is None:
            yield path, f"{data!r} is no address of type {inputs.get('type')}"


def custom_features(inputs: Properties) -> Found:
    """Compute API, sslPolicies: custom features belong to the profile CUSTOM, and it needs them."""
    if (inputs.get("profile") == "CUSTOM") != bool(inputs.get("customFeatures")):
        yield "customFeatures", "belongs to the profile CUSTOM, which needs it"


STATEMENTS: dict[str, tuple[Statement, ...]] = {
    RUN: (
        ordered("minInstanceCount", "maxInstanceCount", "template.scaling"),
        ordered("timeoutSeconds", "periodSeconds", "template.containers[].startupProbe"),
        ordered("timeoutSeconds", "periodSeconds", "template.containers[].livenessProbe"),
        run_sizes,
        run_mounts,
        run_traffic,
    ),
    ALERT: (aligned,),
    "gcp:monitoring/notificationChannel:NotificationChannel": (channel_labels,),
    "gcp:monitoring/dashboard:Dashboard": (dashboard_tiles,),
    URL_MAP: (routes,),
    RECORD: (record_data,),
    "gcp:compute/sSLPolicy:SSLPolicy": (custom_features,),
}
