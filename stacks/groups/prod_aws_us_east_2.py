"""What prod serves on AWS in us-east-2, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model, ScheduledMinimum

STACK = AwsRegion(
    environment="prod",
    fleet="paper",
    account="123456789012",
    region="us-east-2",
    host="us-east-2.models.example.com",
    shared_host=None,
    api="prod-paper",
    split_paths=False,
    tags={
        "cost-centre": "merchandising",
        "environment": "prod",
        "fleet": "paper",
        "managed-by": "covey",
        "stack": "prod-aws-us-east-2",
    },
    groups=(
        AwsGroup(
            name="electronics-usa",
            endpoint="prod-electronics-usa",
            hosting="sagemaker-multi-model",
            instance_type="ml.c5.4xlarge",
            image="123456789012.dkr.ecr.us-east-2.amazonaws.com/xgboost-server:2.1",
            min_replicas=1,
            max_replicas=5,
            invocations_per_minute=7680.0,
            cores=16,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=2979,
            schedule=(),
            models=(
                Model(
                    key="electronics-usa",
                    name="Electronics USA",
                    version="1",
                    path="/model1",
                    artifact="electronics/usa/1.tar.gz",
                    latency_s=0.3,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                    },
                ),
            ),
        ),
        AwsGroup(
            name="fashion-usa",
            endpoint="prod-fashion-usa",
            hosting="sagemaker-multi-model",
            instance_type="ml.c5.large",
            image="123456789012.dkr.ecr.us-east-2.amazonaws.com/xgboost-server:2.1",
            min_replicas=1,
            max_replicas=13,
            invocations_per_minute=1920.0,
            cores=2,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=968,
            schedule=(
                ScheduledMinimum(
                    days="weekdays",
                    hour=0,
                    min_replicas=6,
                ),
                ScheduledMinimum(
                    days="weekdays",
                    hour=1,
                    min_replicas=1,
                ),
                ScheduledMinimum(
                    days="weekdays",
                    hour=13,
                    min_replicas=5,
                ),
                ScheduledMinimum(
                    days="weekdays",
                    hour=18,
                    min_replicas=8,
                ),
                ScheduledMinimum(
                    days="weekend",
                    hour=0,
                    min_replicas=1,
                ),
                ScheduledMinimum(
                    days="weekend",
                    hour=16,
                    min_replicas=2,
                ),
                ScheduledMinimum(
                    days="weekend",
                    hour=23,
                    min_replicas=1,
                ),
            ),
            models=(
                Model(
                    key="fashion-usa",
                    name="Fashion USA",
                    version="1",
                    path="/model2",
                    artifact="fashion/usa/1.tar.gz",
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
