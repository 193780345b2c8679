"""What prod serves on AWS in us-east-1, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model, ScheduledMinimum

STACK = AwsRegion(
    environment="prod",
    fleet="two-regions",
    account="123456789012",
    region="us-east-1",
    host="us-east-1.models.example.com",
    shared_host="models.example.com",
    api="prod-two-regions",
    split_paths=False,
    tags={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-regions",
        "managed-by": "covey",
        "stack": "prod-aws-us-east-1",
    },
    groups=(
        AwsGroup(
            name="usa",
            endpoint="prod-usa",
            hosting="sagemaker-multi-model",
            instance_type="ml.c6i.xlarge",
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.5",
            min_replicas=1,
            max_replicas=4,
            invocations_per_minute=5040.0,
            cores=4,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=730,
            schedule=(
                ScheduledMinimum(
                    days="weekdays",
                    hour=13,
                    min_replicas=3,
                ),
                ScheduledMinimum(
                    days="weekdays",
                    hour=23,
                    min_replicas=1,
                ),
                ScheduledMinimum(
                    days="weekend",
                    hour=0,
                    min_replicas=1,
                ),
            ),
            models=(
                Model(
                    key="electronics-usa",
                    name="electronics-usa",
                    version="3",
                    path="/model1",
                    artifact="electronics/usa/1.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                        "team": "search",
                    },
                ),
                Model(
                    key="fashion-usa",
                    name="fashion-usa",
                    version="3",
                    path="/model2",
                    artifact="fashion/usa/1.tar.gz",
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
