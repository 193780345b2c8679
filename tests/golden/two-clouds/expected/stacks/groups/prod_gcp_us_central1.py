"""What prod serves on GCP in us-central1, as data. The file to review."""

from components.values import CloudRunGroup, GcpRegion, Model

STACK = GcpRegion(
    environment="prod",
    fleet="two-clouds",
    project="shop-models-prod",
    region="us-central1",
    host="us-central1.models.example.com",
    domain="models.example.com",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-clouds",
        "managed-by": "covey",
        "stack": "prod-gcp-us-central1",
    },
    groups=(
        CloudRunGroup(
            name="video",
            service="prod-video",
            identity="prod-video",
            image="us-central1-docker.pkg.dev/shop-models-prod/models/triton:24.09",
            port=8000,
            health_path="/v2/health/ready",
            cores=4,
            memory_gib=16.0,
            accelerator="nvidia-l4",
            min_replicas=1,
            max_replicas=4,
            concurrency=4,
            concurrency_utilization=0.7,
            monthly_ceiling_usd=730,
            models=(
                Model(
                    key="video-usa",
                    name="video-usa",
                    version="3",
                    path="/video",
                    artifact="video/usa/2",
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
