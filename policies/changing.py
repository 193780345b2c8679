"""What a change must not break: successions, permissions, providers, protection. Of the domain reliability."""

from collections.abc import Iterator

from .links import configuration_of, model_of
from .rule import Resource, Rule, Stack, UndecidedError
from .tokens import (
    ACCOUNT_SETTINGS,
    API_DEPLOYMENT,
    AWS_PROVIDER,
    BACKEND,
    CLOUDS,
    CONFIGURATION,
    ENDPOINT,
    ENDPOINT_GROUP,
    GCP_CERTIFICATE,
    GCP_PROVIDER,
    HTTPS_PROXY,
    INLINE_POLICY,
    POLICY_ATTACHMENT,
    SAGEMAKER_MODEL,
    SCALING_TARGET,
    SCHEDULED_ACTION,
    SERVICE,
)

TERRAFORM_AWS = "https://github.com/hashicorp/terraform-provider-aws/issues"


def _follows_nothing(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.type == ENDPOINT:
        if configuration_of(resource, stack) is None:
            yield f"{resource.get('name')} runs {resource.get('endpointConfigName')}, which is not in this stack."
    elif model_of(resource, stack) is None:
        model = resource.get("productionVariants", 0, "modelName")
        yield f"{resource.name} serves {model}, which is not in this stack."


CHAINED = Rule(
    id="endpoint-follows-its-model",
    domain="reliability",
    severity="high",
    title="Endpoint, configuration and model are chained by their outputs.",
    incident="A name written out instead of taken from the resource does not change with it: the model changed and "
    "the endpoint went on serving the old one (modernisation-platform-environments#9917).",
    remedy="Pass configuration.name and model.name, not text.",
    link="https://github.com/ministryofjustice/modernisation-platform-environments/pull/9917",
    types=(ENDPOINT, CONFIGURATION),
    check=_follows_nothing,
    scope="stack",
    reads=(SAGEMAKER_MODEL,),
)


def _gone_first(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.delete_before_replace:
        yield f"{resource.name} is deleted before its successor stands."


SUCCESSION = Rule(
    id="successor-stands-first",
    domain="reliability",
    severity="critical",
    title="What serves is not deleted before its successor stands.",
    incident="The old configuration was deleted before the endpoint had moved off it: terraform-provider-aws#40048. "
    "A certificate replaced in place is an outage while the next is issued: terraform-google-lb-http#241.",
    remedy="Take delete_before_replace away; auto-named resources can stand beside their successors.",
    link=f"{TERRAFORM_AWS}/40048",
    types=(SAGEMAKER_MODEL, CONFIGURATION, API_DEPLOYMENT, ENDPOINT_GROUP, GCP_CERTIFICATE),
    check=_gone_first,
)


def _ignores(resource: Resource, stack: Stack) -> Iterator[str]:
    # A schedule moves its target's minimum: an update at noon must not set back what the morning set.
    moved = resource.type == SCALING_TARGET and any(
        resource.urn in (action.depends_on or ()) for action in stack.of(SCHEDULED_ACTION)
    )
    ignored = [name for name in resource.ignore_changes if not (moved and name == "minCapacity")]
    if ignored:
        yield f"{resource.name} ignores changes of {', '.join(ignored)}."


NOTICED = Rule(
    id="changes-are-noticed",
    domain="reliability",
    severity="high",
    title="No change is ignored, but of a minimum that a schedule moves.",
    incident="A wrong path in ignore_changes was itself ignored, and an update scaled 23 nodes away: pulumi#7081. "
    "Scaled counts live on the endpoint and not in its configuration, so there is nothing to ignore.",
    remedy="Take ignore_changes away, or write the reason into the pack's configuration and disable this rule.",
    link="https://github.com/pulumi/pulumi/issues/7081",
    types=CLOUDS,
    check=_ignores,
    scope="stack",
    reads=(SCHEDULED_ACTION,),
)


def _waits_for_nothing(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.depends_on is None:
        raise UndecidedError("depends_on")
    permissions = {one.urn for one in stack.of(INLINE_POLICY, POLICY_ATTACHMENT)}
    if permissions and not permissions & set(resource.depends_on):
        yield f"{resource.name} does not wait for the permissions of its role."


PERMITTED = Rule(
    id="permissions-come-first",
    domain="reliability",
    severity="medium",
    title="A model waits for the permissions of its role.",
    incident="A role is accepted before its policies are attached; the first update fails and the second works: "
    "pulumi-aws#1697, #2411, terraform-provider-aws#33367.",
    remedy="Pass the role's policies and attachments in depends_on.",
    link="https://github.com/pulumi/pulumi-aws/issues/1697",
    types=(SAGEMAKER_MODEL,),
    check=_waits_for_nothing,
    scope="stack",
    reads=(INLINE_POLICY, POLICY_ATTACHMENT),
)


def _stale_api(resource: Resource, _: Stack) -> Iterator[str]:
    if not resource.has("triggers"):
        yield f"{resource.name} is made once and never again, whatever its API becomes."


REDEPLOYED = Rule(
    id="api-changes-are-deployed",
    domain="reliability",
    severity="high",
    title="A changed API is deployed.",
    incident="Without triggers a deployment keeps the API as it was, and a new path answers 403: pulumi#5849, "
    "#10662, pulumi-aws#471.",
    remedy="Pass the hash of the API's body in triggers.",
    link="https://github.com/pulumi/pulumi/issues/5849",
    types=(API_DEPLOYMENT,),
    check=_stale_api,
)


def _default_provider(resource: Resource, _: Stack) -> Iterator[str]:
    if not resource.provider:
        yield f"{resource.name} takes the engine's default provider."


EXPLICIT = Rule(
    id="provider-is-explicit",
    domain="reliability",
    severity="high",
    title="Every resource is made by the stack's own provider.",
    incident="A resource without it lands in whatever region and account the shell is set to, without the stack's "
    "tags: pulumi-awsx#1112, #1928, pulumi-aws#1655.",
    remedy="Pass the stack's provider, or a parent that has it, in the resource's options.",
    link="https://github.com/pulumi/pulumi-awsx/issues/1928",
    types=CLOUDS,
    check=_default_provider,
)


def _anywhere(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.type == AWS_PROVIDER:
        needed = {"region": "a region", "allowedAccountIds": "the account it may touch"}
    else:
        needed = {"project": "a project"}
    for name, what in needed.items():
        if not resource.has(name):
            yield f"The provider {resource.name} does not name {what}."


PINNED = Rule(
    id="provider-names-its-account",
    domain="reliability",
    severity="high",
    title="A provider names region and account, or project.",
    incident="With the credentials of another account in the shell, an update builds a second fleet there: "
    "pulumi-awsx#1112.",
    remedy="Restore region and allowed_account_ids (AWS), or project (GCP).",
    link="https://github.com/pulumi/pulumi-awsx/issues/1112",
    types=(AWS_PROVIDER, GCP_PROVIDER),
    check=_anywhere,
)


def _twice(resource: Resource, stack: Stack) -> Iterator[str]:
    if stack.has(ENDPOINT):
        yield f"{resource.name} sets what is one for the whole account and region, in a stack of groups."


SINGLETON = Rule(
    id="singletons-have-their-own-stack",
    domain="reliability",
    severity="medium",
    title="What is one per account and region is not made by a stack of groups.",
    incident="API Gateway's account settings are one per region and cannot be deleted; two stacks that set them "
    "undo each other, and destroying one takes the other's logs (terraform, aws_api_gateway_account).",
    remedy="Move it to the base stack of the region.",
    link="https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html",
    types=(ACCOUNT_SETTINGS,),
    check=_twice,
    scope="stack",
    reads=(ENDPOINT,),
)


def _surprise(resource: Resource, _: Stack) -> Iterator[str]:
    # The provider's default is true: https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/service/
    guarded = resource.get("deletionProtection") is not False
    if guarded and not resource.protect:
        yield f"The service {resource.get('name')} refuses to be deleted, but no preview says so."


SURPRISE = Rule(
    id="protection-shows-in-preview",
    domain="reliability",
    severity="medium",
    title="What the cloud refuses to delete, the engine refuses first.",
    incident="With the provider's own deletion protection on and the engine's off, a preview promises a deletion or "
    "replacement that fails half way through the update (pulumi-gcp, cloudrunv2.Service, deletionProtection).",
    remedy="Set deletion_protection and the resource option protect to the same value.",
    link="https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/service/",
    types=(SERVICE,),
    check=_surprise,
)


def _restless(resource: Resource, _: Stack) -> Iterator[str]:
    if not resource.has("scaling"):
        yield f"The service {resource.get('name')} declares no scaling, so every preview finds a difference."
    if resource.get("launchStage") not in (None, "GA"):
        yield f"The service {resource.get('name')} declares the launch stage {resource.get('launchStage')}."


QUIET = Rule(
    id="service-comes-to-rest",
    domain="reliability",
    severity="low",
    title="An unchanged service shows no difference.",
    incident="Differences that never go away hide those that matter, and break a check for drift: pulumi-gcp#3052 "
    "(scaling), #2336 (launch_stage).",
    remedy="Declare `scaling`, leave launch_stage out.",
    link="https://github.com/pulumi/pulumi-gcp/issues/3052",
    types=(SERVICE,),
    check=_restless,
)


def _held_certificate(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.has("sslCertificates") or not resource.has("certificateMap"):
        yield f"{resource.name} holds its certificates itself."


CERTIFICATE = Rule(
    id="certificates-change-without-outage",
    domain="reliability",
    severity="high",
    title="Certificates come from a map.",
    incident="A managed certificate in use cannot be replaced, and its successor takes traffic while it is still "
    "being issued: terraform-provider-google#6147, terraform-google-lb-http#241.",
    remedy="Name a Certificate Manager map in certificate_map, with DNS authorization.",
    link="https://github.com/hashicorp/terraform-provider-google/issues/6147",
    types=(HTTPS_PROXY,),
    check=_held_certificate,
)


def _overspecified(resource: Resource, _: Stack) -> Iterator[str]:
    given = [name for name in ("timeoutSec", "healthChecks") if resource.has(name)]
    given += [
        f"backends[{at}].maxUtilization"
        for at, one in enumerate(resource.get("backends") or ())
        if one.get("maxUtilization") is not None
    ]
    if given:
        yield f"{resource.name} sets {', '.join(given)}, which a serverless backend refuses."


BARE = Rule(
    id="serverless-backend-is-bare",
    domain="reliability",
    severity="medium",
    title="A backend of Cloud Run services sets no timeout, utilization or health check.",
    incident="Each passes the preview and is refused by the cloud: terraform-google-lb-http#358, #110.",
    remedy="Leave them out; Cloud Run has its own.",
    link="https://github.com/terraform-google-modules/terraform-google-lb-http/issues/358",
    types=(BACKEND,),
    check=_overspecified,
)


RULES: tuple[Rule, ...] = (
    CHAINED,
    SUCCESSION,
    NOTICED,
    PERMITTED,
    REDEPLOYED,
    EXPLICIT,
    PINNED,
    SINGLETON,
    SURPRISE,
    QUIET,
    CERTIFICATE,
    BARE,
)
