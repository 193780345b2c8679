"""The region's one API: every model's public path, mapped to the endpoint its group runs on.

A model that moves to another group of the region changes one integration, never its URL. The API is one OpenAPI body:
a hundred models are one resource in the state, and the hash of the body decides when it is deployed again.
"""

import hashlib
import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from .aws_identity import invoke_role
from .aws_watch import model_alarms
from .values import AwsGroup, AwsRegion, Model

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


class RegionalApi(pulumi.ComponentResource):
    """REST API, domain and per-model alarms of one region.

    Attributes
    ----------
    invoke_arn : Output of str
        What callers' policies must allow ``execute-api:Invoke`` on.
    """

    invoke_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        stack: AwsRegion,
        *,
        certificate_arn: str,
        hosted_zone_id: str,
        topic_arn: pulumi.Input[str],
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
        body = pulumi.Output.all(**roles).apply(lambda arns: openapi(stack, arns))

        api = aws.apigateway.RestApi(
            f"{name}-api",
            name=stack.api,
            body=body,
            endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL"),
            disable_execute_api_endpoint=True,  # The domain is the only door.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=permissions)),
        )
        deployment = aws.apigateway.Deployment(
            f"{name}-deployment",
            rest_api=api.id,
            triggers={"body": body.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())},
            opts=child,
        )
        stage = aws.apigateway.Stage(
            f"{name}-stage", rest_api=api.id, deployment=deployment.id, stage_name=STAGE, opts=child
        )
        aws.apigateway.MethodSettings(
            f"{name}-metrics",
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings=aws.apigateway.MethodSettingsSettingsArgs(metrics_enabled=True),
            opts=child,
        )
        domain = aws.apigateway.DomainName(
            f"{name}-domain",
            domain_name=stack.host,
            regional_certificate_arn=certificate_arn,
            security_policy="TLS_1_2",
            endpoint_configuration=aws.apigateway.DomainNameEndpointConfigurationArgs(types="REGIONAL"),
            opts=child,
        )
        aws.apigateway.BasePathMapping(
            f"{name}-mapping",
            rest_api=api.id,
            stage_name=stage.stage_name,
            domain_name=domain.domain_name,
            opts=child,
        )
        aws.route53.Record(
            f"{name}-record",
            zone_id=hosted_zone_id,
            name=stack.host,
            type=aws.route53.RecordType.A,
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=domain.regional_domain_name,
                    zone_id=domain.regional_zone_id,
                    evaluate_target_health=False,
                )
            ],
            opts=child,
        )
        for group in stack.groups:
            for model in group.models:
                model_alarms(name, model, stack.api, STAGE, topic_arn, child)
        self.invoke_arn = pulumi.Output.concat(api.execution_arn, "/", STAGE, "/POST/*")
        self.register_outputs({"invoke_arn": self.invoke_arn})


def openapi(stack: AwsRegion, role_arns: Mapping[str, str]) -> str:
    """Return the API as OpenAPI 3: one path a model, signed requests only.

    Parameters
    ----------
    role_arns : mapping of str to str
        By group, the role its endpoint is called with.
    """
    return json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": stack.api, "version": "1"},
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
                model.path: {"post": operation(model, group, stack.region, role_arns[group.name])}
                for group in stack.groups
                for model in group.models
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
