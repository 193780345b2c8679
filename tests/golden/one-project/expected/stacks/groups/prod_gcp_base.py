"""What prod has once in its GCP project, as data. The file to review."""

from components.values import GcpBase, GcpBucket

STACK = GcpBase(
    environment="prod",
    fleet="one-project",
    project="shop-models-prod",
    domain="models.example.com",
    certificate_map="prod-one-project",
    alarm_channel=True,
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "one-project",
        "managed-by": "covey",
        "stack": "prod-gcp-base",
    },
    buckets=(
        GcpBucket(
            region="europe-west1",
            name="models-shop-models-prod-europe-west1",
        ),
        GcpBucket(
            region="us-central1",
            name="models-shop-models-prod-us-central1",
        ),
    ),
)
