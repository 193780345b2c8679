"""Who may do what: least privilege, on AWS and on GCP. Of the domain security."""

import re
from collections.abc import Iterator, Mapping

from .documents import allowed, texts
from .rule import Resource, Rule, Stack
from .tokens import AWS_KEY, AWS_TOPIC_POLICY, IAM_POLICY, INLINE_POLICY, POLICY_ATTACHMENT, ROLE

DOCUMENTS = (IAM_POLICY, INLINE_POLICY)


def _wild_actions(resource: Resource, _: Stack) -> Iterator[str]:
    for statement in allowed(resource, "policy"):
        wild = [action for action in texts(statement.get("Action")) if "*" in action]
        if wild or "NotAction" in statement:
            yield f"{resource.name} allows {', '.join(wild) or 'all but a few actions'}."


ACTIONS = Rule(
    id="iam-names-its-actions",
    domain="security",
    severity="high",
    title="A policy names each action it allows.",
    incident="Public samples give the role behind an API all of SageMaker, so that whoever reaches one path may do "
    "anything to every endpoint (IAM, security best practices).",
    remedy="List the actions that are needed, without a wildcard.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    types=DOCUMENTS,
    check=_wild_actions,
)


def _wild_resources(resource: Resource, stack: Stack) -> Iterator[str]:
    narrowest = set(stack.parameter("cannot_be_narrowed"))
    for statement in allowed(resource, "policy"):
        everything = [
            name
            for name in texts(statement.get("Resource"))
            if re.fullmatch(r"\*|arn:aws:[^:]*:[^:]*:[^:]*:(\*|[a-z-]+/\*)", name)
        ]
        actions = [action for action in texts(statement.get("Action")) if action not in narrowest]
        if (everything and actions) or "NotResource" in statement:
            where = ", ".join(everything) or "all but a few resources"
            yield f"{resource.name} allows {', '.join(actions)} on {where}."


RESOURCES = Rule(
    id="iam-names-its-resources",
    domain="security",
    severity="high",
    title="A policy names the resources it allows something on, wherever AWS lets it.",
    incident="A role of one group that may read every artifact or call every endpoint makes one leaked model server "
    "the leak of all of them (CKV2_AWS_68).",
    remedy="Name the artifacts, endpoint, key or log group by ARN.",
    link="https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html",
    types=DOCUMENTS,
    check=_wild_resources,
    parameters={
        "cannot_be_narrowed": [
            "cloudwatch:PutMetricData",
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "ecr:GetAuthorizationToken",
        ]
    },
)


def _foreign_policies(resource: Resource, _: Stack) -> Iterator[str]:
    named = [resource.get("policyArn")] if resource.type == POLICY_ATTACHMENT else resource.get("managedPolicyArns")
    for arn in named or ():
        if str(arn).startswith("arn:aws:iam::aws:policy/"):
            yield f"{resource.name} takes {str(arn).rpartition('/')[2]}."


OWN_POLICIES = Rule(
    id="iam-policies-are-our-own",
    domain="security",
    severity="high",
    title="No role takes a policy that AWS manages.",
    incident="AmazonSageMakerFullAccess, which public samples attach, reaches every bucket with sagemaker in its "
    "name, and AWS widens it when it likes (AWS managed policies for SageMaker).",
    remedy="Attach a policy of this project that names what is needed.",
    link="https://docs.aws.amazon.com/sagemaker/latest/dg/security-iam-awsmanpol.html",
    types=(POLICY_ATTACHMENT, ROLE),
    check=_foreign_policies,
)


def _trusts_anybody(resource: Resource, _: Stack) -> Iterator[str]:
    for statement in allowed(resource, "assumeRolePolicy"):
        conditions = statement.get("Condition") or {}
        bound = any("aws:SourceAccount" in tested or "aws:SourceArn" in tested for tested in conditions.values())
        if statement.get("Principal") == "*" or not bound:
            yield f"{resource.name} can be assumed on behalf of any account."


TRUST = Rule(
    id="roles-are-assumed-for-us-only",
    domain="security",
    severity="high",
    title="A service may assume a role on behalf of this account only.",
    incident="A role that trusts a service without naming the account lets another customer of that service act "
    "with it (IAM, the confused deputy problem).",
    remedy="Add the condition StringEquals aws:SourceAccount to the trust policy.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    types=(ROLE,),
    check=_trusts_anybody,
)


def _public_statement(resource: Resource, _: Stack) -> Iterator[str]:
    for statement in allowed(resource, "policy"):
        principal = statement.get("Principal")
        named = texts(principal.get("AWS")) if isinstance(principal, Mapping) else texts(principal)
        if "*" in named and not statement.get("Condition"):
            yield f"{resource.name} lets anybody {', '.join(texts(statement.get('Action')))}."


PRINCIPALS = Rule(
    id="resource-policies-name-whom",
    domain="security",
    severity="critical",
    title="Topics and keys are open to named principals only.",
    incident="A topic or key open to everyone lets strangers drown alarms in noise, or read what is encrypted "
    "(CKV_AWS_169).",
    remedy="Name the service or account, with a condition on the account.",
    link="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
    types=(AWS_TOPIC_POLICY, AWS_KEY),
    check=_public_statement,
)


def _for_everyone(resource: Resource, _: Stack) -> Iterator[str]:
    members = [resource.get("member")] if resource.has("member") else texts(resource.get("members"))
    for member in members:
        if member in ("allUsers", "allAuthenticatedUsers"):
            yield f"{resource.name} gives {resource.get('role')} to {member}."


INVOKERS = Rule(
    id="nobody-is-everybody",
    domain="security",
    severity="critical",
    title="No role is given to everybody.",
    incident="allUsers as invoker is the sample everyone copies; the model, and its bill, are then the internet's "
    "(ShadowRay, CVE-2023-48022).",
    remedy="Name the service accounts that may call, under `invokers` in the stack's configuration.",
    link="https://cloud.google.com/run/docs/authenticating/overview",
    types=("gcp:*Member", "gcp:*Binding"),
    check=_for_everyone,
)


def _authoritative(resource: Resource, _: Stack) -> Iterator[str]:
    yield f"{resource.name} ({resource.type.rpartition(':')[2]}) takes the role from everyone it does not list."


ADDITIVE = Rule(
    id="grants-are-additive",
    domain="security",
    severity="high",
    title="A group's stack adds members to roles and never lists all of them.",
    incident="A binding or policy owns the whole list: the next group's stack, or a person's grant, is removed with "
    "the next update (pulumi_gcp: IAMBinding and IAMPolicy are authoritative).",
    remedy="Use the …IAMMember type.",
    link="https://cloud.google.com/iam/docs/granting-changing-revoking-access",
    types=("gcp:*IamBinding", "gcp:*IAMBinding", "gcp:*IamPolicy", "gcp:*IAMPolicy"),
    check=_authoritative,
)


RULES: tuple[Rule, ...] = (ACTIONS, RESOURCES, OWN_POLICIES, TRUST, PRINCIPALS, INVOKERS, ADDITIVE)
