"""What AWS refuses beyond botocore's models: references between resources, documents, types without a model."""

from generator.offline.amazon_documents import MOST_OF_ARN, PARTITION, ROLE, arn, openapi, policy
from generator.offline.stated import Limit, json_with, matches, one_of, sized, within

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
API = "aws:apigateway/restApi:RestApi"
DOMAIN = "aws:apigateway/domainName:DomainName"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
ROUTE = "aws:route53/record:Record"
BUDGET = "aws:budgets/budget:Budget"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
TOPIC = "aws:sns/topic:Topic"
KEY = "aws:kms/key:Key"

ARNS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
POLICIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
IAM_SIZES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
BUDGETS_API = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference"
ROUTE_53_API = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"
GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/api"
TAGS = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"

PRINTED = r"[^\x00-\x1f\x7f]+"
HOST = r"(\*\.)?([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9-]{2,63}\.?"


AMAZON: tuple[Limit, ...] = (
    # What all types share.
    Limit("aws:*", "tags", sized(0, 50, "tags"), TAGS),
    Limit("aws:*", "tags{key}", matches(r"(?i)(?!aws:)[\w\s.:/=+@-]{1,128}"), TAGS),
    Limit("aws:*", "tags{}", matches(r"[\w\s.:/=+@-]{0,256}"), TAGS),
    Limit("aws:*", "kmsKeyArn", arn("kms", r"(key|alias)/[\w/-]+"), ARNS),
    Limit("aws:*", "executionRoleArn", matches(ROLE), ARNS),
    Limit("pulumi:providers:aws", "region", matches(r"[a-z]{2}(-[a-z]+)+-\d"), ARNS),
    Limit("pulumi:providers:aws", "allowedAccountIds[]", matches(r"\d{12}"), ARNS),
    # SageMaker and its scaling.
    Limit(
        CONFIGURATION,
        "productionVariants[].serverlessConfig.memorySizeInMb",
        one_of(*range(1024, 6145, 1024)),
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html",
    ),
    Limit(
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        "schedule",
        matches(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|rate\(\d+ (minute|hour|day)s?\)|cron\(\S+( \S+){5}\)"),
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html",
    ),
    Limit(
        "aws:appautoscaling/policy:Policy",
        "targetTrackingScalingPolicyConfiguration.scaleInCooldown"
        " targetTrackingScalingPolicyConfiguration.scaleOutCooldown",
        within(0, 2_147_483_647),
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
        "API_TargetTrackingScalingPolicyConfiguration.html: seconds, a 32 bit integer",
    ),
    Limit(
        "aws:appautoscaling/policy:Policy",
        "targetTrackingScalingPolicyConfiguration.targetValue",
        within(8.515920e-109, 1.174271e108),
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
        "API_TargetTrackingScalingPolicyConfiguration.html, TargetValue",
    ),
    Limit(
        "aws:appautoscaling/target:Target",
        "minCapacity maxCapacity",
        within(0, 2_147_483_647),
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
    ),
    Limit(
        "aws:sagemaker/model:Model",
        "primaryContainer.image primaryContainer.modelDataUrl",
        matches(r"[!-~]+"),
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push.html, "
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
    ),
    # Identity.
    Limit("aws:iam/role:Role", "assumeRolePolicy", policy(2048, resource_based=True), IAM_SIZES),
    Limit("aws:iam/rolePolicy:RolePolicy", "policy", policy(10_240, resource_based=False), IAM_SIZES),
    Limit("aws:iam/policy:Policy", "policy", policy(6144, resource_based=False), IAM_SIZES),
    Limit(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "policyArn",
        matches(rf"{PARTITION}:iam::(\d{{12}}|aws):policy/[\w+=,.@/-]+"),
        ARNS,
    ),
    Limit("aws:iam/rolePolicy:RolePolicy", "role", matches(r"[\w+=,.@-]{1,64}"), POLICIES),
    Limit("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", matches(r"[\w+=,.@-]{1,64}"), POLICIES),
    # Watching.
    Limit(
        ALARM,
        "name dimensions{key} dimensions{} metricName namespace",
        matches(PRINTED),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html: no control characters",
    ),
    Limit(
        ALARM,
        "alarmActions[] okActions[] insufficientDataActions[]",
        matches(rf"{PARTITION}:[a-z0-9-]+:[a-z0-9-]*:(\d{{12}})?:[!-~]+", 1024),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    Limit(
        ALARM,
        "extendedStatistic",
        matches(r"p(\d{1,2}(\.\d{1,10})?|100)|(tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?|(TM|WM|PR|TC|TS|IQM)\(?[\d.:%]*\)?"),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
    ),
    Limit(
        ALARM,
        "treatMissingData",
        one_of("breaching", "notBreaching", "ignore", "missing"),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    Limit(
        "aws:cloudwatch/dashboard:Dashboard",
        "dashboardBody",
        json_with("widgets"),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    ),
    Limit(
        "aws:cloudwatch/dashboard:Dashboard",
        "dashboardName",
        matches(r"[\w-]{1,255}"),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
    ),
    Limit(
        TOPIC,
        "name",
        matches(r"[\w-]{1,251}(\.fifo)?"),
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    Limit(
        TOPIC,
        "displayName",
        sized(0, 100, "characters"),
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    Limit(
        TOPIC,
        "kmsMasterKeyId",
        matches(
            rf"{PARTITION}:kms:[a-z0-9-]+:\d{{12}}:(key|alias)/[\w/-]+|alias/[\w/-]+|[0-9a-f-]{{36}}|mrk-\w+",
            MOST_OF_ARN,
        ),
        "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
    ),
    Limit("aws:sns/topicPolicy:TopicPolicy", "arn", arn("sns", r"[\w-]+(\.fifo)?"), ARNS),
    Limit("aws:sns/topicPolicy:TopicPolicy", "policy", policy(30_720, resource_based=True), POLICIES),
    Limit("aws:sns/topicSubscription:TopicSubscription", "topic", arn("sns", r"[\w-]+(\.fifo)?"), ARNS),
    Limit(
        "aws:sns/topicSubscription:TopicSubscription",
        "protocol",
        one_of("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"),
        "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
    ),
    Limit(
        KEY,
        "deletionWindowInDays",
        within(7, 30),
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
    ),
    Limit(
        KEY,
        "policy",
        policy(32_768, resource_based=True),
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
    ),
    # The edge.
    Limit(
        API,
        "body",
        openapi,
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html",
    ),
    Limit(API, "name", matches(PRINTED, 1024), f"{GATEWAY}/API_CreateRestApi.html"),
    Limit(
        "aws:apigateway/*",
        "restApi deployment",
        matches(r"[\w-]{1,128}"),
        f"{GATEWAY}/API_RestApi.html: ids are letters and digits",
    ),
    Limit("aws:apigateway/*", "stageName", matches(r"\w[\w-]{0,127}"), f"{GATEWAY}/API_CreateStage.html"),
    Limit(
        "aws:apigateway/basePathMapping:BasePathMapping",
        "basePath",
        matches(r"[\w$.+!*'()/-]{0,256}"),
        f"{GATEWAY}/API_CreateBasePathMapping.html",
    ),
    Limit(DOMAIN, "domainName", matches(HOST, 255), f"{GATEWAY}/API_CreateDomainName.html"),
    Limit(
        "aws:apigateway/basePathMapping:BasePathMapping",
        "domainName",
        matches(HOST, 255),
        f"{GATEWAY}/API_CreateDomainName.html",
    ),
    Limit(
        DOMAIN,
        "certificateArn regionalCertificateArn",
        arn("acm", r"certificate/[\w-]+"),
        f"{GATEWAY}/API_CreateDomainName.html",
    ),
    Limit(
        DOMAIN, "securityPolicy", matches(r"TLS_1_0|TLS_1_2|SecurityPolicy_\w+"), f"{GATEWAY}/API_CreateDomainName.html"
    ),
    Limit(
        "aws:apigateway/*",
        "endpointConfiguration.types",
        one_of("EDGE", "REGIONAL", "PRIVATE"),
        f"{GATEWAY}/API_EndpointConfiguration.html",
    ),
    Limit(
        SETTINGS,
        "methodPath",
        matches(r"\*/\*|([\w.{}+~:-]+)(/|~1|[\w.{}+~:-])*/(\*|[A-Z]+)"),
        f"{GATEWAY}/API_MethodSetting.html",
    ),
    Limit(SETTINGS, "settings.loggingLevel", one_of("OFF", "ERROR", "INFO"), f"{GATEWAY}/API_MethodSetting.html"),
    Limit(SETTINGS, "settings.cacheTtlInSeconds", within(0, 3600), f"{GATEWAY}/API_MethodSetting.html"),
    Limit(
        SETTINGS,
        "settings.throttlingRateLimit settings.throttlingBurstLimit",
        within(-1, 1_000_000),
        f"{GATEWAY}/API_MethodSetting.html",
    ),
    Limit(ROUTE, "zoneId", matches(r"[A-Z0-9]{1,32}"), ROUTE_53_API),
    Limit(ROUTE, "name", matches(HOST, 255), ROUTE_53_API),
    Limit(
        ROUTE,
        "type",
        one_of(
            "A",
            "AAAA",
            "CAA",
            "CNAME",
            "DS",
            "HTTPS",
            "MX",
            "NAPTR",
            "NS",
            "PTR",
            "SOA",
            "SPF",
            "SRV",
            "SSHFP",
            "SVCB",
            "TLSA",
            "TXT",
        ),
        ROUTE_53_API,
    ),
    Limit(ROUTE, "ttl", within(0, 2_147_483_647), ROUTE_53_API),
    Limit(ROUTE, "setIdentifier", sized(1, 128, "characters"), ROUTE_53_API),
    Limit(ROUTE, "aliases", sized(1, 1, "aliases"), ROUTE_53_API),
    Limit(ROUTE, "aliases[].name", matches(HOST, 1024), f"{ROUTE_53_API}, AliasTarget"),
    Limit(ROUTE, "aliases[].zoneId", matches(r"[A-Za-z0-9]{1,32}"), f"{ROUTE_53_API}, AliasTarget"),
    # Money.
    Limit(BUDGET, "name", matches(r"(?!.*/action/)[^:\\\x00-\x1f]{1,100}"), f"{BUDGETS_API}/API_budgets_Budget.html"),
    Limit(
        BUDGET,
        "budgetType",
        one_of("COST", "USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"),
        f"{BUDGETS_API}/API_budgets_Budget.html",
    ),
    Limit(
        BUDGET,
        "timeUnit",
        one_of("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM"),
        f"{BUDGETS_API}/API_budgets_Budget.html",
    ),
    Limit(BUDGET, "limitAmount", within(0, 1e15), f"{BUDGETS_API}/API_budgets_Spend.html"),
    Limit(BUDGET, "limitUnit", matches(r"[A-Z]{3}"), f"{BUDGETS_API}/API_budgets_Spend.html: a cost budget's currency"),
    Limit(
        BUDGET,
        "notifications",
        sized(0, 10, "notifications"),
        "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html",
    ),
    Limit(
        BUDGET,
        "notifications[].comparisonOperator",
        one_of("GREATER_THAN", "LESS_THAN", "EQUAL_TO"),
        f"{BUDGETS_API}/API_budgets_Notification.html",
    ),
    Limit(
        BUDGET,
        "notifications[].notificationType",
        one_of("ACTUAL", "FORECASTED"),
        f"{BUDGETS_API}/API_budgets_Notification.html",
    ),
    Limit(
        BUDGET,
        "notifications[].thresholdType",
        one_of("PERCENTAGE", "ABSOLUTE_VALUE"),
        f"{BUDGETS_API}/API_budgets_Notification.html",
    ),
    Limit(
        BUDGET,
        "notifications[].threshold",
        within(0, 15_000_000_000_000),
        f"{BUDGETS_API}/API_budgets_Notification.html",
    ),
    Limit(
        BUDGET,
        "notifications[].subscriberSnsTopicArns",
        sized(0, 1, "topics"),
        "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html",
    ),
    Limit(BUDGET, "notifications[].subscriberSnsTopicArns[]", arn("sns", r"[\w-]+(\.fifo)?"), ARNS),
    Limit(
        BUDGET, "costFilters[].name", matches(r"[A-Za-z]{1,64}"), f"{BUDGETS_API}/API_budgets_Budget.html, CostFilters"
    ),
    Limit(
        BUDGET,
        "costFilters[].values[]",
        matches(PRINTED, 1024),
        f"{BUDGETS_API}/API_budgets_Budget.html, CostFilters",
    ),
)
