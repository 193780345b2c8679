"""One group on AWS: a SageMaker endpoint with its identity, scaling and alarms.

Multi-model endpoints load models from the artifact bucket as requests name them (`TargetModel`), so neither a new model
nor a new version touches the endpoint. A GPU group is the same, its image a Triton container. Endpoints of one artifact
and serverless endpoints are given that artifact.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
from pulumi_aws import sagemaker
from pulumi_aws.appautoscaling import (
    PolicyTargetTrackingScalingPolicyConfigurationArgs as TargetTrackingArgs,
)
from pulumi_aws.appautoscaling import (
    PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs as PredefinedMetricArgs,
)
from pulumi_aws.sagemaker import (
    EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgs as TrafficRoutingArgs,
)
from pulumi_aws.sagemaker import (
    EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationCanarySizeArgs as CanarySizeArgs,
)

from .aws_foundation import Foundation
from .aws_identity import execution_role
from .aws_watch import VARIANT, endpoint_alarms
from .values import AwsGroup, AwsRegion, Days, ScheduledMinimum, shared_tags

# Days of the week as Application Auto Scaling's cron writes them, day of month and of week in this order.
CRON_DAYS: Mapping[Days, str] = {"all": "* * ?", "weekdays": "? * MON-FRI", "weekend": "? * SAT,SUN"}


class SageMakerGroup(pulumi.ComponentResource):
    """Models that share one SageMaker endpoint.

    Parameters
    ----------
    name : str
        Group name; prefix of all its resources.

    Attributes
    ----------
    endpoint : Endpoint
        What the routes before the group wait for.
    """

    endpoint: sagemaker.Endpoint

    def __init__(
        self,
        name: str,
        group: AwsGroup,
        stack: AwsRegion,
        foundation: Foundation,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("covey:aws:SageMakerGroup", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = {**shared_tags(group.models), "group": group.name}

        role, permissions = execution_role(
            name,
            group,
            stack,
            foundation.artifact_bucket,
            foundation.key_arn,
            uses_vpc=bool(foundation.subnet_ids),
            tags=tags,
            child=child,
        )
        model = sagemaker.Model(
            f"{name}-model",
            execution_role_arn=role.arn,
            primary_container=container(group, foundation.artifact_bucket),
            vpc_config=sagemaker.ModelVpcConfigArgs(
                subnets=list(foundation.subnet_ids), security_group_ids=list(foundation.security_group_ids)
            )
            if foundation.subnet_ids
            else None,
            tags=tags,
            # A role without its permissions is accepted and then fails to pull the image.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=list(permissions))),
        )
        configuration = sagemaker.EndpointConfiguration(
            f"{name}-config",
            production_variants=[variant(group, model.name)],
            kms_key_arn=foundation.key_arn if group.volume_key else None,
            tags=tags,
            opts=child,
        )
        rollback = endpoint_alarms(name, group, foundation.topic_arn, tags, child)
        endpoint = sagemaker.Endpoint(
            f"{name}-endpoint",
            name=group.endpoint,
            endpoint_config_name=configuration.name,
            # Serverless workers have no fleet to shift traffic between.
            deployment_config=None if group.hosting == "sagemaker-serverless" else blue_green(group, rollback),
            tags=tags,
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    protect=foundation.protect,
                    custom_timeouts=pulumi.CustomTimeouts(create="60m", update="120m", delete="30m"),
                ),
            ),
        )
        if group.hosting != "sagemaker-serverless":
            scale(name, group, endpoint, tags, child)
        self.endpoint = endpoint
        self.register_outputs({"endpoint": endpoint.name})


def container(group: AwsGroup, bucket: str) -> sagemaker.ModelPrimaryContainerArgs:
    """Return the container: over the whole bucket for many models, over one artifact for one."""
    if group.hosting == "sagemaker-multi-model":
        return sagemaker.ModelPrimaryContainerArgs(
            image=group.image,
            mode="MultiModel",
            model_data_url=f"s3://{bucket}/",
            multi_model_config=sagemaker.ModelPrimaryContainerMultiModelConfigArgs(model_cache_setting="Enabled"),
        )
    return sagemaker.ModelPrimaryContainerArgs(
        image=group.image,
        mode="SingleModel",
        model_data_url=f"s3://{bucket}/{group.models[0].artifact}",
    )


def initial_instances(group: AwsGroup) -> int:
    """Return the highest floor the plan was judged with: an update resets the live count, at any hour."""
    return max([group.min_replicas, *(entry.min_replicas for entry in group.schedule)])


def variant(group: AwsGroup, model_name: pulumi.Input[str]) -> sagemaker.EndpointConfigurationProductionVariantArgs:
    """Return the one production variant."""
    if group.hosting == "sagemaker-serverless":
        return sagemaker.EndpointConfigurationProductionVariantArgs(
            variant_name=VARIANT,
            model_name=model_name,
            serverless_config=sagemaker.EndpointConfigurationProductionVariantServerlessConfigArgs(
                memory_size_in_mb=group.memory_mb, max_concurrency=group.concurrency
            ),
        )
    return sagemaker.EndpointConfigurationProductionVariantArgs(
        variant_name=VARIANT,
        model_name=model_name,
        instance_type=group.instance_type,
        initial_instance_count=initial_instances(group),
        initial_variant_weight=1.0,
        # Bounds, not waits: a large model takes minutes to arrive and to load; by default it gets one.
        model_data_download_timeout_in_seconds=1800,
        container_startup_health_check_timeout_in_seconds=1800,
    )


def blue_green(
    group: AwsGroup, rollback: Sequence[aws.cloudwatch.MetricAlarm]
) -> sagemaker.EndpointDeploymentConfigArgs:
    """Return the rollout: one instance first where there are two or more, and back again when an alarm fires."""
    shift = TrafficRoutingArgs(type="ALL_AT_ONCE", wait_interval_in_seconds=600)
    if initial_instances(group) > 1:
        shift = TrafficRoutingArgs(
            type="CANARY",
            wait_interval_in_seconds=600,
            canary_size=CanarySizeArgs(type="INSTANCE_COUNT", value=1),
        )
    return sagemaker.EndpointDeploymentConfigArgs(
        blue_green_update_policy=sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyArgs(
            traffic_routing_configuration=shift,
            termination_wait_in_seconds=600,
            maximum_execution_timeout_in_seconds=7200,
        ),
        auto_rollback_configuration=sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationArgs(
            alarms=[
                sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs(alarm_name=alarm.name)
                for alarm in rollback
            ]
        ),
    )


def scale(
    name: str,
    group: AwsGroup,
    endpoint: sagemaker.Endpoint,
    tags: dict[str, str],
    child: pulumi.ResourceOptions,
) -> None:
    """Keep invocations a minute and instance near the plan's target; out within a minute, in after ten.

    Where the traffic follows the clock, the least number of instances does as well.
    """
    target = aws.appautoscaling.Target(
        f"{name}-scaling",
        service_namespace="sagemaker",
        scalable_dimension="sagemaker:variant:DesiredInstanceCount",
        resource_id=pulumi.Output.concat("endpoint/", endpoint.name, "/variant/", VARIANT),
        min_capacity=group.min_replicas,
        max_capacity=group.max_replicas,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(
            child,
            # Scheduled actions move the minimum of the target itself: an update at noon must not set back the
            # morning's. They leave the maximum alone, so that one stays ours. A new floor arrives with the next action.
            pulumi.ResourceOptions(ignore_changes=["minCapacity"] if group.schedule else []),
        ),
    )
    aws.appautoscaling.Policy(
        f"{name}-target-tracking",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        policy_type="TargetTrackingScaling",
        target_tracking_scaling_policy_configuration=TargetTrackingArgs(
            target_value=group.invocations_per_minute,
            predefined_metric_specification=PredefinedMetricArgs(
                predefined_metric_type="SageMakerVariantInvocationsPerInstance"
            ),
            scale_out_cooldown=60,
            scale_in_cooldown=600,
        ),
        opts=child,
    )
    for entry in group.schedule:
        aws.appautoscaling.ScheduledAction(
            f"{name}-{entry.days}-{entry.hour:02d}",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            schedule=cron(entry),
            timezone="UTC",
            scalable_target_action=aws.appautoscaling.ScheduledActionScalableTargetActionArgs(
                min_capacity=entry.min_replicas
            ),
            opts=child,
        )


def cron(entry: ScheduledMinimum) -> str:
    """Return when an entry begins, such as ``cron(0 8 ? * MON-FRI *)``."""
    return f"cron(0 {entry.hour} {CRON_DAYS[entry.days]} *)"
