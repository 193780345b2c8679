"""What AWS itself refuses, from botocore's service models: lengths, patterns, ranges, enumerations.

What is required is left to the Pulumi package: the provider fills in some of what AWS asks for.

Without botocore, which a user of covey need not have, only the declared types are checked.
"""

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from generator.offline.values import UNKNOWN, Properties, Value


@dataclass(frozen=True, slots=True)
class Request:
    """The AWS call that creates a resource, and the members not named like the property in Pascal or camel case."""

    service: str
    operation: str
    members: dict[str, str] = field(default_factory=dict[str, str])
    # Properties that belong to another call, or to Pulumi alone, each group with its reason beside it.
    elsewhere: tuple[str, ...] = ()


# `region` chooses the endpoint that is called, never a member.
REQUESTS: dict[str, Request] = {
    "aws:sagemaker/model:Model": Request("sagemaker", "CreateModel", {"name": "ModelName"}),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Request(
        "sagemaker", "CreateEndpointConfig", {"name": "EndpointConfigName", "kmsKeyArn": "KmsKeyId"}
    ),
    "aws:sagemaker/endpoint:Endpoint": Request("sagemaker", "CreateEndpoint", {"name": "EndpointName"}),
    "aws:appautoscaling/target:Target": Request("application-autoscaling", "RegisterScalableTarget"),
    "aws:appautoscaling/policy:Policy": Request("application-autoscaling", "PutScalingPolicy", {"name": "PolicyName"}),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Request(
        "application-autoscaling", "PutScheduledAction", {"name": "ScheduledActionName"}
    ),
    "aws:iam/role:Role": Request(
        "iam",
        "CreateRole",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        elsewhere=("forceDetachPolicies", "inlinePolicies", "managedPolicyArns"),  # DetachRolePolicy, PutRolePolicy, …
    ),
    "aws:iam/policy:Policy": Request("iam", "CreatePolicy", {"name": "PolicyName", "policy": "PolicyDocument"}),
    "aws:iam/rolePolicy:RolePolicy": Request(
        "iam", "PutRolePolicy", {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"}
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Request("iam", "AttachRolePolicy", {"role": "RoleName"}),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Request(
        "cloudwatch", "PutMetricAlarm", {"name": "AlarmName", "metricQueries": "Metrics"}
    ),
    "aws:cloudwatch/dashboard:Dashboard": Request("cloudwatch", "PutDashboard"),
    "aws:apigateway/restApi:RestApi": Request(
        "apigateway",
        "CreateRestApi",
        elsewhere=("body", "failOnWarnings", "parameters", "putRestApiMode"),  # PutRestApi
    ),
    "aws:apigateway/deployment:Deployment": Request(
        "apigateway",
        "CreateDeployment",
        {"restApi": "restApiId"},
        elsewhere=("triggers",),  # Pulumi's alone
    ),
    "aws:apigateway/stage:Stage": Request(
        "apigateway",
        "CreateStage",
        {"restApi": "restApiId", "deployment": "deploymentId", "xrayTracingEnabled": "tracingEnabled"},
        elsewhere=("accessLogSettings",),  # UpdateStage
    ),
    "aws:apigateway/domainName:DomainName": Request("apigateway", "CreateDomainName"),
    "aws:apigateway/basePathMapping:BasePathMapping": Request(
        "apigateway", "CreateBasePathMapping", {"restApi": "restApiId", "stageName": "stage"}
    ),
    "aws:acm/certificate:Certificate": Request("acm", "RequestCertificate"),
    "aws:acm/certificateValidation:CertificateValidation": Request(
        "acm",
        "DescribeCertificate",
        elsewhere=("validationRecordFqdns",),  # Pulumi's alone
    ),
    "aws:cloudwatch/logGroup:LogGroup": Request(
        "logs",
        "CreateLogGroup",
        {"name": "logGroupName"},
        elsewhere=("retentionInDays",),  # PutRetentionPolicy
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Request("ec2", "CreateVpcEndpoint"),
    "aws:s3/bucket:Bucket": Request("s3", "CreateBucket"),
    "aws:s3/bucketVersioning:BucketVersioning": Request("s3", "PutBucketVersioning"),
    "aws:s3/bucketPolicy:BucketPolicy": Request("s3", "PutBucketPolicy"),
    "aws:sns/topic:Topic": Request(
        "sns",
        "CreateTopic",
        elsewhere=("kmsMasterKeyId", "displayName", "policy", "fifoTopic"),  # members of the free-form Attributes
    ),
    "aws:sns/topicSubscription:TopicSubscription": Request("sns", "Subscribe", {"topic": "TopicArn"}),
    "aws:kms/key:Key": Request(
        "kms",
        "CreateKey",
        elsewhere=("enableKeyRotation", "deletionWindowInDays", "isEnabled"),  # EnableKeyRotation, ScheduleKeyDeletion
    ),
}

# AWS types the stand-in accepts without a model of their call, and why.
UNMODELLED: dict[str, str] = {
    "aws:apigateway/account:Account": "UpdateAccount takes patch operations: paths and texts",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "the call nests what the type keeps flat",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "the call nests what the type keeps flat",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "it nests the rules",
    "aws:apigateway/methodSettings:MethodSettings": "UpdateStage takes patch operations: paths and texts",
    "aws:sns/topicPolicy:TopicPolicy": "SetTopicAttributes takes any attribute name and text",
    "aws:route53/record:Record": "ChangeResourceRecordSets takes a change batch, not a record's members",
    "aws:budgets/budget:Budget": "CreateBudget nests what Budget keeps flat",
}


def limits(token: str, inputs: Properties) -> list[tuple[str, str]]:
    """List the (property path, reason) at which AWS would refuse a resource's inputs."""
    found: list[tuple[str, str]] = []
    request = REQUESTS.get(token)
    model = input_shape(request.service, request.operation) if request else None
    if request is not None and model is not None:
        given = {
            request.members.get(name, name): (name, value)
            for name, value in inputs.items()
            if name not in ("region", *request.elsewhere)
        }
        judge_structure(model, given, "", found)
    return found


def unmapped(token: str, inputs: Properties) -> list[str]:
    """List the given AWS properties that no member of the call stands for; nothing at all is known of them."""
    request = REQUESTS.get(token)
    model = input_shape(request.service, request.operation) if request else None
    if request is None or model is None:
        return [] if token in UNMODELLED else sorted(inputs)
    ignored = ("region", *request.elsewhere)
    return [
        name for name in inputs if name not in ignored and member_of(model, request.members.get(name, name)) is None
    ]


@functools.cache
def input_shape(service: str, operation: str) -> Any:
    """Input of an AWS operation, or None without botocore."""
    try:
        from botocore.loaders import Loader  # noqa: PLC0415 (absent from a user's machine)
        from botocore.model import ServiceModel  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return ServiceModel(Loader().load_service_model(service, "service-2")).operation_model(operation).input_shape


def member_of(model: Any, name: str) -> str | None:
    """Name of the structure's member a property stands for: the same letters, or its singular."""
    by_letters = {member.lower(): member for member in model.members}
    letters = name.lower()
    return by_letters.get(letters) or by_letters.get(letters.removesuffix("s")) or by_letters.get(f"{letters}s")


def judge_structure(model: Any, given: dict[str, tuple[str, Value]], path: str, found: list[tuple[str, str]]) -> None:
    """Judge an object's members."""
    for name, (written, value) in given.items():
        member = member_of(model, name)
        if member is not None and value is not None:
            judge(model.members[member], value, f"{path}{written}", found)


def judge(model: Any, value: Value, path: str, found: list[tuple[str, str]]) -> None:
    """Judge one value against a shape of AWS's model."""
    if value == UNKNOWN:
        return
    if model.type_name == "structure" and isinstance(value, dict):
        judge_structure(model, {name: (name, item) for name, item in value.items()}, f"{path}.", found)
    elif model.type_name == "list" and isinstance(value, list):
        judge_size(model, len(value), path, "items", found)
        for at, item in enumerate(value):
            judge(model.member, item, f"{path}[{at}]", found)
    elif model.type_name == "list" and isinstance(value, dict):
        # The provider writes a list of {Key, Value} or {Name, Value} as a mapping.
        judge_size(model, len(value), path, "items", found)
        members = model.member.members
        key_member = "Key" if "Key" in members else "Name"
        for key, item in value.items():
            if key_member in members and "Value" in members:
                judge(members[key_member], key, f"{path} key {key!r}", found)
                judge(members["Value"], item, f"{path}.{key}", found)
    elif model.type_name == "map" and isinstance(value, dict):
        judge_size(model, len(value), path, "items", found)
        for key, item in value.items():
            judge(model.key, key, f"{path} key {key!r}", found)
            judge(model.value, item, f"{path}.{key}", found)
    elif isinstance(value, str):
        judge_text(model, value, path, found)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        judge_size(model, value, path, "", found)


def judge_text(model: Any, value: str, path: str, found: list[tuple[str, str]]) -> None:
    """Judge a text's length, alphabet and whether it is one of the allowed words."""
    judge_size(model, len(value), path, "characters", found)
    allowed = getattr(model, "enum", None)
    if allowed and value not in allowed:
        found.append((path, f"{value!r} is none of AWS's {len(allowed)} values, such as {', '.join(allowed[:3])}"))
    # Java writes what lies beyond the basic plane as a pair of surrogates.
    pattern = model.metadata.get("pattern", "").replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    # Its \p{…} classes cannot be read by `re`: those are left to AWS.
    if pattern and "\\p{" not in pattern and re.fullmatch(pattern, value) is None:
        found.append((path, f"{value!r} does not match AWS's pattern {pattern}"))


def judge_size(model: Any, size: float, path: str, unit: str, found: list[tuple[str, str]]) -> None:
    """Judge a length or a number against AWS's range."""
    low, high = model.metadata.get("min"), model.metadata.get("max")
    counted = f"{size:g} {unit}".rstrip()
    if low is not None and size < low:
        found.append((path, f"{counted} is less than AWS's least, {low}"))
    if high is not None and size > high:
        found.append((path, f"{counted} is more than AWS's most, {high}"))
