"""Holds recorded inputs of AWS resources against AWS's own service models, as botocore carries them.

A recorded resource becomes the request that creates it: property names find the members of the operation's input
without regard to case, what is called otherwise is renamed in `OPERATIONS`, what is no part of that request is dropped
there with a reason. Types, lengths, ranges, patterns and enumerations are checked; a property without a member is a
finding. Shapes are `Any`: botocore's properties carry no types.
"""

import json
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator


@dataclass(frozen=True, slots=True)
class Operation:
    """The request that creates a resource.

    Parameters
    ----------
    renamed : mapping of str to str
        Properties whose member is called otherwise.
    dropped : mapping of str to str
        Properties that are no part of this request, and why.
    named : str, optional
        Member that takes the resource's name.
    rebuilt : callable, optional
        Takes what it uses out of the properties and returns the request. What it leaves is a finding.
    """

    service: str
    name: str
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    dropped: Mapping[str, str] = field(default_factory=dict[str, str])
    named: str | None = None
    rebuilt: Callable[[dict[str, Any]], dict[str, Any]] | None = None


def change_record(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the change batch of a Route 53 record: an alias, by latency or not, or plain values."""
    record = {"name": inputs.pop("name"), "type": inputs.pop("type")}
    if "aliases" in inputs:
        (alias,) = inputs.pop("aliases")
        record["aliasTarget"] = {"hostedZoneId": alias.pop("zoneId"), "dNSName": alias.pop("name"), **alias}
    else:
        record["tTL"] = inputs.pop("ttl")
        record["resourceRecords"] = [{"value": value} for value in inputs.pop("records")]
    if "latencyRoutingPolicies" in inputs:
        (policy,) = inputs.pop("latencyRoutingPolicies")
        record |= {"setIdentifier": inputs.pop("setIdentifier"), "region": policy["region"]}
    # The provider's own: whether it may take over a record that is there already.
    action = "UPSERT" if inputs.pop("allowOverwrite", False) else "CREATE"
    return {
        "hostedZoneId": inputs.pop("zoneId"),
        "changeBatch": {"changes": [{"action": action, "resourceRecordSet": record}]},
    }


def create_budget(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request for a budget with its notifications."""
    return {
        "accountId": "123456789012",
        "budget": {
            "budgetName": inputs.pop("name"),
            "budgetLimit": {"amount": inputs.pop("limitAmount"), "unit": inputs.pop("limitUnit")},
            "costFilters": {entry["name"]: entry["values"] for entry in inputs.pop("costFilters")},
            "timeUnit": inputs.pop("timeUnit"),
            "budgetType": inputs.pop("budgetType"),
        },
        "notificationsWithSubscribers": [
            {
                "subscribers": [
                    {"subscriptionType": "SNS", "address": arn} for arn in entry.pop("subscriberSnsTopicArns")
                ],
                "notification": entry,
            }
            for entry in inputs.pop("notifications")
        ],
    }


def topic_attributes(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request for a topic, whose key is an attribute."""
    return {"name": inputs.pop("name"), "attributes": {"KmsMasterKeyId": inputs.pop("kmsMasterKeyId")}}


def topic_policy(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request that sets a topic's policy."""
    return {"topicArn": inputs.pop("arn"), "attributeName": "Policy", "attributeValue": inputs.pop("policy")}


def method_settings(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the patch of a stage that method settings are."""
    settings = inputs["settings"]
    enabled = str(settings.pop("metricsEnabled")).lower()
    patch = {"op": "replace", "path": f"/{inputs.pop('methodPath')}/metrics/enabled", "value": enabled}
    if not settings:
        del inputs["settings"]
    return {"restApiId": inputs.pop("restApi"), "stageName": inputs.pop("stageName"), "patchOperations": [patch]}


def account_settings(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the patch of API Gateway's account settings."""
    role = inputs.pop("cloudwatchRoleArn")
    return {"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]}


def public_access_block(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request that closes a bucket."""
    configuration = dict(inputs)
    inputs.clear()
    return {"bucket": configuration.pop("bucket"), "publicAccessBlockConfiguration": configuration}


def bucket_encryption(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request that encrypts a bucket."""
    return {"bucket": inputs.pop("bucket"), "serverSideEncryptionConfiguration": {"rules": inputs.pop("rules")}}


def bucket_ownership(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the request that says who owns what is put into a bucket."""
    return {"bucket": inputs.pop("bucket"), "ownershipControls": {"rules": [inputs.pop("rule")]}}


OPERATIONS: Mapping[str, Operation] = {
    "aws:sagemaker/model:Model": Operation("sagemaker", "CreateModel", named="modelName"),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Operation(
        "sagemaker", "CreateEndpointConfig", {"kmsKeyArn": "kmsKeyId"}, named="endpointConfigName"
    ),
    "aws:sagemaker/endpoint:Endpoint": Operation("sagemaker", "CreateEndpoint", named="endpointName"),
    "aws:appautoscaling/target:Target": Operation("application-autoscaling", "RegisterScalableTarget"),
    "aws:appautoscaling/policy:Policy": Operation("application-autoscaling", "PutScalingPolicy", named="policyName"),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Operation(
        "application-autoscaling", "PutScheduledAction", named="scheduledActionName"
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Operation("cloudwatch", "PutMetricAlarm", named="alarmName"),
    "aws:cloudwatch/dashboard:Dashboard": Operation("cloudwatch", "PutDashboard"),
    "aws:cloudwatch/logGroup:LogGroup": Operation(
        "logs",
        "CreateLogGroup",
        dropped={"retentionInDays": "set by PutRetentionPolicy, a whole number without bounds in the model"},
        named="logGroupName",
    ),
    "aws:iam/role:Role": Operation(
        "iam", "CreateRole", {"assumeRolePolicy": "assumeRolePolicyDocument"}, named="roleName"
    ),
    "aws:iam/policy:Policy": Operation("iam", "CreatePolicy", {"policy": "policyDocument"}, named="policyName"),
    "aws:iam/rolePolicy:RolePolicy": Operation(
        "iam", "PutRolePolicy", {"role": "roleName", "policy": "policyDocument"}, named="policyName"
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Operation("iam", "AttachRolePolicy", {"role": "roleName"}),
    "aws:apigateway/restApi:RestApi": Operation(
        "apigateway",
        "CreateRestApi",
        dropped={"body": "put by PutRestApi as a blob; each integration in it is held against PutIntegration"},
    ),
    "aws:apigateway/deployment:Deployment": Operation(
        "apigateway",
        "CreateDeployment",
        {"restApi": "restApiId"},
        {"triggers": "the provider's own: a change makes a new deployment"},
    ),
    "aws:apigateway/stage:Stage": Operation(
        "apigateway",
        "CreateStage",
        {"restApi": "restApiId", "deployment": "deploymentId"},
        {"accessLogSettings": "set by patch operations of UpdateStage, free texts in the model"},
    ),
    "aws:apigateway/methodSettings:MethodSettings": Operation("apigateway", "UpdateStage", rebuilt=method_settings),
    "aws:apigateway/account:Account": Operation("apigateway", "UpdateAccount", rebuilt=account_settings),
    "aws:apigateway/domainName:DomainName": Operation("apigateway", "CreateDomainName"),
    "aws:apigateway/basePathMapping:BasePathMapping": Operation(
        "apigateway", "CreateBasePathMapping", {"restApi": "restApiId", "stageName": "stage"}
    ),
    "aws:acm/certificate:Certificate": Operation("acm", "RequestCertificate"),
    "aws:acm/certificateValidation:CertificateValidation": Operation(
        "acm",
        "DescribeCertificate",
        dropped={"validationRecordFqdns": "the provider's own: the records it waits for"},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Operation("ec2", "CreateVpcEndpoint"),
    "aws:kms/key:Key": Operation(
        "kms",
        "CreateKey",
        dropped={
            "enableKeyRotation": "set by EnableKeyRotation, which takes no more than the key",
            "deletionWindowInDays": "used by ScheduleKeyDeletion when the key goes",
        },
    ),
    "aws:s3/bucket:Bucket": Operation("s3", "CreateBucket"),
    "aws:s3/bucketVersioning:BucketVersioning": Operation("s3", "PutBucketVersioning"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Operation(
        "s3", "PutPublicAccessBlock", rebuilt=public_access_block
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Operation(
        "s3", "PutBucketEncryption", rebuilt=bucket_encryption
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Operation(
        "s3", "PutBucketOwnershipControls", rebuilt=bucket_ownership
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Operation("s3", "PutBucketPolicy"),
    "aws:sns/topic:Topic": Operation("sns", "CreateTopic", named="name", rebuilt=topic_attributes),
    "aws:sns/topicPolicy:TopicPolicy": Operation("sns", "SetTopicAttributes", rebuilt=topic_policy),
    "aws:sns/topicSubscription:TopicSubscription": Operation("sns", "Subscribe", {"topic": "topicArn"}),
    "aws:route53/record:Record": Operation("route53", "ChangeResourceRecordSets", rebuilt=change_record),
    "aws:budgets/budget:Budget": Operation("budgets", "CreateBudget", rebuilt=create_budget),
}


def not_judged() -> list[str]:
    """Return, as rows of a Markdown table, every property that no model of AWS judges, and why."""
    return [
        f"| `{type_}` | `{name}` | {operation.service} {operation.name} | {why} |"
        for type_, operation in sorted(OPERATIONS.items())
        for name, why in sorted(operation.dropped.items())
    ]


def findings(resource: Mapping[str, Any]) -> list[str]:
    """Return what AWS's model says against one recorded resource; empty when it accepts it.

    Parameters
    ----------
    resource : mapping
        Type, name and inputs as `program_inventory` prints them.
    """
    operation = OPERATIONS[resource["type"]]
    model = operation_model(operation.service, operation.name)
    inputs = {key: value for key, value in deepcopy(resource["inputs"]).items() if key not in operation.dropped}
    if operation.named:
        # The provider's automatic name: seven random characters after the resource's own.
        inputs[operation.named] = inputs.pop("name", f"{resource['name']}-0a1b2c3")
    found: list[str] = []
    if operation.rebuilt:
        request = operation.rebuilt(inputs)
        found += [f"{resource['name']}.{name}: {operation.name} has no part for it" for name in sorted(inputs)]
        inputs = request
    inputs = {operation.renamed.get(key, key): value for key, value in inputs.items()}
    shape = model.input_shape
    request = translated(inputs, shape, resource["name"], found)
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        found.append(report.generate_report())
    if resource["type"] == "aws:apigateway/restApi:RestApi":
        found += integration_findings(resource["inputs"]["body"])
    return found


@cache
def operation_model(service: str, name: str) -> Any:
    """Return botocore's model of one operation."""
    return get_session().get_service_model(service).operation_model(name)


def translated(value: Any, shape: Any, where: str, found: list[str]) -> Any:
    """Return a Pulumi value as the API's, and collect what does not fit."""
    if shape.type_name == "structure":
        return structure(value, shape, where, found)
    if shape.type_name == "list":
        if isinstance(value, dict):
            # Tags and dimensions: a mapping in Pulumi, a list of two-member structures in the API.
            first, second = shape.member.members
            value = [{first: key, second: entry} for key, entry in sorted(value.items())]
        entries = value if isinstance(value, list) else [value]
        limits(len(entries), shape, where, found)
        return [translated(entry, shape.member, f"{where}[]", found) for entry in entries]
    if shape.type_name == "map":
        return {
            translated(key, shape.key, where, found): translated(entry, shape.value, where, found)
            for key, entry in value.items()
        }
    if shape.type_name in ("integer", "long") and isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        limits(len(value), shape, where, found)
        pattern = shape.metadata.get("pattern")
        if pattern and re.fullmatch(python_pattern(pattern), value) is None:
            found.append(f"{where}: {value!r} does not match {pattern}")
        enum = shape.metadata.get("enum")
        if enum and value not in enum:
            found.append(f"{where}: {value!r} is none of {enum}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        limits(value, shape, where, found)
    return value


def structure(value: Mapping[str, Any], shape: Any, where: str, found: list[str]) -> dict[str, Any]:
    """Translate each property by the member of its name."""
    members = {name.lower(): name for name in shape.members}
    known: dict[str, Any] = {}
    for key, entry in value.items():
        member = members.get(key.lower())
        if member is None:
            found.append(f"{where}.{key}: {shape.name} has no such member")
        elif entry is not None:
            known[member] = translated(entry, shape.members[member], f"{where}.{member}", found)
    return known


def limits(figure: float, shape: Any, where: str, found: list[str]) -> None:
    """Check a length or number against the model's bounds; botocore itself checks the lower one only."""
    if figure > shape.metadata.get("max", figure) or figure < shape.metadata.get("min", figure):
        bounds = shape.metadata.get("min"), shape.metadata.get("max")
        found.append(f"{where}: {figure} is not within {bounds}")


def python_pattern(pattern: str) -> str:
    r"""Return a pattern of the models, written for Java, as Python's: classes by property are not checked closer."""
    pattern = (
        pattern.replace("(?i)", "")
        .replace(r"\p{Print}", "[ -~]")
        .replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    )
    return re.sub(r"\\p\{[A-Za-z]+\}", r"\\w\\s", pattern)


def integration_findings(body: str) -> list[str]:
    """Check every integration of an OpenAPI body as PutIntegration and PutIntegrationResponse would take it."""
    found: list[str] = []
    for path, methods in json.loads(body)["paths"].items():
        integration = dict(methods["post"]["x-amazon-apigateway-integration"])
        responses = integration.pop("responses")
        request = {
            **integration,
            "type": integration["type"].upper(),
            "passthroughBehavior": integration["passthroughBehavior"].upper(),
            "integrationHttpMethod": integration["httpMethod"],
            "httpMethod": "POST",
            "restApiId": "abcdefghij",
            "resourceId": "abcdef",
        }
        checks = [("PutIntegration", request)] + [
            (
                "PutIntegrationResponse",
                {
                    "restApiId": "abcdefghij",
                    "resourceId": "abcdef",
                    "httpMethod": "POST",
                    "selectionPattern": pattern,
                    **answer,
                },
            )
            for pattern, answer in responses.items()
        ]
        for name, arguments in checks:
            shape = operation_model("apigateway", name).input_shape
            report = ParamValidator().validate(translated(arguments, shape, path, found), shape)
            if report.has_errors():
                found.append(f"{path}: {report.generate_report()}")
        found += [f"{path}: {answer} is not declared" for answer in undeclared(methods["post"], responses)]
    return found


def undeclared(operation: Mapping[str, Any], responses: Mapping[str, Any]) -> list[str]:
    """Return statuses that an integration answers and the method does not declare: API Gateway refuses those."""
    return sorted({answer["statusCode"] for answer in responses.values()} - set(operation["responses"]))
