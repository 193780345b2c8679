"""What prod serves on AWS in eu-west-1, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model

STACK = AwsRegion(
    environment="prod",
    fleet="shop-rm-rf",
    account="123456789012",
    region="eu-west-1",
    host="eu-west-1.models.example.com",
    shared_host=None,
    api="prod-shop-rm-rf",
    split_paths=False,
    tags={
        "cost-centre": "x___",
        "environment": "prod",
        "fleet": "shop___rm_-rf__",
        "managed-by": "covey",
        "stack": "prod-aws-eu-west-1",
    },
    groups=(
        AwsGroup(
            name="fraud",
            endpoint="prod-fraud",
            hosting="sagemaker-single-model",
            instance_type="ml.c6i.xlarge",
            image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1.5",
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
                    key="fraud-europe",
                    name="fraud-europe",
                    version="3",
                    path="/fraud",
                    artifact="fraud/9.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "cohort": "electronics",
                        "team": "search",
                    },
                ),
            ),
        ),
        AwsGroup(
            name="rare",
            endpoint="prod-rare",
            hosting="sagemaker-serverless",
            instance_type="serverless-2gib",
            image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1.5",
            min_replicas=1,
            max_replicas=4,
            invocations_per_minute=5040.0,
            cores=1,
            gpus=0,
            memory_mb=2048,
            concurrency=16,
            volume_key=True,
            monthly_ceiling_usd=None,
            schedule=(),
            models=(
                Model(
                    key="m-e3b0c442",
                    name="",
                    version="",
                    path="/rare",
                    artifact="rare/1.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "_": "_",
                        "cohort": "_",
                        "team": (
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        ),
                    },
                ),
            ),
        ),
    ),
)
