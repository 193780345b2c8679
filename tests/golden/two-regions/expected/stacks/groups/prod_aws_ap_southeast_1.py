"""What prod serves on AWS in ap-southeast-1, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model

STACK = AwsRegion(
    environment="prod",
    fleet="two-regions",
    account="123456789012",
    region="ap-southeast-1",
    host="ap-southeast-1.models.example.com",
    shared_host="models.example.com",
    api="prod-two-regions",
    split_paths=False,
    tags={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-regions",
        "managed-by": "covey",
        "stack": "prod-aws-ap-southeast-1",
    },
    groups=(
        AwsGroup(
            name="asia",
            endpoint="prod-asia",
            hosting="sagemaker-multi-model",
            instance_type="ml.c6i.xlarge",
            image="123456789012.dkr.ecr.ap-southeast-1.amazonaws.com/sklearn:1.5",
            min_replicas=1,
            max_replicas=4,
            invocations_per_minute=5040.0,
            cores=4,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=None,
            schedule=(),
            models=(
                Model(
                    key="electronics-asia",
                    name="electronics-asia",
                    version="3",
                    path="/model1",
                    artifact="electronics/asia/1.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                        "team": "search",
                    },
                ),
                Model(
                    key="fashion-asia",
                    name="fashion-asia",
                    version="3",
                    path="/model2",
                    artifact="fashion/asia/1.tar.gz",
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
