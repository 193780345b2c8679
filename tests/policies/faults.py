"""One fault for every rule: the smallest edit of what covey emits that this rule is there for."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from policies import tokens
from policies.rule import Resource, Settings

AWS, SERVICES, EDGE = "prod-aws-us-east-2", "prod-gcp-europe-west4", "prod-gcp-edge"

State = tuple[list[Resource], Settings]
Plant = Callable[[list[Resource], Settings], State]


@dataclass(frozen=True)
class Fault:
    """In which stack, what is done to it, and what the rule says of it."""

    stack: str
    plant: Plant
    message: str


def put(inside: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Set a value at a path, or take away what is there where the value is None."""
    for step in path[:-1]:
        inside = inside.setdefault(step, {}) if isinstance(inside, dict) else inside[step]
    if value is None:
        inside.pop(path[-1], None)
    else:
        inside[path[-1]] = value


def place(resources: list[Resource], type_: str, name: str | None) -> int:
    return next(at for at, one in enumerate(resources) if one.type == type_ and name in (None, one.name))


def change(type_: str, *path: str | int, to: Any, name: str | None = None) -> Plant:
    """Change one property of the first resource of a type, or of the one with a name."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        at = place(resources, type_, name)
        props = copy.deepcopy(dict(resources[at].props))
        put(props, path, to)
        resources[at] = replace(resources[at], props=props)
        return resources, settings

    return plant


def edit(type_: str, document: str, *path: str | int, to: Any, name: str | None = None) -> Plant:
    """Change one entry of a property that holds JSON text."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        content = json.loads(resources[place(resources, type_, name)].props[document])
        put(content, path, to)
        return change(type_, document, to=json.dumps(content), name=name)(resources, settings)

    return plant


def option(type_: str, **options: Any) -> Plant:
    """Change the options of the first resource of a type, or its type."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        at = place(resources, type_, None)
        resources[at] = replace(resources[at], **options)
        return resources, settings

    return plant


def without(type_: str, name: str | None = None) -> Plant:
    """Take away the resource with a name, or all of a type."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        return [one for one in resources if one.type != type_ or name not in (None, one.name)], settings

    return plant


def adding(type_: str, name: str, provider: str, **props: Any) -> Plant:
    def plant(resources: list[Resource], settings: Settings) -> State:
        return [*resources, Resource(type_, name, f"urn:{name}", props, provider)], settings

    return plant


def knowing(**quotas: int) -> Plant:
    """Let the plan know of quotas."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        known = {machine.replace("_", "."): quota for machine, quota in quotas.items()}
        return resources, replace(settings, fleet={**settings.fleet, "quotas": known})

    return plant


def owned(artifact: str, **facts: str) -> Plant:
    """Let the plan know something else of one model."""

    def plant(resources: list[Resource], settings: Settings) -> State:
        models = copy.deepcopy(settings.fleet["models"])
        models[artifact] |= facts
        return resources, replace(settings, fleet={**settings.fleet, "models": models})

    return plant


INTEGRATION = ("paths", "/model1", "post", "x-amazon-apigateway-integration")
STATEMENT = ("Statement", 0)
PRIVATE_KEY = f"-----BEGIN {'PRIVATE KEY'}-----"

FAULTS: dict[str, Fault] = {
    # access
    "iam-names-its-actions": Fault(
        AWS,
        edit(tokens.IAM_POLICY, "policy", *STATEMENT, "Action", to="sagemaker:*"),
        "edge-electronics-usa-models-1 allows sagemaker:*.",
    ),
    "iam-names-its-resources": Fault(
        AWS,
        edit(tokens.IAM_POLICY, "policy", *STATEMENT, "Resource", to="*"),
        "edge-electronics-usa-models-1 allows sagemaker:InvokeEndpoint on *.",
    ),
    "iam-policies-are-our-own": Fault(
        AWS,
        change(tokens.POLICY_ATTACHMENT, "policyArn", to="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"),
        "edge-electronics-usa-models-1-attached takes AmazonSageMakerFullAccess.",
    ),
    "roles-are-assumed-for-us-only": Fault(
        AWS,
        edit(tokens.ROLE, "assumeRolePolicy", *STATEMENT, "Condition", to=None),
        "edge-electronics-usa can be assumed on behalf of any account.",
    ),
    "resource-policies-name-whom": Fault(
        AWS,
        change(
            tokens.AWS_TOPIC_POLICY,
            "policy",
            to='{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}}',
        ),
        "alarms-policy lets anybody sns:Publish.",
    ),
    "nobody-is-everybody": Fault(
        SERVICES,
        change("gcp:storage/bucketIAMMember:BucketIAMMember", "member", to="allUsers"),
        "electronics-europe-artifacts gives roles/storage.objectViewer to allUsers.",
    ),
    "grants-are-additive": Fault(
        SERVICES,
        option(
            "gcp:storage/bucketIAMMember:BucketIAMMember",
            type="gcp:storage/bucketIAMBinding:BucketIAMBinding",
        ),
        "electronics-europe-artifacts (BucketIAMBinding) takes the role from everyone it does not list.",
    ),
    # changing
    "endpoint-follows-its-model": Fault(
        AWS,
        change(tokens.ENDPOINT, "endpointConfigName", to="the-one-of-last-year"),
        "prod-electronics-usa runs the-one-of-last-year, which is not in this stack.",
    ),
    "successor-stands-first": Fault(
        AWS,
        option(tokens.CONFIGURATION, delete_before_replace=True),
        "electronics-usa-config is deleted before its successor stands.",
    ),
    "changes-are-noticed": Fault(
        AWS, option(tokens.ENDPOINT, ignore_changes=["tags"]), "electronics-usa-endpoint ignores changes of tags."
    ),
    "permissions-come-first": Fault(
        AWS,
        option(tokens.SAGEMAKER_MODEL, depends_on=[]),
        "electronics-usa-model does not wait for the permissions of its role.",
    ),
    "api-changes-are-deployed": Fault(
        AWS,
        change(tokens.API_DEPLOYMENT, "triggers", to=None),
        "edge-deployment is made once and never again, whatever its API becomes.",
    ),
    "provider-is-explicit": Fault(
        AWS,
        option(tokens.AWS_TOPIC, provider=""),
        "alarms takes the engine's default provider.",
    ),
    "provider-names-its-account": Fault(
        AWS,
        change(tokens.AWS_PROVIDER, "allowedAccountIds", to=None),
        "The provider aws does not name the account it may touch.",
    ),
    "singletons-have-their-own-stack": Fault(
        AWS,
        adding(tokens.ACCOUNT_SETTINGS, "account", "aws"),
        "account sets what is one for the whole account and region, in a stack of groups.",
    ),
    "protection-shows-in-preview": Fault(
        SERVICES,
        change(tokens.SERVICE, "deletionProtection", to=None),
        "The service prod-electronics-europe refuses to be deleted, but no preview says so.",
    ),
    "service-comes-to-rest": Fault(
        SERVICES,
        change(tokens.SERVICE, "launchStage", to="BETA"),
        "The service prod-electronics-europe declares the launch stage BETA.",
    ),
    "certificates-change-without-outage": Fault(
        EDGE,
        change(tokens.HTTPS_PROXY, "sslCertificates", to=["certificate"]),
        "edge-proxy holds its certificates itself.",
    ),
    "serverless-backend-is-bare": Fault(
        EDGE,
        change(tokens.BACKEND, "timeoutSec", to=60, name="edge-electronics-europe"),
        "edge-electronics-europe sets timeoutSec, which a serverless backend refuses.",
    ),
    # cost
    "costs-have-an-owner": Fault(
        SERVICES,
        edit(tokens.GCP_PROVIDER, "defaultLabels", "fleet", to=None),
        "The provider gcp tags nothing with fleet.",
    ),
    "spend-is-watched": Fault(
        "prod-aws-ap-southeast-1",
        without(tokens.AWS_BUDGET),
        "No budget counts what the endpoint prod-fashion-asia costs.",
    ),
    "budget-counts-something": Fault(
        AWS,
        change(tokens.AWS_BUDGET, "costFilters", 0, "values", to=["user:stack$prod"]),
        "budget counts user:stack$prod, which nothing in this stack carries.",
    ),
    "budget-is-heard": Fault(
        AWS,
        change(tokens.AWS_BUDGET, "notifications", 0, "subscriberSnsTopicArns", to=[]),
        "budget tells nobody.",
    ),
    "scaling-is-bounded": Fault(
        SERVICES,
        change(tokens.SERVICE, "template", "scaling", "maxInstanceCount", to=None),
        "The service prod-electronics-europe has no largest number of instances.",
    ),
    "idle-is-noticed": Fault(
        AWS,
        change(tokens.ALARM, "treatMissingData", to="notBreaching", name="fashion-usa-idle"),
        "Nothing tells that prod-fashion-usa has no traffic.",
    ),
    # limits
    "machine-is-sold-here": Fault(
        AWS,
        change(tokens.CONFIGURATION, "productionVariants", 0, "instanceType", to="ml.g9.huge"),
        "electronics-usa-config wants ml.g9.huge in us-east-2; nothing shows that it is sold there for "
        "sagemaker-multi-model.",
    ),
    "replicas-stay-within-quota": Fault(
        AWS, knowing(ml_c5_large=12), "Groups of this stack may grow to 13 ml.c5.large together; the quota is 12."
    ),
    "rollback-alarms-fit": Fault(
        AWS,
        change(
            tokens.ENDPOINT,
            "deploymentConfig",
            "autoRollbackConfiguration",
            "alarms",
            to=[{"alarmName": "electronics-usa-latency-0a1b2c3"}] * 11,
        ),
        "prod-electronics-usa names 11 rollback alarms; 10 are taken.",
    ),
    "api-holds-its-paths": Fault(
        AWS,
        edit(
            tokens.API,
            "body",
            "paths",
            "/".join(["/", *(f"part{number}" for number in range(300))]),
            to={},
        ),
        "prod-paper has 303 resources; 300 are granted.",
    ),
    "paths-wait-no-longer-than-granted": Fault(
        AWS,
        edit(tokens.API, "body", *INTEGRATION, "timeoutInMillis", to=60000),
        "POST /model1 waits 60000 ms; 50 to 29000 are granted.",
    ),
    "policies-fit": Fault(
        AWS,
        edit(tokens.IAM_POLICY, "policy", *STATEMENT, "Sid", to="long" * 1600),
        "edge-electronics-usa-models-1 is 6670 characters long; 6144 are taken.",
    ),
    "serverless-fits": Fault(
        AWS,
        change(
            tokens.CONFIGURATION,
            "productionVariants",
            0,
            "serverlessConfig",
            to={"memorySizeInMb": 8192, "maxConcurrency": 20},
        ),
        "electronics-usa-config asks for 8192 MB a worker; whole GiB from 1,024 to 6,144 are sold.",
    ),
    "gpu-service-starts": Fault(
        SERVICES,
        change(tokens.SERVICE, "template", "nodeSelector", to={"accelerator": "nvidia-l4"}),
        "The service prod-electronics-europe has a GPU without 4 CPU, 16 GiB, gpu_zonal_redundancy_disabled=True.",
    ),
    # naming
    "immutable-is-autonamed": Fault(
        EDGE,
        change(tokens.ENDPOINT_GROUP, "name", to="models"),
        "edge-electronics-europe-neg has the fixed name 'models', but can only change by being replaced.",
    ),
    "names-fit": Fault(
        SERVICES,
        change(tokens.SERVICE_ACCOUNT, "accountId", to="a" * 31),
        "electronics-europe-identity gets a name of 31 characters; 30 are taken.",
    ),
    "variant-keeps-its-name": Fault(
        AWS,
        change(tokens.CONFIGURATION, "productionVariants", 0, "variantName", to="green"),
        "electronics-usa-config speaks of the variant 'green', not of 'live'.",
    ),
    "account-wide-names-carry-region": Fault(
        AWS,
        change(tokens.AWS_DASHBOARD, "dashboardName", to="prod-models"),
        "dashboard is called 'prod-models' in the whole account, without its region.",
    ),
    "labels-are-accepted": Fault(
        SERVICES,
        change(tokens.SERVICE, "labels", "Team", to="Search"),
        "electronics-europe-service is labelled 'Team': 'Search', in letters GCP refuses.",
    ),
    # reliability
    "endpoint-scales": Fault(
        AWS,
        without(tokens.SCALING_TARGET, "fashion-usa-scaling"),
        "The endpoint prod-fashion-usa has no scalable target.",
    ),
    "scaling-range-is-a-range": Fault(
        AWS, change(tokens.SCALING_TARGET, "maxCapacity", to=0.0), "electronics-usa-scaling scales from 1 to 0."
    ),
    "initial-count-is-the-floor": Fault(
        AWS,
        change(
            tokens.CONFIGURATION, "productionVariants", 0, "initialInstanceCount", to=0.0, name="fashion-usa-config"
        ),
        "prod-fashion-usa starts every update with 0 instances, below its floor of 1.",
    ),
    "updates-roll-back": Fault(
        AWS,
        change(tokens.ENDPOINT, "deploymentConfig", "autoRollbackConfiguration", to=None),
        "No alarm rolls a failed update of prod-electronics-usa back.",
    ),
    "silence-does-not-roll-back": Fault(
        AWS,
        change(tokens.ALARM, "treatMissingData", to="breaching", name="fashion-usa-latency"),
        "fashion-usa-latency rolls prod-fashion-usa back, and takes missing data for breaching.",
    ),
    "errors-reach-the-caller": Fault(
        AWS,
        edit(tokens.API, "body", *INTEGRATION, "responses", r"5\d{2}", to=None),
        "POST /model1 answers 200 when the endpoint answers 500.",
    ),
    "ready-means-answering": Fault(
        SERVICES,
        change(tokens.SERVICE, "template", "containers", 0, "startupProbe", to=None),
        "Container 0 of prod-electronics-europe counts as ready before its server answers.",
    ),
    # residency
    "region-is-the-fleets": Fault(
        AWS,
        change(tokens.AWS_PROVIDER, "region", to="sa-east-1"),
        "aws is in aws:sa-east-1, which is none of the fleet's regions.",
    ),
    "data-stays-where-it-may": Fault(
        AWS,
        edit(
            tokens.IAM_POLICY,
            "policy",
            *STATEMENT,
            "Resource",
            to=["arn:aws:s3:::merchandising-models-us-east-2/electronics/europe/1.tar.gz"],
            name="electronics-usa-artifacts-1",
        ),
        "electronics-usa-artifacts-1 serves electronics/europe/1.tar.gz in aws:us-east-2; it may be processed in "
        "Europe only.",
    ),
    "only-what-may-share-shares": Fault(
        EDGE,
        owned("fashion/europe/1.tar.gz", runtime="tensorflow"),
        "edge-electronics-europe-id is shared by models of the runtimes tensorflow, xgboost.",
    ),
    # security
    "api-has-one-door": Fault(
        AWS,
        change(tokens.API, "disableExecuteApiEndpoint", to=False),
        "prod-paper also answers at execute-api, beside its domain.",
    ),
    "paths-ask-for-a-signature": Fault(
        AWS,
        edit(tokens.API, "body", "paths", "/model1", "post", "security", to=None),
        "POST /model1 answers without a signature.",
    ),
    "services-are-behind-the-balancer": Fault(
        SERVICES,
        change(tokens.SERVICE, "ingress", to="INGRESS_TRAFFIC_ALL"),
        "The service prod-electronics-europe takes traffic from anywhere.",
    ),
    "data-is-encrypted": Fault(
        AWS,
        change(tokens.CONFIGURATION, "kmsKeyArn", to=None),
        "electronics-usa-config leaves the volume of ml.c5.4xlarge without a key.",
    ),
    "keys-rotate": Fault(
        AWS, change(tokens.AWS_KEY, "enableKeyRotation", to=False), "The key region-key is never rotated."
    ),
    "tls-is-current": Fault(
        EDGE, change(tokens.TLS_POLICY, "minTlsVersion", to="TLS_1_0"), "edge-tls accepts TLS_1_0."
    ),
    "secrets-stay-secret": Fault(
        AWS,
        change(tokens.SAGEMAKER_MODEL, "primaryContainer", "environment", to={"SIGNING": PRIVATE_KEY}),
        "electronics-usa-model holds what looks like a credential at primaryContainer.environment.SIGNING.",
    ),
    # watching
    "endpoint-is-watched": Fault(
        AWS,
        without(tokens.ALARM, "electronics-usa-saturation"),
        "The endpoint prod-electronics-usa has no alarm for saturation.",
    ),
    "service-is-watched": Fault(
        SERVICES,
        without(tokens.ALERT, "electronics-europe-latency"),
        "The service prod-electronics-europe has no alert for latency.",
    ),
    "every-model-is-watched": Fault(
        AWS, without(tokens.ALARM, "edge-fashion-usa-errors"), "No alarm tells that the model behind /model2 fails."
    ),
    "paths-are-measured": Fault(
        AWS,
        change(tokens.API_METRICS, "settings", "metricsEnabled", to=False),
        "prod-paper counts nothing path by path.",
    ),
    "alarms-are-heard": Fault(
        AWS, change(tokens.ALARM, "alarmActions", to=[]), "edge-electronics-usa-errors tells nobody."
    ),
    "latency-is-in-microseconds": Fault(
        AWS,
        change(tokens.ALARM, "threshold", to=300.0, name="electronics-usa-latency"),
        "electronics-usa-latency fires above 300 microseconds of ModelLatency; less than 1000 is a mistaken unit.",
    ),
    "saturation-can-fire": Fault(
        AWS,
        change(tokens.ALARM, "threshold", to=1600.0, name="electronics-usa-saturation"),
        "electronics-usa-saturation fires above 1600 % of CPUUtilization, which ends at 1600 %.",
    ),
}
