"""Names that survive a replacement, fit, and are taken only once; labels in letters the clouds accept."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .documents import decoded
from .links import SUFFIX
from .rule import Resource, Rule, Stack
from .tokens import (
    ALARM,
    ALERT,
    AWS_BUDGET,
    AWS_DASHBOARD,
    AWS_PROVIDER,
    CONFIGURATION,
    ENDPOINT,
    ENDPOINT_GROUP,
    GCP_CERTIFICATE,
    GCP_PROVIDER,
    ROLE,
    SAGEMAKER_MODEL,
    SCALING_POLICY,
    SCALING_TARGET,
    SERVICE,
    SERVICE_ACCOUNT,
)

# Longest names, without a source of their own from botocore's model of each service, Cloud Run's and IAM's pages.
LONGEST: Mapping[str, int] = {
    CONFIGURATION: 63,
    ENDPOINT: 63,
    ENDPOINT_GROUP: 63,
    ROLE: 64,
    SAGEMAKER_MODEL: 63,
    SERVICE: 49,
    SERVICE_ACCOUNT: 30,
}
CHOSEN_CHARACTERS = 8


def _names_itself(resource: Resource, _: Stack) -> Iterator[str]:
    name = resource.get("name")
    if name is not None and re.fullmatch(re.escape(resource.name) + SUFFIX, name) is None:
        yield f"{resource.name} has the fixed name {name!r}, but can only change by being replaced."


AUTONAMED = Rule(
    id="immutable-is-autonamed",
    domain="naming",
    severity="high",
    title="What can only be replaced gets its name from Pulumi.",
    incident="An endpoint went on serving its old configuration, because the new one had the old one's name: "
    "terraform-provider-aws#21811, #48993. A network endpoint group in use could not be replaced: "
    "terraform-provider-google#7503.",
    remedy="Leave `name` out; Pulumi adds a suffix of its own to each successor.",
    link="https://github.com/hashicorp/terraform-provider-aws/issues/21811",
    types=(SAGEMAKER_MODEL, CONFIGURATION, ENDPOINT_GROUP, GCP_CERTIFICATE),
    check=_names_itself,
)


def _too_long(resource: Resource, _: Stack) -> Iterator[str]:
    longest = LONGEST[resource.type]
    name = resource.get("accountId" if resource.type == SERVICE_ACCOUNT else "name")
    length = len(name) if name is not None else len(resource.name) + CHOSEN_CHARACTERS
    if length > longest:
        suffix = "" if name is not None else " with the suffix Pulumi adds"
        yield f"{resource.name} gets a name of {length} characters{suffix}; {longest} are taken."


FITTING = Rule(
    id="names-fit",
    domain="naming",
    severity="medium",
    title="Names are no longer than the cloud takes, Pulumi's suffix included.",
    incident="A name that fits the program is refused by the cloud, which counts the suffix Pulumi added and does "
    "not say so: pulumi-aws#1317.",
    remedy="Shorten the group's name.",
    link="https://github.com/pulumi/pulumi-aws/issues/1317",
    types=tuple(LONGEST),
    check=_too_long,
)


def _variant(resource: Resource, stack: Stack) -> Iterator[str]:
    constant = stack.parameter("variant")
    if resource.type == CONFIGURATION:
        named = [variant.get("variantName") for variant in resource.get("productionVariants") or ()]
    elif resource.type == ALARM:
        named = [resource.get("dimensions", "VariantName") or constant]
    else:
        target = str(resource.get("resourceId"))
        named = [target.rpartition("/")[2]] if target.startswith("endpoint/") else []
    for name in named:
        if name != constant:
            yield f"{resource.name} speaks of the variant {name!r}, not of {constant!r}."


VARIANT = Rule(
    id="variant-keeps-its-name",
    domain="naming",
    severity="high",
    title="The production variant has one name, for ever and everywhere.",
    incident="A new variant name cannot be rolled out blue/green, and its scaling target is looked for under the "
    "old one: terraform-provider-aws#14337.",
    remedy="Give the variant its constant name in configuration, scaling and alarms.",
    link="https://github.com/hashicorp/terraform-provider-aws/issues/14337",
    types=(CONFIGURATION, SCALING_TARGET, SCALING_POLICY, ALARM),
    check=_variant,
    parameters={"variant": "live"},
)


def _names_region(resource: Resource, _: Stack) -> Iterator[str]:
    name = resource.get("dashboardName" if resource.type == AWS_DASHBOARD else "name")
    if name is not None and re.search(r"[a-z]{2,}-[a-z]+-\d", name) is None:
        yield f"{resource.name} is called {name!r} in the whole account, without its region."


REGIONAL = Rule(
    id="account-wide-names-carry-region",
    domain="naming",
    severity="medium",
    title="What is one list for the whole account carries its region in its name.",
    incident="Budgets and dashboards are one list for all regions of an account: the second region's stack is "
    "refused the name, or takes the first one's over (CloudWatch: dashboards are global).",
    remedy="Put environment and region into the name.",
    link="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html",
    types=(AWS_BUDGET, AWS_DASHBOARD),
    check=_names_region,
)


def _labels(resource: Resource) -> dict[str, Any]:
    """Return what a resource is labelled with, under whichever name its type has for it."""
    if resource.type == AWS_PROVIDER:
        given = decoded(resource.get("defaultTags"))
        return dict(given.get("tags") or {}) if isinstance(given, Mapping) else {}
    if resource.type == GCP_PROVIDER:
        given = decoded(resource.get("defaultLabels"))
        return dict(given) if isinstance(given, Mapping) else {}
    name = {SERVICE: "labels", ALERT: "userLabels"}.get(resource.type, "tags")
    return dict(resource.get(name) or {})


def _letters(resource: Resource, _: Stack) -> Iterator[str]:
    google = resource.type.startswith(("gcp:", GCP_PROVIDER))
    key_letters, value_letters = (
        (r"[a-z][a-z0-9_-]{0,62}", r"[a-z0-9_-]{0,63}")
        if google
        else (r"(?!(?i:aws:))[\w .:/=+@-]{1,128}", r"[\w .:/=+@-]{0,256}")
    )
    for key, value in _labels(resource).items():
        if re.fullmatch(key_letters, key) is None or re.fullmatch(value_letters, str(value)) is None:
            yield f"{resource.name} is labelled {key!r}: {value!r}, in letters {'GCP' if google else 'AWS'} refuses."


LETTERS = Rule(
    id="labels-are-accepted",
    domain="naming",
    severity="medium",
    title="Tags and labels are written in letters the cloud accepts.",
    incident="A label with a capital letter or a tag that begins with aws: passes every preview and is refused half "
    "way through an update: one of the many checks that only the cloud makes (Zodiac, SOSP 2024).",
    remedy="Lower-case letters, digits, hyphens and underscores on GCP; letters, digits and _.:/=+-@ on AWS.",
    link="https://cloud.google.com/resource-manager/docs/labels-overview#requirements",
    types=(AWS_PROVIDER, GCP_PROVIDER, SERVICE, ALERT, ENDPOINT, CONFIGURATION, SAGEMAKER_MODEL, ALARM, ROLE),
    check=_letters,
)

RULES: tuple[Rule, ...] = (AUTONAMED, FITTING, VARIANT, REGIONAL, LETTERS)
