"""What prod has once in its AWS account and ap-southeast-1, as data. The file to review."""

from components.values import AwsBase

STACK = AwsBase(
    environment="prod",
    fleet="two-regions",
    account="123456789012",
    region="ap-southeast-1",
    artifact_bucket="models-ap-southeast-1",
    certificate_domain="models.example.com",
    alarm_topic=True,
    tags={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-regions",
        "managed-by": "covey",
        "stack": "prod-aws-ap-southeast-1-base",
    },
)
