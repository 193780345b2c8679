"""What a region's groups stand on: the stack that makes them makes it as well, or a base stack or landing zone did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What the groups of a region find already there."""

    artifact_bucket: str
    key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    protect: bool


def amazon(account: str, region: str, tags: Mapping[str, str]) -> aws.Provider:
    """Return the one provider of a stack: another account's credentials are refused before anything is made."""
    return aws.Provider(
        "aws",
        region=region,
        allowed_account_ids=[account],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(tags)),
    )


def region_key(
    environment: str, account: str, region: str, options: pulumi.ResourceOptions, *, keep: bool
) -> pulumi.Output[str]:
    """Make the key for volumes, artifacts, logs and notifications; an AWS-managed one serves no alarm or budget.

    Parameters
    ----------
    keep : bool
        Leave the key in the account when it leaves the program: what is encrypted with it cannot be read without.
    """
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Notifications",
                "Effect": "Allow",
                "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}
                },
            },
        ],
    }
    key = aws.kms.Key(
        "region-key",
        description=f"Model endpoints of {environment} in {region}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=json.dumps(policy, sort_keys=True),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(retain_on_delete=keep)),
    )
    return key.arn


def alarm_topic(
    account: str, key_arn: pulumi.Input[str], email: str | None, options: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make the topic that alarms and budgets of a region speak to, and subscribe `email` where there is one."""
    topic = aws.sns.Topic("alarms", kms_master_key_id=key_arn, opts=options)
    policy: dict[str, pulumi.Input[object]] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Publish",
                "Effect": "Allow",
                "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
                "Action": "sns:Publish",
                "Resource": topic.arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }
    aws.sns.TopicPolicy("alarms-policy", arn=topic.arn, policy=pulumi.Output.json_dumps(policy), opts=options)
    if email:
        aws.sns.TopicSubscription("alarms-email", topic=topic.arn, protocol="email", endpoint=email, opts=options)
    return topic.arn


def strings(config: pulumi.Config, key: str) -> tuple[str, ...]:
    """Read a list of strings, empty where it is not set."""
    return tuple(cast("list[str]", config.get_object(key) or []))
