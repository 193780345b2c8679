"""What prod serves on GCP in us-central1, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="one-project",
    project="shop-models-prod",
    region="us-central1",
    host="us-central1.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "one-project",
        "managed-by": "covey",
        "stack": "prod-gcp-us-central1",
    },
    groups=(
        CloudRunGroup(
            name="iowa",
            service="prod-iowa",
            identity="prod-iowa",
            image="us-central1-docker.pkg.dev/shop-models-prod/models/sklearn:1.5",
            port=8080,
            health_path="/ping",
            cores=2,
            memory_gib=4.0,
            accelerator=None,
            min_replicas=1,
            max_replicas=4,
            concurrency=4,
            concurrency_utilization=0.7,
            monthly_ceiling_usd=None,
            models=(
                Model(
                    key="search-iowa",
                    name="search-iowa",
                    version="3",
                    path="/search",
                    artifact="search/iowa/1.tar.gz",
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
