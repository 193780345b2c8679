"""What prod serves on GCP in europe-west1, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="one-project",
    project="shop-models-prod",
    region="europe-west1",
    host="europe-west1.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "one-project",
        "managed-by": "covey",
        "stack": "prod-gcp-europe-west1",
    },
    groups=(
        CloudRunGroup(
            name="belgium",
            service="prod-belgium",
            identity="prod-belgium",
            image="europe-west1-docker.pkg.dev/shop-models-prod/models/sklearn:1.5",
            port=8080,
            health_path="/ping",
            cores=2,
            memory_gib=4.0,
            accelerator=None,
            min_replicas=1,
            max_replicas=4,
            concurrency=4,
            concurrency_utilization=0.7,
            monthly_ceiling_usd=730,
            models=(
                Model(
                    key="search-belgium",
                    name="search-belgium",
                    version="3",
                    path="/search",
                    artifact="search/belgium/1.tar.gz",
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
