"""The AWS stacks as the values an emitted program is written in: every name, figure and path is decided here."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import cast

from generator.errors import EmitError
from generator.model import HOURS_PER_MONTH, Group
from generator.program.cloud_names import aws_tag, checked, filled, short
from generator.program.shared_domain import not_shared
from generator.program.site import Site, host, model, public_paths, whole_usd
from generator.program.stacks.components import values

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MOST_API_RESOURCES = 300
DAYS: Mapping[str, frozenset[str]] = {
    "all": frozenset(("weekdays", "weekend")),
    "weekdays": frozenset(("weekdays",)),
    "weekend": frozenset(("weekend",)),
}


def aws_stacks(regions: Mapping[str, Sequence[Group]], site: Site) -> dict[str, values.AwsStack]:
    """Return every AWS stack by name.

    Parameters
    ----------
    regions : mapping of str to sequence of Group
        The groups of each region, sorted by name.
    """
    retired = {name: stack for name, stack in site.retirement.stacks.items() if isinstance(stack, values.AwsRegion)}
    if not regions and not retired:
        return {}
    environment = site.environment("aws")
    served = {
        f"{site.fleet.environment}-aws-{region}": aws_region(region, groups, site)
        for region, groups in sorted(regions.items())
    }
    if not_shared("aws", list(served.values()), site) is None:
        served = {name: replace(stack, shared_host=environment.domain) for name, stack in served.items()}
    served |= retired
    if not environment.base:
        return {**served}
    if len(served) > 1 and "{region}" not in environment.artifact_bucket:
        raise EmitError(
            "fleet.yaml, environments, aws, artifact_bucket",
            f"{environment.artifact_bucket[:80]!r} is one bucket for {len(served)} regions.",
            "SageMaker reads artifacts from its own region: write {region} into the name.",
        )
    return {
        **{f"{name}-base": aws_base(f"{name}-base", stack.region, site) for name, stack in served.items()},
        **served,
    }


def aws_settings(stack: values.AwsStack, site: Site) -> dict[str, str | None]:
    """Return what a stack's configuration is seeded with; what the fleet does not say is None."""
    environment = site.environment("aws")

    def local(text: str | None) -> str | None:
        return filled(text, stack.region, environment.account) if text else None

    settings = {"alarmEmail": environment.alarm_email, "hostedZoneId": environment.dns_zone_id}
    if isinstance(stack, values.AwsBase):
        return settings
    return settings | {
        "alarmTopicArn": local(environment.alarm_topic),
        "artifactBucket": local(environment.artifact_bucket),
        "certificateArn": local(environment.certificate),
        "monthlyBudgetUsd": whole_usd(environment.monthly_budget_usd),
    }


def aws_base(stack: str, region: str, site: Site) -> values.AwsBase:
    """Return the data of what is one per account and region."""
    environment = site.environment("aws")
    return values.AwsBase(
        environment=site.fleet.environment,
        fleet=site.project,
        account=checked("AWS account", environment.account, "fleet.yaml, environments, aws"),
        region=region,
        artifact_bucket=checked(
            "S3 bucket",
            filled(environment.artifact_bucket, region, environment.account),
            "fleet.yaml, environments, aws, artifact_bucket",
        ),
        certificate_domain=checked("domain", environment.domain, "fleet.yaml, environments, aws")
        if environment.certificate is None
        else None,
        alarm_topic=environment.alarm_topic is None,
        tags=site.tags(stack),
    )


def aws_region(region: str, groups: Sequence[Group], site: Site) -> values.AwsRegion:
    """Return the data of one AWS region's stack."""
    environment = site.environment("aws")
    account = checked("AWS account", environment.account, "fleet.yaml, environments, aws")
    stack = f"{site.fleet.environment}-aws-{region}"
    paths = public_paths(groups, site)
    retiring = site.retirement.aws.get(stack, ())
    left = [model for group in groups for model in site.retirement.leaving.get(group.name, ())]
    left += [model for group in retiring for model in group.models]
    # By key, and what a group of the layout serves has the last word: whatever leaves keeps the path it had.
    public = {model.key: model.path for model in left} | {site.keys[name]: path for name, path in paths.items()}
    split_paths = api_resources(public.values()) > MOST_API_RESOURCES
    if split_paths:
        public = split(public)

    def placed(models: Iterable[values.Model]) -> tuple[values.Model, ...]:
        return tuple(replace(model, path=public[model.key]) for model in models)

    made: list[values.AwsGroup] = []
    for group in groups:
        members = site.members(group)
        machine = site.machine(group)
        serverless = group.hosting == "sagemaker-serverless"
        offering = site.catalog.offering_of.get((group.hosting, group.instance_type, group.region))
        template = site.image(group, members[0], "aws").template
        if machine.gpus and group.hosting == "sagemaker-multi-model" and "triton" not in template.lower():
            raise EmitError(
                f"group {group.name}, runtime {members[0].runtime[:80]!r}",
                "serves several models on a GPU, which SageMaker does with its Triton image only.",
                "Give the runtime the Triton image of your region, or another hosting kind.",
            )
        made.append(
            values.AwsGroup(
                name=group.name,
                endpoint=site.succession.name(stack, group, "endpoint", f"{site.fleet.environment}-{group.name}", 63),
                hosting=cast("values.AwsHosting", group.hosting),
                instance_type=group.instance_type,
                image=checked(
                    "ECR image",
                    filled(template, group.region, account),
                    f"group {group.name}, runtime {members[0].runtime[:80]!r}",
                ),
                min_replicas=group.min_replicas,
                max_replicas=group.max_replicas,
                invocations_per_minute=round(group.target_utilization * group.replica_rps * 60.0, 3),
                cores=machine.vcpus,
                gpus=machine.gpus,
                memory_mb=round(machine.memory_gib * 1024) if serverless else 0,
                # 200 is what one endpoint may ask for.
                concurrency=min(200, max(1, group.max_replicas * group.slots)) if serverless else 0,
                volume_key=not has_local_storage(group.instance_type),
                monthly_ceiling_usd=math.ceil(offering.price.usd_per_h * group.max_replicas * HOURS_PER_MONTH)
                if offering
                else None,
                schedule=schedule(group),
                models=placed(
                    model(workload, site.keys[workload.name], paths[workload.name], aws_tag) for workload in members
                ),
                planned_hit_rate=None if group.planned_hit_rate is None else round(group.planned_hit_rate, 3),
                formerly=site.formerly(group),
                leaving=placed(site.retirement.leaving.get(group.name, ())),
            )
        )
    made += [replace(group, models=placed(group.models)) for group in retiring]
    return values.AwsRegion(
        environment=site.fleet.environment,
        fleet=site.project,
        account=account,
        region=region,
        host=host(environment, region),
        shared_host=None,
        api=short(f"{site.fleet.environment}-{site.project}", 63),
        split_paths=split_paths,
        tags=site.tags(stack),
        groups=tuple(sorted(made, key=lambda group: group.name)),
    )


def schedule(group: Group) -> tuple[values.ScheduledMinimum, ...]:
    """Return a group's minimums that follow the clock, by day and hour; what cannot be followed is refused."""
    if group.schedule and group.hosting == "sagemaker-serverless":
        raise EmitError(
            f"group {group.name}",
            "a serverless endpoint keeps no instance running, so it has no minimum to schedule.",
            "Plan anew, or take its schedule away.",
        )
    begun: set[tuple[str, int]] = set()
    for entry in group.schedule:
        what = f"the schedule asks for {entry.min_replicas} replicas from {entry.hour} o'clock, {entry.days},"
        if not (group.min_replicas <= entry.min_replicas <= group.max_replicas and 0 <= entry.hour <= 23):
            raise EmitError(
                f"group {group.name}",
                f"{what} outside {group.min_replicas} to {group.max_replicas} replicas or hours 0 to 23.",
                "Plan anew.",
            )
        beginnings = {(day, entry.hour) for day in DAYS[entry.days]}
        if begun & beginnings:
            raise EmitError(f"group {group.name}", f"{what} and another entry begins then.", "Keep one of the two.")
        begun |= beginnings
    return tuple(
        values.ScheduledMinimum(days=entry.days, hour=entry.hour, min_replicas=entry.min_replicas)
        for entry in sorted(group.schedule, key=lambda entry: (entry.days, entry.hour))
    )


def api_resources(paths: Iterable[str]) -> int:
    """Count the resources of a REST API with these paths: the root, and every part of a path once."""
    parts = [path.strip("/").split("/") for path in paths]
    return 1 + len({tuple(part[:depth]) for part in parts for depth in range(1, len(part) + 1)})


def split(paths: Mapping[str, str]) -> dict[str, str]:
    """Return the paths, by key, of a region that has more than one REST API holds, each behind a digit of its API.

    The digits are the first of the digest of a model's key, as many as it takes: which API a model is behind follows
    from itself alone, and changes when a region outgrows sixteen times what one API holds.
    """
    for length in itertools.count(1):
        behind = {key: sha256(key.encode()).hexdigest()[:length] for key in paths}
        held: dict[str, list[str]] = {}
        for key, path in paths.items():
            held.setdefault(behind[key], []).append(path)
        if all(api_resources(those) <= MOST_API_RESOURCES for those in held.values()):
            return {key: f"/{behind[key]}{path}" for key, path in paths.items()}
    raise AssertionError  # Digests differ somewhere, and a path alone has fewer parts than an API has resources.


def has_local_storage(instance_type: str) -> bool:
    """Whether an ``ml.`` type has NVMe disks, on which SageMaker refuses a key (CreateEndpointConfig, KmsKeyId)."""
    family = instance_type.split(".")[1] if instance_type.count(".") == 2 else ""
    return re.fullmatch(r"(?:[a-z]+\d[a-z]*d[a-z]*|g[4-9].*|p[3-9]d.*|p[4-9].*|trn.*)", family) is not None
