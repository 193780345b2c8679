"""What Google Cloud refuses of the types an emitted program uses: lengths, letters, ranges, durations.

The load balancer's types are in `google_edge_limits`.

Enumerations are not here: the Pulumi package's own documentation lists them (see `shape`), property by property.
"""

from generator.offline.stated import Limit, json_with, matches, one_of, seconds, sized, within

RUN = "gcp:cloudrunv2/service:Service"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
BUDGET = "gcp:billing/budget:Budget"
ACCOUNT = "gcp:serviceaccount/account:Account"

PROJECT = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
REGION = r"[a-z]+(-[a-z]+)+\d+"
RUN_NAME = r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?"
MEMBER = (
    r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group):[\w.%+-]+@[\w.-]+\.[\w-]+|domain:[^\s:@]+\.[^\s:@]+"
    r"|(principal|principalSet)://\S+|(projectOwner|projectEditor|projectViewer):\S+"
)

RUN_API = "https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services"
RUN_PROBES = "https://cloud.google.com/run/docs/configuring/healthchecks"
ALERT_API = "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies"
BUDGET_API = "https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets"
LABELS = "https://cloud.google.com/resource-manager/docs/labels-overview"
ALERT_LABELS = f"{ALERT_API}, userLabels"
SERVICE_ACCOUNTS = "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts"
NOTIFICATIONS = "https://cloud.google.com/monitoring/support/notification-options"
BUCKETS = "https://cloud.google.com/storage/docs/buckets#naming"

THRESHOLD = "conditions[].conditionThreshold"
ABSENT = "conditions[].conditionAbsent"

GOOGLE: tuple[Limit, ...] = (
    # What all types share.
    Limit(
        "gcp:*",
        "project",
        matches(PROJECT),
        "https://cloud.google.com/resource-manager/docs/creating-managing-projects",
    ),
    Limit("pulumi:providers:gcp", "project billingProject", matches(PROJECT), "the same"),
    Limit("pulumi:providers:gcp", "region", matches(REGION), "https://cloud.google.com/about/locations"),
    Limit("gcp:*", "region", matches(REGION), "https://cloud.google.com/about/locations"),
    Limit("gcp:cloudrunv2*", "location", matches(REGION), "https://cloud.google.com/run/docs/locations"),
    # A notification channel has settings under this name.
    Limit("gcp:[!m]*", "labels template.labels", sized(0, 64, "labels"), LABELS),
    Limit("gcp:[!m]*", "labels{key} template.labels{key}", matches(r"[^\W\dA-Z_]([^\WA-Z]|-){0,62}"), LABELS),
    Limit("gcp:[!m]*", "labels{} template.labels{}", matches(r"([^\WA-Z]|-){0,63}"), LABELS),
    Limit("gcp:*", "member", matches(MEMBER), "https://cloud.google.com/iam/docs/principal-identifiers"),
    Limit(
        "gcp:*",
        "role",
        matches(r"roles/[a-zA-Z]\w*(\.[a-zA-Z]\w*)*|(projects|organizations)/[\w.:~%-]+/roles/[\w.]{3,64}"),
        "https://cloud.google.com/iam/docs/roles-overview",
    ),
    Limit(
        "gcp:storage/*",
        "bucket",
        matches(r"(b/)?(?!goog)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]"),
        BUCKETS,
    ),
    # Cloud Run.
    Limit(
        RUN, "name", matches(RUN_NAME, 49), f"{RUN_API}/create, serviceId: begins with a letter, below 50 characters"
    ),
    Limit("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "name", matches(rf"(\S+/)?{RUN_NAME}"), RUN_API),
    Limit(
        RUN,
        "customAudiences",
        sized(0, 32, "audiences"),
        "https://cloud.google.com/run/docs/configuring/custom-audiences",
    ),
    Limit(
        RUN,
        "customAudiences[]",
        matches(r"[!-~]+"),
        "https://cloud.google.com/run/docs/configuring/custom-audiences",
    ),
    Limit(RUN, "template.timeout", seconds(1, 3600), "https://cloud.google.com/run/docs/configuring/request-timeout"),
    Limit(
        RUN,
        "template.maxInstanceRequestConcurrency",
        within(0, 1000),  # 0 leaves it to Cloud Run.
        "https://cloud.google.com/run/docs/configuring/concurrency",
    ),
    Limit(
        RUN,
        "template.scaling.minInstanceCount template.scaling.maxInstanceCount scaling.minInstanceCount",
        within(0, 10_000),
        "https://cloud.google.com/run/docs/configuring/max-instances",
    ),
    Limit(RUN, "scaling.manualInstanceCount", within(0, 10_000), f"{RUN_API}, scaling"),
    Limit(
        RUN,
        "template.scaling.concurrencyUtilization template.scaling.cpuUtilization",
        within(0.1, 0.95),
        "https://cloud.google.com/run/docs/about-instance-autoscaling",
    ),
    Limit(
        RUN,
        "template.serviceAccount",
        matches(r"[\w.%+-]+@[\w.-]+\.[\w-]+"),
        f"{RUN_API}, RevisionTemplate.serviceAccount",
    ),
    Limit(
        RUN,
        "template.encryptionKey",
        matches(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"),
        f"{RUN_API}, RevisionTemplate.encryptionKey",
    ),
    Limit(
        RUN,
        "template.nodeSelector.accelerator",
        one_of("nvidia-l4", "nvidia-rtx-pro-6000"),
        "https://cloud.google.com/run/docs/configuring/services/gpu",
    ),
    Limit(
        RUN, "template.containers", sized(1, 10, "containers"), "https://cloud.google.com/run/docs/deploying#sidecars"
    ),
    Limit(RUN, "template.containers[].image", matches(r"[a-z0-9][\w.:/@-]{0,1023}"), f"{RUN_API}, Container.image"),
    Limit(RUN, "template.containers[].ports.containerPort", within(1, 65_535), f"{RUN_API}, ContainerPort"),
    Limit(
        RUN,
        "template.containers[].envs[].name",
        matches(r"(?!(PORT|K_SERVICE|K_REVISION|K_CONFIGURATION)$)(?!X_GOOGLE_)(?=[!-~]*\Z)[^=]{1,32768}"),
        "https://cloud.google.com/run/docs/configuring/environment-variables#reserved",
    ),
    Limit(RUN, "template.containers[].envs[].value", sized(0, 32_768, "characters"), f"{RUN_API}, EnvVar"),
    Limit(
        RUN,
        "template.containers[].volumeMounts[].mountPath",
        matches(r"/[!-9;-~]+"),
        f"{RUN_API}, VolumeMount.mountPath",
    ),
    Limit(
        RUN,
        "template.volumes[].name template.containers[].volumeMounts[].name",
        matches(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
        f"{RUN_API}, Volume.name",
    ),
    Limit(
        RUN,
        "template.volumes[].gcs.bucket",
        matches(r"(?!goog)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]"),
        BUCKETS,
    ),
    Limit(
        RUN,
        "template.containers[].startupProbe.initialDelaySeconds",
        within(0, 240),
        RUN_PROBES,
    ),
    Limit(
        RUN,
        "template.containers[].startupProbe.periodSeconds template.containers[].startupProbe.timeoutSeconds",
        within(1, 240),
        RUN_PROBES,
    ),
    Limit(
        RUN,
        "template.containers[].livenessProbe.periodSeconds template.containers[].livenessProbe.timeoutSeconds",
        within(1, 3600),
        RUN_PROBES,
    ),
    Limit(
        RUN,
        "template.containers[].startupProbe.failureThreshold template.containers[].livenessProbe.failureThreshold",
        within(1, 1_000_000),
        f"{RUN_API}, Probe.failureThreshold: 1 or more",
    ),
    Limit(
        RUN,
        "template.containers[].startupProbe.httpGet.path template.containers[].livenessProbe.httpGet.path",
        matches(r"/[!-~]*"),
        f"{RUN_API}, HTTPGetAction.path",
    ),
    Limit(RUN, "traffics[].percent", within(0, 100), f"{RUN_API}, TrafficTarget.percent"),
    # Identities.
    Limit(
        ACCOUNT,
        "accountId",
        matches(r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
        f"{SERVICE_ACCOUNTS}/create, accountId",
    ),
    Limit(
        ACCOUNT,
        "displayName",
        sized(0, 100, "characters"),
        SERVICE_ACCOUNTS,
    ),
    Limit(
        ACCOUNT,
        "description",
        sized(0, 256, "characters"),
        SERVICE_ACCOUNTS,
    ),
    # Monitoring.
    Limit("gcp:monitoring/*", "displayName", sized(1, 512, "characters"), f"{ALERT_API}, displayName"),
    Limit("gcp:monitoring/*", "userLabels", sized(0, 64, "labels"), ALERT_LABELS),
    Limit("gcp:monitoring/*", "userLabels{key}", matches(r"[a-z][a-z0-9_-]{0,62}"), ALERT_LABELS),
    Limit("gcp:monitoring/*", "userLabels{}", matches(r"[a-z0-9_-]{0,63}"), ALERT_LABELS),
    Limit(ALERT, "conditions", sized(1, 6, "conditions"), f"{ALERT_API}, conditions"),
    Limit(ALERT, "conditions[].displayName", sized(1, 512, "characters"), ALERT_API),
    Limit(ALERT, "notificationChannels", sized(0, 16, "channels"), "https://cloud.google.com/monitoring/quotas"),
    Limit(
        ALERT,
        "notificationChannels[]",
        matches(r"projects/[\w.:~%-]+/notificationChannels/[\w.:~%-]+"),
        f"{ALERT_API}, notificationChannels",
    ),
    Limit(
        ALERT,
        f"{THRESHOLD}.filter {THRESHOLD}.denominatorFilter {ABSENT}.filter",
        matches(r"(?s)(?=.*resource\.type\s*=)(?=.*metric\.type\s*=).*", 2048),
        f"{ALERT_API}, MetricThreshold.filter: names a metric type and a resource type",
    ),
    Limit(ALERT, f"{THRESHOLD}.comparison", one_of("COMPARISON_GT", "COMPARISON_LT"), f"{ALERT_API}, MetricThreshold"),
    Limit(ALERT, f"{THRESHOLD}.duration", seconds(0, 84_600, 60), f"{ALERT_API}, MetricThreshold.duration"),
    Limit(ALERT, f"{ABSENT}.duration", seconds(120, 84_600, 60), f"{ALERT_API}, MetricAbsence.duration"),
    Limit(
        ALERT,
        f"{THRESHOLD}.aggregations[].alignmentPeriod {THRESHOLD}.denominatorAggregations[].alignmentPeriod"
        f" {ABSENT}.aggregations[].alignmentPeriod",
        seconds(60, 90_000),
        f"{ALERT_API}, Aggregation.alignmentPeriod",
    ),
    Limit(ALERT, "alertStrategy.autoClose", seconds(1800, 604_800), f"{ALERT_API}, AlertStrategy.autoClose"),
    Limit(ALERT, "documentation.content", sized(0, 8192, "characters"), f"{ALERT_API}, Documentation.content"),
    Limit(
        "gcp:monitoring/dashboard:Dashboard",
        "dashboardJson",
        json_with("displayName"),
        "https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards",
    ),
    Limit(
        "gcp:monitoring/notificationChannel:NotificationChannel",
        "type",
        matches("email|google_chat|mobile_push|pagerduty|pubsub|slack|sms|webhook_basicauth|webhook_tokenauth"),
        NOTIFICATIONS,
    ),
    Limit(
        "gcp:monitoring/notificationChannel:NotificationChannel",
        "labels.email_address",
        matches(r"[\w.%+-]+@[\w.-]+\.[\w-]+"),
        NOTIFICATIONS,
    ),
    # Money.
    Limit(
        BUDGET,
        "billingAccount",
        matches(r"[0-9A-F]{6}(-[0-9A-F]{6}){2}"),
        "https://cloud.google.com/billing/docs/how-to/find-billing-account-id",
    ),
    Limit(BUDGET, "displayName", sized(0, 60, "characters"), f"{BUDGET_API}, displayName"),
    Limit(BUDGET, "amount.specifiedAmount.currencyCode", matches(r"[A-Z]{3}"), f"{BUDGET_API}, Money: ISO 4217"),
    Limit(BUDGET, "amount.specifiedAmount.units", matches(r"\d{1,18}"), f"{BUDGET_API}, Money"),
    Limit(BUDGET, "thresholdRules[].thresholdPercent", within(0, 100), f"{BUDGET_API}, ThresholdRule"),
    Limit(BUDGET, "budgetFilter.projects[]", matches(r"projects/[\w.:~%-]+"), f"{BUDGET_API}, Filter.projects"),
    Limit(BUDGET, "budgetFilter.labels", sized(0, 1, "labels"), f"{BUDGET_API}, Filter.labels: one entry"),
    Limit(
        BUDGET,
        "allUpdatesRule.monitoringNotificationChannels",
        sized(0, 5, "channels"),
        f"{BUDGET_API}, NotificationsRule",
    ),
    Limit(
        BUDGET,
        "allUpdatesRule.monitoringNotificationChannels[]",
        matches(r"projects/[\w.:~%-]+/notificationChannels/[\w.:~%-]+"),
        f"{BUDGET_API}, NotificationsRule",
    ),
)
