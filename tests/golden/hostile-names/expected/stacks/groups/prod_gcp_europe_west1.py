"""What prod serves on GCP in europe-west1, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="shop-rm-rf",
    project="shop-models-prod",
    region="europe-west1",
    host="europe-west1.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "x___",
        "environment": "prod",
        "fleet": "shop___rm_-rf__",
        "managed-by": "covey",
        "stack": "prod-gcp-europe-west1",
    },
    groups=(
        CloudRunGroup(
            name="retail-europe",
            service="prod-retail-europe",
            identity="prod-retail-europe",
            image="europe-west1-docker.pkg.dev/shop-models-prod/models/sklearn:1.5",
            port=8080,
            health_path="/ping",
            cores=2,
            memory_gib=4.0,
            accelerator=None,
            min_replicas=0,
            max_replicas=4,
            concurrency=4,
            concurrency_utilization=0.7,
            monthly_ceiling_usd=730,
            models=(
                Model(
                    key="fashion-europe",
                    name="fashion-europe",
                    version="3",
                    path="/model2",
                    artifact="fashion/europe/3.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                        "team": "search",
                    },
                ),
                Model(
                    key="script-alert-1-script-long-long-long-lon",
                    name=(
                        "| `<script>alert(1)</script>` |\u202e\U0001f600long long long long long long long long long lo"
                        "ng long long long long long long long long long long long long long long long long long long l"
                        "ong long long long long long long long long long long long long long long long long long long "
                        "long long long long long long long long long long long long long "
                    ),
                    version=(
                        "| `<script>alert(1)</script>` |\u202e\U0001f600long long long long long long long long long lo"
                        "ng long long long long long long long long long long long long long long long long long long l"
                        "ong long long long long long long long long long long long long long long long long long long "
                        "long long long long long long long long long long long long long "
                    ),
                    path="/model1",
                    artifact="electronics/europe/3.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "aws_____script_alert_1___script______long_long_long_long_long_l": (
                            "x____script_alert_1___script______long_long_long_long_long_long"
                        ),
                        "cohort": "x____script_alert_1___script______long_long_long_long_long_long",
                        "team": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    },
                ),
            ),
        ),
    ),
)
