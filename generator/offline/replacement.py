"""Which changes replace a resource instead of updating it, and where that is written."""

import re
from fnmatch import fnmatchcase

# (resource type pattern, property patterns, source). `*` stands for every property that has no row of its own in KEPT.
REPLACED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("aws:*", ("name", "namePrefix"), "AWS API: update operations take the name as the key of what is updated"),
    ("aws:*", ("region",), "terraform-provider-aws, enhanced region support: changing region forces a new resource"),
    ("gcp:*", ("name", "project", "location", "region", "zone"), "Google AIP-122: they form the resource's name"),
    ("aws:sagemaker/model:Model", ("*",), "SageMaker API: CreateModel has no UpdateModel"),
    ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", ("*",), "SageMaker API: no UpdateEndpointConfig"),
    (
        "aws:appautoscaling/*",
        ("resourceId", "scalableDimension", "serviceNamespace"),
        "Application Auto Scaling API: RegisterScalableTarget, PutScalingPolicy identify by these",
    ),
    ("aws:iam/role:Role", ("path",), "IAM API: UpdateRole takes no Path"),
    ("aws:iam/policy:Policy", ("path", "description"), "IAM API, CreatePolicy: the description is immutable"),
    ("aws:iam/rolePolicy:RolePolicy", ("role",), "IAM API: PutRolePolicy identifies by RoleName and PolicyName"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", ("*",), "IAM API: AttachRolePolicy has no update"),
    (
        "aws:cloudwatch/dashboard:Dashboard",
        ("dashboardName",),
        "CloudWatch API: PutDashboard identifies by DashboardName",
    ),
    ("aws:apigateway/deployment:Deployment", ("restApi", "triggers"), "pulumi_aws, Deployment.triggers: redeployment"),
    ("aws:apigateway/stage:Stage", ("restApi", "stageName"), "API Gateway API: UpdateStage identifies by these"),
    (
        "aws:apigateway/methodSettings:MethodSettings",
        ("restApi", "stageName", "methodPath"),
        "API Gateway API: UpdateStage",
    ),
    (
        "aws:apigateway/domainName:DomainName",
        ("domainName",),
        "API Gateway API: UpdateDomainName identifies by domainName",
    ),
    ("aws:apigateway/basePathMapping:BasePathMapping", ("domainName",), "API Gateway API: UpdateBasePathMapping"),
    (
        "aws:kms/key:Key",
        ("keyUsage", "customerMasterKeySpec", "multiRegion"),
        "KMS API: UpdateKeyDescription is all there is",
    ),
    ("aws:s3/*", ("bucket",), "S3 API: every request identifies by Bucket"),
    (
        "aws:acm/certificate:Certificate",
        ("domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"),
        "ACM API: UpdateCertificateOptions changes options alone",
    ),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        ("vpcId", "serviceName", "vpcEndpointType"),
        "EC2 API: ModifyVpcEndpoint takes none of these",
    ),
    ("aws:sns/topic:Topic", ("fifoTopic",), "SNS API, CreateTopic: FifoTopic is set at creation only"),
    ("aws:sns/topicPolicy:TopicPolicy", ("arn",), "SNS API: SetTopicAttributes identifies by TopicArn"),
    (
        "aws:sns/topicSubscription:TopicSubscription",
        ("topic", "protocol", "endpoint"),
        "SNS API: Subscribe has no update",
    ),
    ("aws:route53/record:Record", ("zoneId", "setIdentifier"), "Route 53 API: a record set is identified by these"),
    ("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", ("*",), "pulumi_gcp: IAM members have no update"),
    ("gcp:*IAMMember", ("*",), "pulumi_gcp: IAM members have no update"),
    ("gcp:serviceaccount/account:Account", ("accountId",), "IAM API: the account id forms the e-mail address"),
    (
        "gcp:compute/regionNetworkEndpointGroup:*",
        ("*",),
        "Compute API: regionNetworkEndpointGroups has no patch or update",
    ),
    ("gcp:compute/globalAddress:GlobalAddress", ("*",), "Compute API: globalAddresses has no patch or update"),
    (
        "gcp:compute/globalForwardingRule:GlobalForwardingRule",
        ("ipAddress", "ipProtocol", "portRange", "loadBalancingScheme"),
        "Compute API: globalForwardingRules.setTarget and patch change neither",
    ),
    (
        "gcp:dns/recordSet:RecordSet",
        ("managedZone",),
        "Cloud DNS API: resourceRecordSets.patch identifies by zone, name, type",
    ),
    ("gcp:billing/budget:Budget", ("billingAccount",), "Billing Budgets API: the account forms the budget's name"),
)
# Changed in place though their type's other properties are not.
KEPT: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("aws:*", ("tags", "tagsAll"), "AWS API: TagResource, AddTags"),
    ("gcp:*", ("labels", "effectiveLabels", "pulumiLabels"), "Google APIs: setLabels"),
)


def replaces(token: str, path: str) -> bool:
    """Whether a change at a property path (``containers[0].image``) makes the cloud create the resource anew."""
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    if any(fnmatchcase(token, pattern) and name in names for pattern, names, _ in KEPT):
        return False
    return any(fnmatchcase(token, pattern) and ("*" in names or name in names) for pattern, names, _ in REPLACED)
