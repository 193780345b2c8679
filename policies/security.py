"""Nothing public, nothing unencrypted, no secret in the open. Who may do what is in `access`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .documents import document, operations
from .rule import Resource, Rule, Stack, Unknown
from .tokens import (
    API,
    API_DOMAIN,
    API_METHOD,
    AWS_KEY,
    AWS_TOPIC,
    CLOUDS,
    CONFIGURATION,
    SAGEMAKER_MODEL,
    SERVICE,
    TLS_POLICY,
)


def _second_door(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.get("disableExecuteApiEndpoint") is not True:
        yield f"{resource.get('name') or resource.name} also answers at execute-api, beside its domain."
    types = resource.get("endpointConfiguration", "types")
    if types not in ("REGIONAL", "PRIVATE"):
        yield f"{resource.get('name') or resource.name} is of type {types}, not REGIONAL or PRIVATE."


ONE_DOOR = Rule(
    id="api-has-one-door",
    domain="security",
    severity="high",
    title="An API answers on its own domain only.",
    incident="What guards the domain (certificate, firewall, logging) is passed by whoever uses the address AWS "
    "gives every API (API Gateway, disable the default endpoint).",
    remedy="Set disable_execute_api_endpoint=True and the endpoint type REGIONAL.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html",
    types=(API,),
    check=_second_door,
)


def _asks_nobody(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.type == API_METHOD:
        if resource.get("authorization") != "AWS_IAM":
            yield f"{resource.name} answers without a signature."
        return
    schemes = (document(resource, "body").get("components") or {}).get("securitySchemes") or {}
    signed = {name for name, scheme in schemes.items() if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4"}
    for path, method, operation in operations(resource):
        asked = operation.get("security") or []
        # Each entry is an alternative: one that is not signed is a way around the others.
        if not asked or any(not signed & set(alternative) for alternative in asked):
            yield f"{method.upper()} {path} answers without a signature."


SIGNED = Rule(
    id="paths-ask-for-a-signature",
    domain="security",
    severity="critical",
    title="Every path asks for a signed request (AWS_IAM).",
    incident="A public path to a model is somebody else's compute, and its bill ours: ShadowRay (CVE-2023-48022) "
    "was found and used by strangers because nothing asked who they were.",
    remedy="Keep the operation's security at sigv4, or authorization='AWS_IAM'.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html",
    types=(API, API_METHOD),
    check=_asks_nobody,
)


def _reachable(resource: Resource, _: Stack) -> Iterator[str]:
    name = resource.get("name")
    if resource.get("ingress") not in ("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_INTERNAL_ONLY"):
        yield f"The service {name} takes traffic from anywhere."
    if resource.get("defaultUriDisabled") is not True:
        yield f"The service {name} also answers at its run.app address."


BEHIND = Rule(
    id="services-are-behind-the-balancer",
    domain="security",
    severity="high",
    title="A service is reached through the load balancer only.",
    incident="A service open at its run.app address passes by the balancer's TLS policy, logs and rules (Cloud Run, "
    "restrict ingress).",
    remedy="Set ingress to the internal load balancer and default_uri_disabled=True.",
    link="https://cloud.google.com/run/docs/securing/ingress",
    types=(SERVICE,),
    check=_reachable,
)


def _clear(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.type == AWS_TOPIC:
        if not resource.has("kmsMasterKeyId"):
            yield f"The topic {resource.name} is not encrypted with a key."
        return
    machines = [variant.get("instanceType") for variant in resource.get("productionVariants") or ()]
    volumes = [machine for machine in machines if machine and machine not in stack.settings.tables["no_volume_key"]]
    if volumes and not resource.has("kmsKeyArn"):
        yield f"{resource.name} leaves the volume of {', '.join(volumes)} without a key."


ENCRYPTED = Rule(
    id="data-is-encrypted",
    domain="security",
    severity="high",
    title="Volumes and notifications are encrypted with a key of one's own.",
    incident="What AWS encrypts with its own key cannot be shut off by taking the key away, and auditors ask for "
    "exactly that (CKV_AWS_98). Types with local NVMe storage refuse a key and encrypt by themselves.",
    remedy="Pass the stack's key: kms_key_arn on the configuration, kms_master_key_id on the topic.",
    link="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html",
    types=(CONFIGURATION, AWS_TOPIC),
    check=_clear,
)


def _stale_key(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.get("enableKeyRotation") is not True:
        yield f"The key {resource.name} is never rotated."


ROTATED = Rule(
    id="keys-rotate",
    domain="security",
    severity="medium",
    title="Keys are rotated.",
    incident="A key that never changes makes one leak of it the leak of everything it ever encrypted (CKV_AWS_7).",
    remedy="Set enable_key_rotation=True.",
    link="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    types=(AWS_KEY,),
    check=_stale_key,
)


def _old_tls(resource: Resource, _: Stack) -> Iterator[str]:
    version = resource.get("securityPolicy" if resource.type == API_DOMAIN else "minTlsVersion")
    if str(version).replace("SecurityPolicy_", "")[:7] not in ("TLS_1_2", "TLS_1_3", "TLS12_2", "TLS13_1", "TLS13_2"):
        yield f"{resource.name} accepts {version or 'the oldest TLS there is'}."


TLS = Rule(
    id="tls-is-current",
    domain="security",
    severity="medium",
    title="Nothing older than TLS 1.2 is spoken.",
    incident="TLS 1.0 and 1.1 are withdrawn (RFC 8996), and both clouds still accept them unless told otherwise.",
    remedy="Set TLS_1_2 on the domain or the TLS policy.",
    link="https://www.rfc-editor.org/rfc/rfc8996",
    types=(API_DOMAIN, TLS_POLICY),
    check=_old_tls,
)

CREDENTIAL = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAIza[0-9A-Za-z_-]{35}\b"
    r"|\bgh[pousr]_[0-9A-Za-z]{36,}\b|\bxox[abprs]-[0-9A-Za-z-]{10,}\b"
)
TELLING = re.compile(r"(?i)(password|passwd|secret|token|api_?key|credential|private_?key)")


def _written(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Iterate over every text that stands in a resource; what is unknown cannot have been written there."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _written(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence):
        for at, inner in enumerate(value):
            yield from _written(inner, f"{path}[{at}]")


def _variables(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Iterate over the environment variables a model server is given as text."""
    if resource.type == SAGEMAKER_MODEL:
        yield from (resource.get("primaryContainer", "environment") or {}).items()
    if resource.type == SERVICE:
        for container in resource.get("template", "containers") or ():
            for variable in container.get("envs") or ():
                yield variable.get("name"), variable.get("value")


def _in_the_open(resource: Resource, _: Stack) -> Iterator[str]:
    # Where, never what: a finding is printed, stored and posted.
    for path, text in _written(resource.props, ""):
        if CREDENTIAL.search(text):
            yield f"{resource.name} holds what looks like a credential at {path}."
    for name, value in _variables(resource):
        if isinstance(value, Unknown):
            continue
        if TELLING.search(str(name)) and value and not str(value).startswith(("arn:", "projects/")):
            yield f"{resource.name} gets the environment variable {name} as plain text."


SECRETS = Rule(
    id="secrets-stay-secret",
    domain="security",
    severity="critical",
    title="No credential stands in a resource's properties or in a server's environment.",
    incident="A secret in a property is kept in the state, shown in the console and printed in logs: pulumi#18866, "
    "pulumi-aws#2447 (CWE-532).",
    remedy="Pass the name of a secret (its ARN, or a secret reference) and let the server read it.",
    link="https://github.com/pulumi/pulumi/issues/18866",
    types=CLOUDS,
    check=_in_the_open,
)

RULES: tuple[Rule, ...] = (
    ONE_DOOR,
    SIGNED,
    BEHIND,
    ENCRYPTED,
    ROTATED,
    TLS,
    SECRETS,
)
