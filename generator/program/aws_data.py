"""The AWS stacks as the values an emitted program is written in: every name, figure and path is decided here."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import cast

from generator.model import Group
from generator.program.cloud_names import aws_tag, checked, filled, short
from generator.program.site import Site, host, model, public_paths, whole_usd
from generator.program.stacks.components import values

HOURS_PER_MONTH = 730


def aws_stacks(regions: Mapping[str, Sequence[Group]], site: Site) -> dict[str, values.AwsStack]:
    """Return every AWS stack by name.

    Parameters
    ----------
    regions : mapping of str to sequence of Group
        The groups of each region, sorted by name.
    """
    stacks: dict[str, values.AwsStack] = {}
    for region, groups in sorted(regions.items()):
        name = f"{site.fleet.environment}-aws-{region}"
        stacks[name] = aws_region(name, groups, site)
    return stacks


def aws_settings(stack: values.AwsStack, site: Site) -> dict[str, str | None]:
    """Return what a stack's configuration is seeded with; what the fleet does not say is None."""
    environment = site.environment("aws")

    def local(text: str | None) -> str | None:
        return filled(text, stack.region, environment.account) if text else None

    return {
        "alarmEmail": environment.alarm_email,
        "alarmTopicArn": local(environment.alarm_topic),
        "artifactBucket": local(environment.artifact_bucket),
        "certificateArn": local(environment.certificate),
        "hostedZoneId": environment.dns_zone_id,
        "monthlyBudgetUsd": whole_usd(environment.monthly_budget_usd),
    }


def aws_region(stack: str, groups: Sequence[Group], site: Site) -> values.AwsRegion:
    """Return the data of one AWS region's stack."""
    environment = site.environment("aws")
    account = checked("AWS account", environment.account, "fleet.yaml, environments, aws")
    paths = public_paths(groups, site)
    region = groups[0].region
    made: list[values.AwsGroup] = []
    for group in groups:
        members = site.members(group)
        machine = site.machine(group)
        serverless = group.hosting == "sagemaker-serverless"
        offering = site.catalog.offering_of.get((group.hosting, group.instance_type, group.region))
        made.append(
            values.AwsGroup(
                name=group.name,
                endpoint=site.succession.name(stack, group, "endpoint", f"{site.fleet.environment}-{group.name}", 63),
                hosting=cast("values.AwsHosting", group.hosting),
                instance_type=group.instance_type,
                image=filled(site.image(group, members[0], "aws").template, group.region, account),
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
                models=tuple(
                    model(workload, site.keys[workload.name], paths[workload.name], aws_tag) for workload in members
                ),
                formerly=site.formerly(group),
            )
        )
    return values.AwsRegion(
        environment=site.fleet.environment,
        fleet=site.project,
        account=account,
        region=region,
        host=host(environment, region),
        api=short(f"{site.fleet.environment}-{site.project}", 63),
        tags=site.tags(stack),
        groups=tuple(made),
    )


def has_local_storage(instance_type: str) -> bool:
    """Whether an ``ml.`` type has NVMe disks, on which SageMaker refuses a key (CreateEndpointConfig, KmsKeyId)."""
    family = instance_type.split(".")[1] if instance_type.count(".") == 2 else ""
    return re.fullmatch(r"(?:[a-z]+\d[a-z]*d[a-z]*|g[4-9].*|p[3-9]d.*|p[4-9].*|trn.*)", family) is not None
