"""What the clouds refuse or cut off, found before they are asked."""

import json
from collections.abc import Iterator

from .documents import document, operations
from .links import aws_region, configuration_of, model_of, scaling_of
from .rule import STACK, Resource, Rule, Stack
from .tokens import (
    API,
    AWS_PROVIDER,
    CONFIGURATION,
    ENDPOINT,
    IAM_POLICY,
    INLINE_POLICY,
    SAGEMAKER_MODEL,
    SCALING_TARGET,
    SERVICE,
)


def _not_sold(resource: Resource, stack: Stack) -> Iterator[str]:
    machines = stack.settings.tables["machines"]
    # The tables hold the fleet's own regions; of any other, region-is-the-fleets tells.
    known = stack.settings.fleet["regions"]
    if resource.type == SERVICE:
        accelerator = resource.get("template", "nodeSelector", "accelerator")
        hosting, region = ("cloud-run-gpu" if accelerator else "cloud-run-cpu"), resource.get("location")
        if f"gcp:{region}" not in known:
            return
        sold = {place for places in machines.get(hosting, {}).values() for place in places}
        if region not in sold:
            yield f"{resource.get('name')} is in {region}, where Cloud Run has no {accelerator or 'CPU'} on sale."
        return
    region = aws_region(stack)
    if f"aws:{region}" not in known:
        return
    model = model_of(resource, stack)
    many = model is not None and model.get("primaryContainer", "mode") == "MultiModel"
    hosting = "sagemaker-multi-model" if many else "sagemaker-single-model"
    for variant in resource.get("productionVariants") or ():
        machine = variant.get("instanceType")
        if machine is not None and region not in machines.get(hosting, {}).get(machine, ()):
            yield f"{resource.name} wants {machine} in {region}; nothing shows that it is sold there for {hosting}."


SOLD = Rule(
    id="machine-is-sold-here",
    domain="limits",
    severity="high",
    title="The machine is sold in the stack's region, for this kind of hosting.",
    incident="A type that the region lacks, or a GPU family that multi-model endpoints do not take, passes every "
    "preview; quota and capacity are found out in the update: skypilot#2126, amazon-sagemaker-examples#307.",
    remedy="Plan again: the catalogue knows what is sold where. For a machine of your own knowledge, disable this "
    "rule.",
    link="https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-support.html",
    types=(CONFIGURATION, SERVICE),
    check=_not_sold,
    scope="stack",
    reads=(AWS_PROVIDER, SAGEMAKER_MODEL),
)


def _over_quota(_: Resource, stack: Stack) -> Iterator[str]:
    wanted: dict[str, float] = {}
    for endpoint in stack.of(ENDPOINT):
        configuration, target = configuration_of(endpoint, stack), scaling_of(endpoint, stack)
        if configuration is not None and target is not None:
            machine = configuration.get("productionVariants", 0, "instanceType")
            wanted[machine] = wanted.get(machine, 0.0) + target.get("maxCapacity")
    for machine, most in sorted(wanted.items()):
        quota = stack.settings.fleet["quotas"].get(machine)
        if quota is not None and most > quota:
            yield f"Groups of this stack may grow to {most:g} {machine} together; the quota is {quota:g}."


QUOTA = Rule(
    id="replicas-stay-within-quota",
    domain="limits",
    severity="high",
    title="All groups of a region at their largest stay within its quotas.",
    incident="Quotas are found out at the peak, when the autoscaler is refused: skypilot#447, #2554, "
    "amazon-sagemaker-examples#307.",
    remedy="Lower max_replicas, or raise the quota first at AWS and then under `limits` of fleet.yaml, and emit again.",
    link="https://github.com/skypilot-org/skypilot/issues/2554",
    types=(STACK,),
    check=_over_quota,
    scope="stack",
    reads=(CONFIGURATION, ENDPOINT, SCALING_TARGET),
)


def _too_many_alarms(resource: Resource, _: Stack) -> Iterator[str]:
    alarms = resource.get("deploymentConfig", "autoRollbackConfiguration", "alarms") or ()
    if len(alarms) > 10:
        yield f"{resource.get('name')} names {len(alarms)} rollback alarms; 10 are taken."


ALARMS = Rule(
    id="rollback-alarms-fit",
    domain="limits",
    severity="medium",
    title="An endpoint names at most ten rollback alarms.",
    incident="The eleventh is refused by CreateEndpoint, after everything else has been made (AlarmList, at most 10).",
    remedy="Name errors and latency; let the others only notify.",
    link="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html",
    types=(ENDPOINT,),
    check=_too_many_alarms,
)


def _crowded(resource: Resource, stack: Stack) -> Iterator[str]:
    most = stack.parameter("most")
    parts: set[str] = {"/"}
    for path in document(resource, "body").get("paths") or ():
        steps = path.strip("/").split("/")
        parts |= {"/".join(steps[: at + 1]) for at in range(len(steps))}
    if len(parts) > most:
        yield f"{resource.get('name') or resource.name} has {len(parts)} resources; {most:g} are granted."


CROWDED = Rule(
    id="api-holds-its-paths",
    domain="limits",
    severity="high",
    title="An API has no more paths than its quota.",
    incident="A REST API holds 300 resources until AWS raises it: the model one too many fails the deployment of "
    "all (API Gateway, quotas for REST APIs).",
    remedy="Ask for a higher quota and set `most` to it, or split the region's groups.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
    types=(API,),
    check=_crowded,
    parameters={"most": 300},
)


def _impatient(resource: Resource, stack: Stack) -> Iterator[str]:
    most_ms = stack.parameter("most_ms")
    for path, method, operation in operations(resource):
        timeout_ms = (operation.get("x-amazon-apigateway-integration") or {}).get("timeoutInMillis")
        if timeout_ms is not None and not 50 <= timeout_ms <= most_ms:
            yield f"{method.upper()} {path} waits {timeout_ms:g} ms; 50 to {most_ms:g} are granted."


PATIENCE = Rule(
    id="paths-wait-no-longer-than-granted",
    domain="limits",
    severity="high",
    title="A path waits no longer than API Gateway lets it.",
    incident="More than 29 s are refused until AWS raises the quota, which it does for regional APIs only; the "
    "whole API's deployment fails with it (API Gateway, quotas for REST APIs).",
    remedy="Keep to 29,000 ms, or have the quota raised and set `most_ms` to it.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
    types=(API,),
    check=_impatient,
    parameters={"most_ms": 29000},
)


def _long_policy(resource: Resource, _: Stack) -> Iterator[str]:
    most = 6144 if resource.type == IAM_POLICY else 10240
    # White space outside of texts is not counted; compact JSON has none.
    length = len(json.dumps(document(resource, "policy"), separators=(",", ":"), ensure_ascii=False))
    if length > most:
        yield f"{resource.name} is {length} characters long; {most} are taken."


LENGTH = Rule(
    id="policies-fit",
    domain="limits",
    severity="medium",
    title="Policy documents are no longer than IAM takes.",
    incident="A group that grew by one model too many fails its update when IAM refuses the policy: 6,144 "
    "characters for a managed one, 10,240 for all inline ones of a role (IAM quotas).",
    remedy="Cut the list into several managed policies, as attach() in components/aws_identity.py does.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    types=(IAM_POLICY, INLINE_POLICY),
    check=_long_policy,
)


def _serverless(resource: Resource, _: Stack) -> Iterator[str]:
    for variant in resource.get("productionVariants") or ():
        given = variant.get("serverlessConfig")
        if given is None:
            continue
        memory_mb, concurrency = given.get("memorySizeInMb"), given.get("maxConcurrency")
        if memory_mb not in range(1024, 6145, 1024):
            yield f"{resource.name} asks for {memory_mb:g} MB a worker; whole GiB from 1,024 to 6,144 are sold."
        if not 1 <= concurrency <= 200:
            yield f"{resource.name} asks for {concurrency:g} workers; 1 to 200 are granted."


SERVERLESS = Rule(
    id="serverless-fits",
    domain="limits",
    severity="medium",
    title="A serverless endpoint asks for memory and workers that are sold.",
    incident="Memory comes in whole GiB up to six and workers up to 200; anything else is refused in the update "
    "(ProductionVariantServerlessConfig).",
    remedy="Correct memory_mb and concurrency of the group.",
    link="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html",
    types=(CONFIGURATION,),
    check=_serverless,
)

MIB = {"Mi": 1.0, "Gi": 1024.0, "M": 1000**2 / 1024**2, "G": 1000**3 / 1024**2}


def _gpu_lacks(resource: Resource, _: Stack) -> Iterator[str]:
    if not resource.get("template", "nodeSelector", "accelerator"):
        return
    limits = resource.get("template", "containers", 0, "resources", "limits") or {}
    lacks: list[str] = []
    if float(limits.get("cpu") or 0) < 4:
        lacks.append("4 CPU")
    if mebibytes(limits.get("memory") or "0Mi") < 16 * 1024:
        lacks.append("16 GiB")
    if resource.get("template", "containers", 0, "resources", "cpuIdle") is not False:
        lacks.append("CPU while idle (cpu_idle=False)")
    if resource.get("template", "gpuZonalRedundancyDisabled") is not True:
        lacks.append("gpu_zonal_redundancy_disabled=True")
    if lacks:
        yield f"The service {resource.get('name')} has a GPU without {', '.join(lacks)}."


def mebibytes(text: str) -> float:
    """Read a quantity of memory as Cloud Run writes it, such as ``16Gi``.

    >>> mebibytes("16Gi"), mebibytes("512Mi")
    (16384.0, 512.0)
    """
    unit = next((unit for unit in MIB if text.endswith(unit)), "")
    return float(text.removesuffix(unit)) * MIB[unit] if unit else float(text) / 1024**2


GPU = Rule(
    id="gpu-service-starts",
    domain="limits",
    severity="high",
    title="A service with a GPU has what Cloud Run asks of one.",
    incident="Redundancy across zones has a quota of its own, which few were granted: magic-modules#17149. A GPU "
    "needs 4 CPU, 16 GiB and instance-based billing, or the service is refused.",
    remedy="Take the size from the catalogue, and leave zonal redundancy off unless its quota was granted.",
    link="https://cloud.google.com/run/docs/configuring/services/gpu",
    types=(SERVICE,),
    check=_gpu_lacks,
)

RULES: tuple[Rule, ...] = (SOLD, QUOTA, ALARMS, CROWDED, PATIENCE, LENGTH, SERVERLESS, GPU)
