"""The resources of a small emitted stack on gcp, written out by transcribe.py: no component or loop."""

import pulumi
import pulumi_gcp as gcp

gcp_provider = gcp.Provider(
    "gcp",
    billing_project="models-prod",
    default_labels={"environment": "prod", "fleet": "bench", "managed-by": "covey", "stack": "prod-gcp-europe-west1"},
    project="models-prod",
    region="europe-west1",
    user_project_override=True,
)
alarms = gcp.monitoring.NotificationChannel(
    "alarms",
    display_name="Model endpoints",
    labels={"email_address": "oncall@example.com"},
    type="email",
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_dashboard = gcp.monitoring.Dashboard(
    "group-000-dashboard",
    dashboard_json='{"displayName": "prod-group-000", "mosaicLayout": {"columns": 48, "tiles": [{"height": 12, "widget": {"title": "requests", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_SUM", "perSeriesAligner": "ALIGN_RATE"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/request_count\\" AND resource.labels.service_name=\\"prod-group-000\\""}}}]}}, "width": 12, "xPos": 0}, {"height": 12, "widget": {"title": "latency, ms", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_MAX", "perSeriesAligner": "ALIGN_PERCENTILE_99"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/request_latencies\\" AND resource.labels.service_name=\\"prod-group-000\\""}}}]}}, "width": 12, "xPos": 12}, {"height": 12, "widget": {"title": "CPU", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_MAX", "perSeriesAligner": "ALIGN_PERCENTILE_99"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/container/cpu/utilizations\\" AND resource.labels.service_name=\\"prod-group-000\\""}}}]}}, "width": 12, "xPos": 24}, {"height": 12, "widget": {"title": "instances", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_SUM", "perSeriesAligner": "ALIGN_MAX"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/container/instance_count\\" AND resource.labels.service_name=\\"prod-group-000\\""}}}]}}, "width": 12, "xPos": 36}]}}',
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_identity = gcp.serviceaccount.Account(
    "group-000-identity",
    account_id="prod-group-000",
    display_name="Model server of group-000",
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_dashboard = gcp.monitoring.Dashboard(
    "group-001-dashboard",
    dashboard_json='{"displayName": "prod-group-001", "mosaicLayout": {"columns": 48, "tiles": [{"height": 12, "widget": {"title": "requests", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_SUM", "perSeriesAligner": "ALIGN_RATE"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/request_count\\" AND resource.labels.service_name=\\"prod-group-001\\""}}}]}}, "width": 12, "xPos": 0}, {"height": 12, "widget": {"title": "latency, ms", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_MAX", "perSeriesAligner": "ALIGN_PERCENTILE_99"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/request_latencies\\" AND resource.labels.service_name=\\"prod-group-001\\""}}}]}}, "width": 12, "xPos": 12}, {"height": 12, "widget": {"title": "CPU", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_MAX", "perSeriesAligner": "ALIGN_PERCENTILE_99"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/container/cpu/utilizations\\" AND resource.labels.service_name=\\"prod-group-001\\""}}}]}}, "width": 12, "xPos": 24}, {"height": 12, "widget": {"title": "instances", "xyChart": {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": {"aggregation": {"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_SUM", "perSeriesAligner": "ALIGN_MAX"}, "filter": "resource.type=\\"cloud_run_revision\\" AND metric.type=\\"run.googleapis.com/container/instance_count\\" AND resource.labels.service_name=\\"prod-group-001\\""}}}]}}, "width": 12, "xPos": 36}]}}',
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_identity = gcp.serviceaccount.Account(
    "group-001-identity",
    account_id="prod-group-001",
    display_name="Model server of group-001",
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_artifacts = gcp.storage.BucketIAMMember(
    "group-000-artifacts",
    bucket="bench-models",
    member=group_000_identity.member,
    role="roles/storage.objectViewer",
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_cold_starts = gcp.monitoring.AlertPolicy(
    "group-000-cold-starts",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_95",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/startup_latencies" AND resource.labels.service_name="prod-group-000"',
                threshold_value=500,
            ),
            display_name="Instances take longer to start than the longest objective of the group",
        )
    ],
    display_name="group-000-cold-starts",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_idle = gcp.monitoring.AlertPolicy(
    "group-000-idle",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_absent=gcp.monitoring.AlertPolicyConditionConditionAbsentArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionAbsentAggregationArgs(
                        alignment_period="300s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                duration="84600s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-000"',
            ),
            display_name="No request for a day",
        )
    ],
    display_name="group-000-idle",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_instances = gcp.monitoring.AlertPolicy(
    "group-000-instances",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_MAX"
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/instance_count" AND resource.labels.service_name="prod-group-000" AND metric.labels.state="active"',
                threshold_value=3.5,
            ),
            display_name="Every instance the plan allows is busy",
        )
    ],
    display_name="group-000-instances",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_latency = gcp.monitoring.AlertPolicy(
    "group-000-latency",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_latencies" AND resource.labels.service_name="prod-group-000"',
                threshold_value=500,
            ),
            display_name="Slower than the longest objective of the group",
        )
    ],
    display_name="group-000-latency",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_memory = gcp.monitoring.AlertPolicy(
    "group-000-memory",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/memory/utilizations" AND resource.labels.service_name="prod-group-000"',
                threshold_value=0.9,
            ),
            display_name="Memory above 90 %",
        )
    ],
    display_name="group-000-memory",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_saturation = gcp.monitoring.AlertPolicy(
    "group-000-saturation",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/cpu/utilizations" AND resource.labels.service_name="prod-group-000"',
                threshold_value=0.9,
            ),
            display_name="CPU above 90 %",
        )
    ],
    display_name="group-000-saturation",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_server_errors = gcp.monitoring.AlertPolicy(
    "group-000-server-errors",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                comparison="COMPARISON_GT",
                denominator_aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                denominator_filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-000"',
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-000" AND metric.labels.response_code_class="5xx"',
                threshold_value=0.01,
            ),
            display_name="More than 1 % of requests fail",
        )
    ],
    display_name="group-000-server-errors",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_000_service = gcp.cloudrunv2.Service(
    "group-000-service",
    custom_audiences=["https://europe-west1.models.example.com", "https://models.example.com"],
    default_uri_disabled=True,
    deletion_protection=False,
    ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    labels={
        "managed-by": "covey",
        "group": "group-000",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    location="europe-west1",
    name="prod-group-000",
    scaling=gcp.cloudrunv2.ServiceScalingArgs(min_instance_count=1, scaling_mode="AUTOMATIC"),
    template=gcp.cloudrunv2.ServiceTemplateArgs(
        containers=[
            gcp.cloudrunv2.ServiceTemplateContainerArgs(
                envs=[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name="MODELS_ROOT", value="/mnt/models")],
                image="europe-west1-docker.pkg.dev/models-prod/models/server:1",
                ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(container_port=8080),
                resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
                    cpu_idle=False, limits={"cpu": "1", "memory": "4Gi"}, startup_cpu_boost=True
                ),
                startup_probe=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
                    failure_threshold=24,
                    http_get=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/ping"),
                    period_seconds=10,
                    timeout_seconds=5,
                ),
                volume_mounts=[
                    gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(mount_path="/mnt/models", name="models")
                ],
            )
        ],
        execution_environment="EXECUTION_ENVIRONMENT_GEN2",
        max_instance_request_concurrency=4,
        scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(concurrency_utilization=0.7, max_instance_count=4),
        service_account=group_000_identity.email,
        volumes=[
            gcp.cloudrunv2.ServiceTemplateVolumeArgs(
                gcs=gcp.cloudrunv2.ServiceTemplateVolumeGcsArgs(bucket="bench-models", read_only=True), name="models"
            )
        ],
    ),
    traffics=[gcp.cloudrunv2.ServiceTrafficArgs(percent=100, type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST")],
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_artifacts = gcp.storage.BucketIAMMember(
    "group-001-artifacts",
    bucket="bench-models",
    member=group_001_identity.member,
    role="roles/storage.objectViewer",
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_cold_starts = gcp.monitoring.AlertPolicy(
    "group-001-cold-starts",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_95",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/startup_latencies" AND resource.labels.service_name="prod-group-001"',
                threshold_value=500,
            ),
            display_name="Instances take longer to start than the longest objective of the group",
        )
    ],
    display_name="group-001-cold-starts",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_idle = gcp.monitoring.AlertPolicy(
    "group-001-idle",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_absent=gcp.monitoring.AlertPolicyConditionConditionAbsentArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionAbsentAggregationArgs(
                        alignment_period="300s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                duration="84600s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-001"',
            ),
            display_name="No request for a day",
        )
    ],
    display_name="group-001-idle",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_instances = gcp.monitoring.AlertPolicy(
    "group-001-instances",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_MAX"
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/instance_count" AND resource.labels.service_name="prod-group-001" AND metric.labels.state="active"',
                threshold_value=3.5,
            ),
            display_name="Every instance the plan allows is busy",
        )
    ],
    display_name="group-001-instances",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_latency = gcp.monitoring.AlertPolicy(
    "group-001-latency",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_latencies" AND resource.labels.service_name="prod-group-001"',
                threshold_value=500,
            ),
            display_name="Slower than the longest objective of the group",
        )
    ],
    display_name="group-001-latency",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_memory = gcp.monitoring.AlertPolicy(
    "group-001-memory",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/memory/utilizations" AND resource.labels.service_name="prod-group-001"',
                threshold_value=0.9,
            ),
            display_name="Memory above 90 %",
        )
    ],
    display_name="group-001-memory",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_saturation = gcp.monitoring.AlertPolicy(
    "group-001-saturation",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s",
                        cross_series_reducer="REDUCE_MAX",
                        per_series_aligner="ALIGN_PERCENTILE_99",
                    )
                ],
                comparison="COMPARISON_GT",
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/container/cpu/utilizations" AND resource.labels.service_name="prod-group-001"',
                threshold_value=0.9,
            ),
            display_name="CPU above 90 %",
        )
    ],
    display_name="group-001-saturation",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_server_errors = gcp.monitoring.AlertPolicy(
    "group-001-server-errors",
    combiner="OR",
    conditions=[
        gcp.monitoring.AlertPolicyConditionArgs(
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                comparison="COMPARISON_GT",
                denominator_aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArgs(
                        alignment_period="60s", cross_series_reducer="REDUCE_SUM", per_series_aligner="ALIGN_RATE"
                    )
                ],
                denominator_filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-001"',
                duration="300s",
                filter='resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count" AND resource.labels.service_name="prod-group-001" AND metric.labels.response_code_class="5xx"',
                threshold_value=0.01,
            ),
            display_name="More than 1 % of requests fail",
        )
    ],
    display_name="group-001-server-errors",
    notification_channels=[alarms.id],
    severity="WARNING",
    user_labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
group_001_service = gcp.cloudrunv2.Service(
    "group-001-service",
    custom_audiences=["https://europe-west1.models.example.com", "https://models.example.com"],
    default_uri_disabled=True,
    deletion_protection=False,
    ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    labels={
        "managed-by": "covey",
        "group": "group-001",
        "stack": "prod-gcp-europe-west1",
        "environment": "prod",
        "fleet": "bench",
    },
    location="europe-west1",
    name="prod-group-001",
    scaling=gcp.cloudrunv2.ServiceScalingArgs(min_instance_count=1, scaling_mode="AUTOMATIC"),
    template=gcp.cloudrunv2.ServiceTemplateArgs(
        containers=[
            gcp.cloudrunv2.ServiceTemplateContainerArgs(
                envs=[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name="MODELS_ROOT", value="/mnt/models")],
                image="europe-west1-docker.pkg.dev/models-prod/models/server:1",
                ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(container_port=8080),
                resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
                    cpu_idle=False, limits={"cpu": "1", "memory": "4Gi"}, startup_cpu_boost=True
                ),
                startup_probe=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
                    failure_threshold=24,
                    http_get=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/ping"),
                    period_seconds=10,
                    timeout_seconds=5,
                ),
                volume_mounts=[
                    gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(mount_path="/mnt/models", name="models")
                ],
            )
        ],
        execution_environment="EXECUTION_ENVIRONMENT_GEN2",
        max_instance_request_concurrency=4,
        scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(concurrency_utilization=0.7, max_instance_count=4),
        service_account=group_001_identity.email,
        volumes=[
            gcp.cloudrunv2.ServiceTemplateVolumeArgs(
                gcs=gcp.cloudrunv2.ServiceTemplateVolumeGcsArgs(bucket="bench-models", read_only=True), name="models"
            )
        ],
    ),
    traffics=[gcp.cloudrunv2.ServiceTrafficArgs(percent=100, type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST")],
    opts=pulumi.ResourceOptions(provider=gcp_provider),
)
