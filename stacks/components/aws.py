"""One AWS region: provider, key, notification topic, groups, the API before them, dashboard and budgets.

Configuration of the stack, what a foundation outside this project provides:

``artifactBucket`` S3 bucket in this region; ``hostedZoneId`` Route 53 zone of the domain; ``certificateArn`` ACM
certificate of the domain in this region. Optional: ``kmsKeyArn`` (its policy must admit SageMaker, CloudWatch and
Budgets; without it the stack makes a key of its own), ``alarmTopicArn`` (without it the stack makes a topic),
``alarmEmail``, ``monthlyBudgetUsd``, ``subnetIds`` with ``securityGroupIds``, ``protect`` (true once callers depend on
the stack).
"""

import json
from typing import cast

import pulumi
import pulumi_aws as aws

from .aws_api import RegionalApi
from .aws_endpoint import Foundation, SageMakerGroup
from .aws_watch import budget, dashboard
from .renames import formerly
from .values import AwsRegion


def build_region(stack: AwsRegion) -> None:
    """Build all of one region and export its URLs.

    Parameters
    ----------
    stack : AwsRegion
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    provider = aws.Provider(
        "aws",
        region=stack.region,
        allowed_account_ids=[stack.account],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(stack.tags)),
    )
    region = pulumi.ResourceOptions(provider=provider)
    protect = config.get_bool("protect") or False

    key_arn: pulumi.Input[str] = config.get("kmsKeyArn") or region_key(stack, region, protect=protect)
    topic_arn: pulumi.Input[str] = config.get("alarmTopicArn") or alarm_topic(
        stack, key_arn, config.get("alarmEmail"), region
    )
    foundation = Foundation(
        artifact_bucket=config.require("artifactBucket"),
        key_arn=key_arn,
        topic_arn=topic_arn,
        subnet_ids=strings(config, "subnetIds"),
        security_group_ids=strings(config, "securityGroupIds"),
        protect=protect,
    )

    component = pulumi.ResourceOptions(providers=[provider])
    for group in stack.groups:
        SageMakerGroup(group.name, group, stack, foundation, formerly(component, group.formerly))
        if group.monthly_ceiling_usd is not None:
            budget(
                f"budget-{group.name}",
                # The endpoint's name outlasts the group's: a budget of another name would be another budget.
                f"{stack.region}-{group.endpoint}",
                f"user:group${group.name}",
                str(group.monthly_ceiling_usd),
                topic_arn,
                formerly(region, [f"budget-{name}" for name in group.formerly]),
            )
    monthly_budget_usd = config.get("monthlyBudgetUsd")
    if monthly_budget_usd is not None:
        budget(
            "budget",
            f"{stack.environment}-{stack.region}",
            f"user:stack${stack.tags['stack']}",
            monthly_budget_usd,
            topic_arn,
            region,
        )

    api = RegionalApi(
        "edge",
        stack,
        certificate_arn=config.require("certificateArn"),
        hosted_zone_id=config.require("hostedZoneId"),
        topic_arn=topic_arn,
        options=component,
    )
    dashboard(stack, region)

    pulumi.export("urls", {model.key: f"https://{stack.host}{model.path}" for g in stack.groups for model in g.models})
    pulumi.export("invokeArn", api.invoke_arn)


def region_key(stack: AwsRegion, region: pulumi.ResourceOptions, *, protect: bool) -> pulumi.Output[str]:
    """Make the key for volumes and notifications: an AWS-managed key cannot be used by CloudWatch or Budgets."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{stack.account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Notifications",
                "Effect": "Allow",
                "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": stack.account}},
            },
        ],
    }
    key = aws.kms.Key(
        "region-key",
        description=f"Model endpoints of {stack.environment} in {stack.region}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=json.dumps(policy, sort_keys=True),
        opts=pulumi.ResourceOptions.merge(region, pulumi.ResourceOptions(retain_on_delete=protect)),
    )
    return key.arn


def alarm_topic(
    stack: AwsRegion, key_arn: pulumi.Input[str], email: str | None, region: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make the topic that alarms and budgets of this region speak to, and subscribe `email` where there is one."""
    topic = aws.sns.Topic("alarms", kms_master_key_id=key_arn, opts=region)
    policy: dict[str, pulumi.Input[object]] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Publish",
                "Effect": "Allow",
                "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
                "Action": "sns:Publish",
                "Resource": topic.arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": stack.account}},
            }
        ],
    }
    aws.sns.TopicPolicy("alarms-policy", arn=topic.arn, policy=pulumi.Output.json_dumps(policy), opts=region)
    if email:
        aws.sns.TopicSubscription("alarms-email", topic=topic.arn, protocol="email", endpoint=email, opts=region)
    return topic.arn


def strings(config: pulumi.Config, key: str) -> tuple[str, ...]:
    """Read a list of strings, empty where it is not set."""
    return tuple(cast("list[str]", config.get_object(key) or []))
