"""One AWS region: provider, key, notification topic, groups, the API before them, dashboard and budgets.

Configuration of the stack, what a base stack or another foundation provides:

``artifactBucket`` S3 bucket in this region; ``hostedZoneId`` Route 53 zone of the domain; ``certificateArn`` ACM
certificate of the domain in this region. Optional: ``kmsKeyArn`` (its policy must admit SageMaker, CloudWatch and
Budgets; without it the stack makes a key of its own), ``alarmTopicArn`` (without it the stack makes a topic),
``alarmEmail``, ``accessLogGroupArn`` (log group for the API's access log, where the account lets API Gateway write
logs), ``monthlyBudgetUsd``, ``subnetIds`` with ``securityGroupIds`` (endpoints run in that VPC, which serverless ones
cannot), ``protect`` (true once callers depend on the stack).
"""

import pulumi

from .aws_api import RegionalApi
from .aws_dashboards import dashboards
from .aws_endpoint import SageMakerGroup
from .aws_foundation import Foundation, alarm_topic, amazon, region_key, strings
from .aws_watch import budget
from .renames import formerly
from .values import AwsRegion, routed


def build_region(stack: AwsRegion) -> None:
    """Build all of one region and export its URLs.

    Parameters
    ----------
    stack : AwsRegion
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    provider = amazon(stack.account, stack.region, stack.tags)
    region = pulumi.ResourceOptions(provider=provider)
    protect = config.get_bool("protect") or False

    key_arn: pulumi.Input[str] = config.get("kmsKeyArn") or region_key(
        stack.environment, stack.account, stack.region, region, keep=protect
    )
    topic_arn: pulumi.Input[str] = config.get("alarmTopicArn") or alarm_topic(
        stack.account, key_arn, config.get("alarmEmail"), region
    )
    foundation = Foundation(
        artifact_bucket=config.require("artifactBucket"),
        key_arn=key_arn,
        topic_arn=topic_arn,
        subnet_ids=strings(config, "subnetIds"),
        security_group_ids=strings(config, "securityGroupIds"),
        protect=protect,
    )
    outside = [group.name for group in stack.groups if group.hosting == "sagemaker-serverless"]
    if foundation.subnet_ids and outside:
        # SageMaker takes no VPC for them; run beside it, they would be where nobody expects them.
        raise pulumi.RunError(
            f"{', '.join(outside)}: serverless endpoints run in no VPC. Take subnetIds out of the configuration, or "
            "plan these groups with instances."
        )

    component = pulumi.ResourceOptions(providers=[provider])
    endpoints: list[pulumi.Resource] = []
    for group in stack.groups:
        served = SageMakerGroup(group.name, group, stack, foundation, formerly(component, group.formerly))
        endpoints.append(served.endpoint)
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
        access_log_group_arn=config.get("accessLogGroupArn"),
        topic_arn=topic_arn,
        endpoints=endpoints,
        options=component,
    )
    dashboards(stack, region)

    pulumi.export("urls", {model.key: f"https://{stack.host}{model.path}" for _, model in routed(stack.groups)})
    if stack.shared_host is not None:
        pulumi.export("sharedUrl", f"https://{stack.shared_host}")
    pulumi.export("invokeArns", api.invoke_arns)
