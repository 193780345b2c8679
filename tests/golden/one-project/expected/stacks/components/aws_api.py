"""The region's API: every model's public path, mapped to the endpoint its group runs on.

A model that moves to another group of the region changes one integration, never its URL. A REST API is one OpenAPI
body: a hundred models are one resource in the state, and the hash of the body decides when it is deployed again. Where
a region has more paths than one REST API holds, each first part of a path has an API of its own behind the same domain.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .aws_identity import invoke_role
from .aws_watch import model_alarms
from .values import AwsGroup, AwsRegion, Model, routed

STAGE = "live"

# An integration of type AWS answers 200 to whatever the backend says unless it is told otherwise. 424 is SageMaker's
# word for a container that failed, 429 for a model still loading: callers should retry the second.
RESPONSES = {
    "default": {"statusCode": "200"},
    "424": {"statusCode": "502"},
    "429": {"statusCode": "429"},
    r"4(?!24|29)\d{2}": {"statusCode": "400"},
    r"5\d{2}": {"statusCode": "502"},
}
STATUSES = {"200": "answer", "400": "refused", "429": "try again", "502": "failed"}


# What the access log says of a request: who called which model, what came back, and where the time went.
ACCESS = {
    "caller": "$context.identity.userArn",
    "endpointStatus": "$context.integration.status",
    "endpointLatencyMs": "$context.integration.latency",
    "latencyMs": "$context.responseLatency",
    "path": "$context.path",
    "request": "$context.requestId",
    "status": "$context.status",
    "time": "$context.requestTime",
}

# By path, as its REST API sees it.
Routes = dict[str, tuple[AwsGroup, Model]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A deployed REST API and the first part of the paths it answers; None for all of them."""

    part: str | None
    api: aws.apigateway.RestApi
    stage: aws.apigateway.Stage


class RegionalApi(pulumi.ComponentResource):
    """REST APIs, domains and per-model alarms of one region.

    Attributes
    ----------
    invoke_arns : list of Output of str
        What callers' policies must allow ``execute-api:Invoke`` on.
    """

    invoke_arns: list[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        stack: AwsRegion,
        *,
        certificate_arn: str,
        hosted_zone_id: str,
        access_log_group_arn: str | None,
        topic_arn: pulumi.Input[str],
        endpoints: Sequence[pulumi.Resource],
        options: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("covey:aws:RegionalApi", name, None, options)
        child = pulumi.ResourceOptions(parent=self)

        roles: dict[str, pulumi.Output[str]] = {}
        permissions: list[pulumi.Resource] = []
        for group in stack.groups:
            role, attached = invoke_role(f"{name}-{group.name}", group, stack, child)
            roles[group.name] = role.arn
            permissions += attached
        # Routes name endpoints as plain text: without this they would lead to new ones before these serve.
        ready = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[*permissions, *endpoints]))

        mapped: list[Mapped] = []
        for (title, part), routes in apis(stack).items():
            prefix = name if part is None else f"{name}-{part}"
            api, stage = rest_api(prefix, title, routes, stack.region, roles, access_log_group_arn, ready)
            mapped.append(Mapped(part, api, stage))
            for path, (_, model) in routes.items():
                model_alarms(name, model, title, path, STAGE, topic_arn, child)

        nearby = domain(name, stack.host, certificate_arn, mapped, child)
        aws.route53.Record(
            f"{name}-record",
            zone_id=hosted_zone_id,
            name=stack.host,
            type=aws.route53.RecordType.A,
            aliases=[alias(nearby)],
            opts=child,
        )
        if stack.shared_host is not None:
            shared = domain(f"{name}-shared", stack.shared_host, certificate_arn, mapped, child)
            aws.route53.Record(
                f"{name}-shared-record",
                zone_id=hosted_zone_id,
                name=stack.shared_host,
                type=aws.route53.RecordType.A,
                # The other regions' records have the same name: without this they would be one record.
                set_identifier=stack.region,
                latency_routing_policies=[aws.route53.RecordLatencyRoutingPolicyArgs(region=stack.region)],
                aliases=[alias(shared)],
                opts=child,
            )
        self.invoke_arns = [pulumi.Output.concat(one.api.execution_arn, "/", STAGE, "/POST/*") for one in mapped]
        self.register_outputs({"invoke_arns": self.invoke_arns})


def apis(stack: AwsRegion) -> dict[tuple[str, str | None], Routes]:
    """Return what each REST API serves, by its name and the first part of its public paths."""
    served: dict[tuple[str, str | None], Routes] = {}
    for group, model in routed(stack.groups):
        title, part, path = place(stack, model)
        served.setdefault((title, part), {})[path] = (group, model)
    return served


def place(stack: AwsRegion, model: Model) -> tuple[str, str | None, str]:
    """Return the name of a model's REST API, what maps paths to it, and the model's path as that API sees it.

    One API serves all where they fit. Else the first part of a path says which: its mapping takes that part away.
    """
    if not stack.split_paths:
        return stack.api, None, model.path
    part = model.path.split("/")[1]
    return f"{stack.api}-{part}", part, model.path.removeprefix(f"/{part}")


def rest_api(
    name: str,
    title: str,
    routes: Routes,
    region: str,
    roles: Mapping[str, pulumi.Output[str]],
    access_log_group_arn: str | None,
    options: pulumi.ResourceOptions,
) -> tuple[aws.apigateway.RestApi, aws.apigateway.Stage]:
    """Make one REST API and deploy it.

    Parameters
    ----------
    roles : mapping of str to Output of str
        By group, the role its endpoint is called with.
    """
    called = {group.name: roles[group.name] for group, _ in routes.values()}
    body = pulumi.Output.all(**called).apply(lambda arns: openapi(title, routes, region, arns))
    api = aws.apigateway.RestApi(
        f"{name}-api",
        name=title,
        body=body,
        endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL"),
        disable_execute_api_endpoint=True,  # The domain is the only door.
        opts=options,
    )
    deployment = aws.apigateway.Deployment(
        f"{name}-deployment",
        rest_api=api.id,
        triggers={"body": body.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())},
        opts=options,
    )
    stage = aws.apigateway.Stage(
        f"{name}-stage",
        rest_api=api.id,
        deployment=deployment.id,
        stage_name=STAGE,
        access_log_settings=aws.apigateway.StageAccessLogSettingsArgs(
            destination_arn=access_log_group_arn, format=json.dumps(ACCESS, sort_keys=True)
        )
        if access_log_group_arn is not None
        else None,
        opts=options,
    )
    aws.apigateway.MethodSettings(
        f"{name}-metrics",
        rest_api=api.id,
        stage_name=stage.stage_name,
        method_path="*/*",
        settings=aws.apigateway.MethodSettingsSettingsArgs(metrics_enabled=True),
        opts=options,
    )
    return api, stage


def domain(
    name: str, host: str, certificate_arn: str, mapped: Iterable[Mapped], child: pulumi.ResourceOptions
) -> aws.apigateway.DomainName:
    """Make a regional domain and map it to the region's REST APIs."""
    made = aws.apigateway.DomainName(
        f"{name}-domain",
        domain_name=host,
        regional_certificate_arn=certificate_arn,
        security_policy="TLS_1_2",
        endpoint_configuration=aws.apigateway.DomainNameEndpointConfigurationArgs(types="REGIONAL"),
        opts=child,
    )
    for one in mapped:
        aws.apigateway.BasePathMapping(
            f"{name}-mapping" if one.part is None else f"{name}-{one.part}-mapping",
            rest_api=one.api.id,
            stage_name=one.stage.stage_name,
            base_path=one.part,
            domain_name=made.domain_name,
            opts=child,
        )
    return made


def alias(name: aws.apigateway.DomainName) -> aws.route53.RecordAliasArgs:
    """Return the alias of a regional domain."""
    return aws.route53.RecordAliasArgs(
        name=name.regional_domain_name, zone_id=name.regional_zone_id, evaluate_target_health=False
    )


def openapi(title: str, routes: Routes, region: str, role_arns: Mapping[str, str]) -> str:
    """Return an API as OpenAPI 3: one path a model, signed requests only.

    Parameters
    ----------
    role_arns : mapping of str to str
        By group, the role its endpoint is called with.
    """
    return json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": title, "version": "1"},
            "x-amazon-apigateway-binary-media-types": ["*/*"],
            "components": {
                "securitySchemes": {
                    "sigv4": {
                        "type": "apiKey",
                        "name": "Authorization",
                        "in": "header",
                        "x-amazon-apigateway-authtype": "awsSigv4",
                    }
                }
            },
            "paths": {
                path: {"post": operation(model, group, region, role_arns[group.name])}
                for path, (group, model) in routes.items()
            },
        },
        sort_keys=True,
    )


def operation(model: Model, group: AwsGroup, region: str, role_arn: str) -> dict[str, object]:
    """Return one model's operation: its group's endpoint, with the artifact as a header the caller cannot set."""
    headers = {
        f"integration.request.header.{header}": f"method.request.header.{header}"
        for header in ("Content-Type", "Accept")
    }
    if group.hosting == "sagemaker-multi-model":
        headers["integration.request.header.X-Amzn-SageMaker-Target-Model"] = f"'{model.artifact}'"
    return {
        "security": [{"sigv4": []}],
        "parameters": [
            {"name": header, "in": "header", "required": False, "schema": {"type": "string"}}
            for header in ("Content-Type", "Accept")
        ],
        "responses": {status: {"description": what} for status, what in STATUSES.items()},
        "x-amazon-apigateway-integration": {
            "type": "aws",
            "httpMethod": "POST",
            "uri": f"arn:aws:apigateway:{region}:runtime.sagemaker:path/endpoints/{group.endpoint}/invocations",
            "credentials": role_arn,
            "passthroughBehavior": "when_no_match",
            "timeoutInMillis": 29000,
            "requestParameters": headers,
            "responses": RESPONSES,
        },
    }
