"""What prod serves on GCP in europe-west4, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="paper",
    project="merchandising-prod",
    region="europe-west4",
    host="europe-west4.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "merchandising",
        "environment": "prod",
        "fleet": "paper",
        "managed-by": "covey",
        "stack": "prod-gcp-europe-west4",
    },
    groups=(
        CloudRunGroup(
            name="electronics-europe",
            service="prod-electronics-europe",
            identity="prod-electronics-europe",
            image="europe-west4-docker.pkg.dev/merchandising-prod/models/xgboost-server:2.1",
            port=8080,
            health_path="/ping",
            cores=2,
            memory_gib=8.0,
            accelerator=None,
            min_replicas=1,
            max_replicas=9,
            concurrency=2,
            concurrency_utilization=0.7,
            monthly_ceiling_usd=1230,
            models=(
                Model(
                    key="electronics-europe",
                    name="Electronics Europe",
                    version="1",
                    path="/model1",
                    artifact="electronics/europe/1.tar.gz",
                    latency_s=0.3,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                    },
                ),
                Model(
                    key="fashion-europe",
                    name="Fashion Europe",
                    version="1",
                    path="/model2",
                    artifact="fashion/europe/1.tar.gz",
                    latency_s=0.3,
                    percentile=0.99,
                    tags={
                        "cohort": "fashion",
                    },
                ),
            ),
        ),
    ),
)
