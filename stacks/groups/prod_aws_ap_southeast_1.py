"""What prod serves on AWS in ap-southeast-1, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model

STACK = AwsRegion(
    environment="prod",
    fleet="paper",
    account="123456789012",
    region="ap-southeast-1",
    host="ap-southeast-1.models.example.com",
    shared_host=None,
    api="prod-paper",
    split_paths=False,
    tags={
        "cost-centre": "merchandising",
        "environment": "prod",
        "fleet": "paper",
        "managed-by": "covey",
        "stack": "prod-aws-ap-southeast-1",
    },
    groups=(
        AwsGroup(
            name="fashion-asia",
            endpoint="prod-fashion-asia",
            hosting="sagemaker-multi-model",
            instance_type="ml.c5.xlarge",
            image="123456789012.dkr.ecr.ap-southeast-1.amazonaws.com/xgboost-server:2.1",
            min_replicas=1,
            max_replicas=4,
            invocations_per_minute=1920.0,
            cores=4,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=687,
            schedule=(),
            models=(
                Model(
                    key="electronics-asia",
                    name="Electronics Asia",
                    version="1",
                    path="/model1",
                    artifact="electronics/asia/1.tar.gz",
                    latency_s=0.3,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                    },
                ),
                Model(
                    key="fashion-asia",
                    name="Fashion Asia",
                    version="1",
                    path="/model2",
                    artifact="fashion/asia/1.tar.gz",
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
