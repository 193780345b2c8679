"""What an endpoint may do, and what the API before it may do: nothing beyond their own models."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import pulumi
import pulumi_aws as aws

from .renames import formerly
from .values import AwsGroup, AwsRegion, artifacts

Statement = Mapping[str, object]

# A managed policy holds 6,144 characters without white space; what surrounds the artifacts stays well below the rest.
POLICY_CHARACTERS = 5_000


def execution_role(
    name: str,
    group: AwsGroup,
    stack: AwsRegion,
    bucket: str,
    key_arn: pulumi.Input[str],
    *,
    uses_vpc: bool,
    tags: Mapping[str, str],
    child: pulumi.ResourceOptions,
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """Make the role SageMaker runs the group with.

    Returns
    -------
    tuple of Role and list of Resource
        The role, and what attaches its permissions: whatever uses the role must wait for these.
    """
    role = aws.iam.Role(
        f"{name}-execution",
        assume_role_policy=trust("sagemaker.amazonaws.com", stack.account),
        tags=tags,
        opts=child,
    )
    key = {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"],
        "Resource": key_arn,
    }
    log_group = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:/aws/sagemaker/Endpoints/{group.endpoint}"
    statements: list[Mapping[str, pulumi.Input[object]]] = [
        {"Sid": "Login", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Sid": "Image",
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": repository_arn(group.image),
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [log_group, f"{log_group}:*"],
        },
        {
            "Sid": "Metrics",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        },
        key,
    ]
    if uses_vpc:
        statements.append(
            {
                "Sid": "Network",
                "Effect": "Allow",
                "Action": [
                    "ec2:CreateNetworkInterface",
                    "ec2:CreateNetworkInterfacePermission",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DeleteNetworkInterfacePermission",
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ],
                "Resource": "*",
            }
        )
    inline = aws.iam.RolePolicy(
        f"{name}-execution-policy",
        role=role.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True),
        opts=child,
    )

    def read(keys: Sequence[str]) -> list[Statement]:
        return [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": [f"arn:aws:s3:::{bucket}/{key}" for key in keys],
            },
            {
                "Sid": "Find",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"StringEquals": {"s3:prefix": list(keys)}},
            },
        ]

    documents = [read(part) for part in parts(artifacts(group))]
    attached = attach(f"{name}-artifacts", role, documents, tags, child)
    return role, [inline, *attached]


def invoke_role(
    name: str, group: AwsGroup, stack: AwsRegion, child: pulumi.ResourceOptions
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """Make the role the API calls the group's endpoint with: that endpoint, and of it the group's models only."""
    known = [name.removesuffix(group.name) + former for former in group.formerly]
    role = aws.iam.Role(
        name,
        assume_role_policy=trust("apigateway.amazonaws.com", stack.account),
        tags={"group": group.name},
        opts=formerly(child, known),
    )
    endpoint_arn = f"arn:aws:sagemaker:{stack.region}:{stack.account}:endpoint/{group.endpoint}"

    def invoke(keys: Sequence[str]) -> list[Statement]:
        statement = {
            "Sid": "Invoke",
            "Effect": "Allow",
            "Action": "sagemaker:InvokeEndpoint",
            "Resource": endpoint_arn,
        }
        if group.hosting != "sagemaker-multi-model":
            return [statement]
        return [{**statement, "Condition": {"StringEquals": {"sagemaker:TargetModel": list(keys)}}}]

    documents = [invoke(part) for part in parts(artifacts(group))]
    models = [f"{former}-models" for former in known]
    return role, attach(f"{name}-models", role, documents, {"group": group.name}, child, models)


def trust(service: str, account: str) -> str:
    """Return the trust policy: one service, on behalf of this account only."""
    # API Gateway is not documented to name the account it acts for: a condition that demands it would refuse every
    # call. Nobody can hand this role to another account's API, so it is enough to refuse another account's name.
    operator = "StringEqualsIfExists" if service == "apigateway.amazonaws.com" else "StringEquals"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {operator: {"aws:SourceAccount": account}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)


def repository_arn(image: str) -> str:
    """Return the ARN of the ECR repository an image lies in.

    Raises
    ------
    pulumi.RunError
        If the image does not lie in ECR, from where alone SageMaker takes it here.
    """
    found = re.fullmatch(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?:[:@].+)?", image)
    if found is None:
        raise pulumi.RunError(f"{image} is not in ECR: SageMaker takes no image from elsewhere. Copy it there.")
    account, region, repository = found.groups()
    return f"arn:aws:ecr:{region}:{account}:repository/{repository}"


def parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of artifacts so that each part fits a managed policy, in which an artifact stands twice."""
    part: list[str] = []
    characters = 0
    for artifact in keys:
        # Twice the key, an ARN's beginning and bucket name, quotes and commas.
        cost = 2 * len(artifact) + 90
        if part and characters + cost > POLICY_CHARACTERS:
            yield part
            part, characters = [], 0
        part.append(artifact)
        characters += cost
    yield part


def attach(
    name: str,
    role: aws.iam.Role,
    documents: Sequence[Sequence[Statement]],
    tags: Mapping[str, str],
    child: pulumi.ResourceOptions,
    known: Sequence[str] = (),
) -> list[pulumi.Resource]:
    """Attach one managed policy for each document: inline policies of a role share 10,240 characters.

    `known` are names under which these policies, outside their group's component, may be found.
    """
    attached: list[pulumi.Resource] = []
    for number, statements in enumerate(documents, start=1):
        policy = aws.iam.Policy(
            f"{name}-{number}",
            policy=json.dumps(
                {"Version": "2012-10-17", "Statement": statements}, sort_keys=True, separators=(",", ":")
            ),
            tags=tags,
            opts=formerly(child, [f"{former}-{number}" for former in known]),
        )
        attached.append(
            aws.iam.RolePolicyAttachment(
                f"{name}-{number}-attached",
                role=role.name,
                policy_arn=policy.arn,
                opts=formerly(child, [f"{former}-{number}-attached" for former in known]),
            )
        )
    return attached
