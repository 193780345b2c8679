"""How each cloud calls its resources: the id that the program sees, references check, and an import takes."""

import hashlib
import json
import re
from dataclasses import dataclass

from generator.offline.values import Properties, hidden

ACCOUNT = "123456789012"
# Services without a region: their names are one list for a whole account.
GLOBAL = ("budgets", "iam", "route53")


@dataclass(frozen=True, slots=True)
class Identity:
    """An id as a pattern of inputs and provider settings.

    `unique` says that a second resource of the same id is refused at creation; otherwise creating is the same call as
    changing (a Put), so that a second one replaces the first.
    """

    pattern: str
    unique: bool = True


# Source of the patterns: the section "Import" of each type's page in the Terraform registry, which Pulumi's providers
# are made from; of `unique`: each cloud's API, whose call is a Create… that fails, or a Put… that does not.
IDENTITIES: dict[str, Identity] = {
    "aws:sagemaker/model:Model": Identity("{name}"),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Identity("{name}"),
    "aws:sagemaker/endpoint:Endpoint": Identity("{name}"),
    "aws:appautoscaling/policy:Policy": Identity("{name}", unique=False),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Identity("{name}", unique=False),
    "aws:cloudwatch/dashboard:Dashboard": Identity("{dashboardName}", unique=False),
    "aws:iam/role:Role": Identity("{name}"),
    "aws:iam/policy:Policy": Identity(f"arn:aws:iam::{ACCOUNT}:policy/{{name}}"),
    "aws:iam/rolePolicy:RolePolicy": Identity("{role}:{name}", unique=False),
    "aws:apigateway/domainName:DomainName": Identity("{domainName}"),
    "aws:apigateway/stage:Stage": Identity("ags-{restApi}-{stageName}"),
    "aws:apigateway/methodSettings:MethodSettings": Identity("{restApi}-{stageName}-{methodPath}", unique=False),
    "aws:sns/topic:Topic": Identity(f"arn:aws:sns:{{region}}:{ACCOUNT}:{{name}}", unique=False),
    "aws:budgets/budget:Budget": Identity(f"{ACCOUNT}:{{name}}"),
    "gcp:cloudrunv2/service:Service": Identity("projects/{project}/locations/{location}/services/{name}"),
    "gcp:serviceaccount/account:Account": Identity(
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": Identity(
        "projects/{project}/regions/{region}/networkEndpointGroups/{name}"
    ),
    "gcp:compute/backendService:BackendService": Identity("projects/{project}/global/backendServices/{name}"),
    "gcp:compute/uRLMap:URLMap": Identity("projects/{project}/global/urlMaps/{name}"),
    "gcp:compute/globalAddress:GlobalAddress": Identity("projects/{project}/global/addresses/{name}"),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": Identity("projects/{project}/global/targetHttpsProxies/{name}"),
    "gcp:compute/sSLPolicy:SSLPolicy": Identity("projects/{project}/global/sslPolicies/{name}"),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": Identity(
        "projects/{project}/global/forwardingRules/{name}"
    ),
    "gcp:dns/recordSet:RecordSet": Identity("projects/{project}/managedZones/{managedZone}/rrsets/{name}/{type}"),
    "gcp:kms/keyRing:KeyRing": Identity("projects/{project}/locations/{location}/keyRings/{name}"),
    "gcp:kms/cryptoKey:CryptoKey": Identity("{keyRing}/cryptoKeys/{name}"),
    "gcp:storage/bucket:Bucket": Identity("{name}"),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": Identity(
        "projects/{project}/locations/global/dnsAuthorizations/{name}"
    ),
    "gcp:certificatemanager/certificate:Certificate": Identity(
        "projects/{project}/locations/global/certificates/{name}"
    ),
    "gcp:certificatemanager/certificateMap:CertificateMap": Identity(
        "projects/{project}/locations/global/certificateMaps/{name}"
    ),
    "gcp:monitoring/notificationChannel:NotificationChannel": Identity(
        "projects/{project}/notificationChannels/{digits}", unique=False
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": Identity("projects/{project}/alertPolicies/{digits}", unique=False),
    "gcp:monitoring/dashboard:Dashboard": Identity("projects/{project}/dashboards/{digits}", unique=False),
}


def identity(token: str, label: str, inputs: Properties, settings: Properties) -> str:
    """Give the id of a resource that is created.

    Parameters
    ----------
    token, label : str
        Resource type and the name it has in the program.
    inputs, settings : mapping
        Its inputs, secrets wrapped, and the provider's configuration.
    """
    # A successor is created while what it replaces still stands: their inputs tell apart what has no name of its own.
    content = json.dumps([token, label, hidden(inputs)], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    with_number = {**settings, "digits": str(int(digest[:15], 16))}
    return known_identity(token, inputs, with_number) or f"{inputs.get('name', label)}-{digest[:10]}"


def known_identity(token: str, inputs: Properties, settings: Properties) -> str | None:
    """Give the id that follows from inputs and provider settings alone; None where the cloud makes it up."""
    known = IDENTITIES.get(token)
    values = {**settings, **inputs}
    if known is None or any(not isinstance(values.get(name), str) for name in re.findall(r"\{(\w+)\}", known.pattern)):
        return None
    return known.pattern.format_map(values)


def is_unique(token: str) -> bool:
    """Whether the cloud refuses to create a resource whose id is taken."""
    known = IDENTITIES.get(token)
    return known is not None and known.unique


def scope(token: str, settings: Properties) -> str:
    """Where an id of a type is unique: a region on AWS, except for its global services; elsewhere ids say so."""
    package, module = token.split(":", 2)[:2]
    if package != "aws" or module.split("/")[0] in GLOBAL:
        return ""
    return str(settings.get("region", ""))
