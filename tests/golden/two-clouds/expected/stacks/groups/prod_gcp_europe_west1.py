"""What prod serves on GCP in europe-west1, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="two-clouds",
    project="shop-models-prod",
    region="europe-west1",
    host="europe-west1.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-clouds",
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
                    key="electronics-europe",
                    name="electronics-europe",
                    version="3",
                    path="/model1",
                    artifact="electronics/europe/3.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                        "team": "search",
                    },
                ),
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
            ),
        ),
    ),
)
