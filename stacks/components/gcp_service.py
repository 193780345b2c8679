"""One group on GCP: a Cloud Run service with its identity, scaling, alerts, dashboard and budget.

The artifact bucket is mounted read-only, and the load balancer rewrites each public path to the server's predict path
followed by the model's artifact key; the server loads an artifact when it is first asked for. So, as with SageMaker's
`TargetModel`, neither a new model nor a new version touches the service. A group of a single artifact is told that
artifact beforehand, and its predict path stands alone. The server finds

- ``MODELS_ROOT``: where the bucket is mounted;
- ``MODEL_ARTIFACT``: the artifact's key below it, in groups that serve one artifact only. Its health path must not
  answer before that artifact is loaded.

What is taken back by itself: a revision whose start-up probe never passes gets no request, the update fails, and what
served goes on serving. What is not: a revision that starts and then answers badly, for Cloud Run knows no rollback on
an alarm. The alerts tell, and ``heldRevisions`` in the stack's configuration gives requests to an earlier revision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp import cloudrunv2
from pulumi_gcp.cloudrunv2 import ServiceTemplateContainerStartupProbeHttpGetArgs as HttpGetArgs

from .gcp_watch import budget, dashboard, service_alerts
from .values import CloudRunGroup, GcpRegion, artifacts, shared_tags

MODELS_ROOT = "/mnt/models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What the groups of a region find already there."""

    artifact_bucket: str
    invokers: tuple[str, ...]
    kms_key: str | None
    channels: tuple[pulumi.Input[str], ...]
    billing_account: str | None
    held_revisions: Mapping[str, str]
    protect: bool


class CloudRunModels(pulumi.ComponentResource):
    """Models that share one Cloud Run service.

    Parameters
    ----------
    name : str
        Group name; prefix of all its resources.
    """

    def __init__(
        self,
        name: str,
        group: CloudRunGroup,
        stack: GcpRegion,
        foundation: Foundation,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("covey:gcp:CloudRunModels", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # The stack's own come last: a workload's tag of the same name must not hide a service from budget and owner.
        labels = {**shared_tags(group.models), **stack.labels, "group": group.name}

        identity = gcp.serviceaccount.Account(
            f"{name}-identity",
            account_id=group.identity,
            display_name=f"Model server of {group.name}",
            opts=child,
        )
        reader = gcp.storage.BucketIAMMember(
            f"{name}-artifacts",
            bucket=foundation.artifact_bucket,
            role="roles/storage.objectViewer",
            member=identity.member,
            opts=child,
        )
        service = cloudrunv2.Service(
            f"{name}-service",
            name=group.service,
            location=stack.region,
            ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            default_uri_disabled=True,
            # The second whether or not the fleet's domain leads here, which is the load balancer's to change.
            custom_audiences=[f"https://{stack.host}", f"https://{stack.domain}"],
            deletion_protection=foundation.protect,
            labels=labels,
            traffics=traffic(foundation.held_revisions.get(name)),
            # Without this block the provider finds a difference in every preview.
            scaling=cloudrunv2.ServiceScalingArgs(scaling_mode="AUTOMATIC", min_instance_count=group.min_replicas),
            template=cloudrunv2.ServiceTemplateArgs(
                service_account=identity.email,
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                encryption_key=foundation.kms_key,
                max_instance_request_concurrency=group.concurrency,
                scaling=cloudrunv2.ServiceTemplateScalingArgs(
                    max_instance_count=group.max_replicas,
                    concurrency_utilization=group.concurrency_utilization,
                ),
                node_selector=cloudrunv2.ServiceTemplateNodeSelectorArgs(accelerator=group.accelerator)
                if group.accelerator
                else None,
                # Redundancy across zones has a quota of its own, granted on request only.
                gpu_zonal_redundancy_disabled=True if group.accelerator else None,
                volumes=[
                    cloudrunv2.ServiceTemplateVolumeArgs(
                        name="models",
                        gcs=cloudrunv2.ServiceTemplateVolumeGcsArgs(bucket=foundation.artifact_bucket, read_only=True),
                    )
                ],
                containers=[container(group)],
            ),
            # An instance that starts before it may read the bucket fails its start.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[reader], protect=foundation.protect)
            ),
        )
        for member in sorted(foundation.invokers):
            cloudrunv2.ServiceIamMember(
                f"{name}-invoker-{member.rpartition(':')[2]}",
                location=stack.region,
                name=service.name,
                role="roles/run.invoker",
                member=member,
                opts=child,
            )
        service_alerts(name, group, labels, foundation.channels, child)
        dashboard(name, group, child)
        if foundation.billing_account is not None and group.monthly_ceiling_usd is not None:
            budget(
                f"{name}-budget",
                f"{stack.environment}-{stack.region}-{name}",
                foundation.billing_account,
                stack.project,
                {"group": name},
                str(group.monthly_ceiling_usd),
                foundation.channels,
                child,
            )
        self.register_outputs({"service": service.name})


def traffic(held: str | None) -> list[cloudrunv2.ServiceTrafficArgs]:
    """Return who answers: the newest revision that is ready, or the one held while the newest is looked into."""
    if held is None:
        return [cloudrunv2.ServiceTrafficArgs(type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent=100)]
    return [
        cloudrunv2.ServiceTrafficArgs(
            type="TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision=held, percent=100, tag="held"
        ),
        cloudrunv2.ServiceTrafficArgs(type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent=0, tag="newest"),
    ]


def container(group: CloudRunGroup) -> cloudrunv2.ServiceTemplateContainerArgs:
    """Return the model server's container."""
    limits = {"cpu": str(group.cores), "memory": f"{group.memory_gib:g}Gi"}
    if group.accelerator:
        limits["nvidia.com/gpu"] = "1"
    envs = [cloudrunv2.ServiceTemplateContainerEnvArgs(name="MODELS_ROOT", value=MODELS_ROOT)]
    keys = artifacts(group)
    if len(keys) == 1:
        envs.append(cloudrunv2.ServiceTemplateContainerEnvArgs(name="MODEL_ARTIFACT", value=keys[0]))
    return cloudrunv2.ServiceTemplateContainerArgs(
        image=group.image,
        ports=cloudrunv2.ServiceTemplateContainerPortsArgs(container_port=group.port),
        envs=envs,
        resources=cloudrunv2.ServiceTemplateContainerResourcesArgs(
            limits=limits,
            # Billed while the instance lives, as the plan priced it, and the only way with a GPU.
            cpu_idle=False,
            startup_cpu_boost=True,
        ),
        volume_mounts=[cloudrunv2.ServiceTemplateContainerVolumeMountArgs(name="models", mount_path=MODELS_ROOT)],
        # Four minutes to the first healthy answer, the most a service may take; an instance gets no request before.
        startup_probe=cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            http_get=HttpGetArgs(path=group.health_path),
            period_seconds=10,
            timeout_seconds=5,
            failure_threshold=24,
        ),
    )
