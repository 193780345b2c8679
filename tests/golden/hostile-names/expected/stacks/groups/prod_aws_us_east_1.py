"""What prod serves on AWS in us-east-1, as data. The file to review."""

from components.values import AwsGroup, AwsRegion, Model

STACK = AwsRegion(
    environment="prod",
    fleet="shop-rm-rf",
    account="123456789012",
    region="us-east-1",
    host="us-east-1.models.example.com",
    shared_host=None,
    api="prod-shop-rm-rf",
    split_paths=False,
    tags={
        "cost-centre": "x___",
        "environment": "prod",
        "fleet": "shop___rm_-rf__",
        "managed-by": "covey",
        "stack": "prod-aws-us-east-1",
    },
    groups=(
        AwsGroup(
            name="images",
            endpoint="prod-images",
            hosting="sagemaker-multi-model",
            instance_type="ml.g5.xlarge",
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/triton:24.09",
            min_replicas=1,
            max_replicas=4,
            invocations_per_minute=5040.0,
            cores=4,
            gpus=1,
            memory_mb=0,
            concurrency=0,
            volume_key=False,
            monthly_ceiling_usd=730,
            schedule=(),
            models=(
                Model(
                    key="images-usa",
                    name="images-usa",
                    version="3",
                    path="/images",
                    artifact="images/usa/7.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "team": "search",
                    },
                ),
            ),
        ),
        AwsGroup(
            name="retail-usa",
            endpoint="prod-retail-usa",
            hosting="sagemaker-multi-model",
            instance_type="ml.c6i.xlarge",
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.5",
            min_replicas=2,
            max_replicas=4,
            invocations_per_minute=5040.0,
            cores=4,
            gpus=0,
            memory_mb=0,
            concurrency=0,
            volume_key=True,
            monthly_ceiling_usd=730,
            schedule=(),
            models=(
                Model(
                    key="import-os-os-system-touch-tmp-owned",
                    name="\x22\x22\x22\nimport os; os.system(\x22touch /tmp/owned\x22)  # \\",
                    version="\x22\x22\x22\nimport os; os.system(\x22touch /tmp/owned\x22)  # \\",
                    path="/import-os-os-system-touch-tmp-owned/model1",
                    artifact="electronics/usa/3.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "_____import os_ os.system__touch /tmp/owned__  _ _": (
                            "____import os_ os.system__touch /tmp/owned__  _ _"
                        ),
                        "cohort": "____import os_ os.system__touch /tmp/owned__  _ _",
                        "team": (
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        ),
                    },
                ),
                Model(
                    key="etc-passwd-7-7-raw",
                    name="../../../etc/passwd\x00{{ 7 * 7 }}{% raw %}",
                    version="../../../etc/passwd\x00{{ 7 * 7 }}{% raw %}",
                    path="/model2",
                    artifact="fashion/usa/3.tar.gz",
                    latency_s=0.25,
                    percentile=0.99,
                    tags={
                        "_../../../etc/passwd___ 7 _ 7 ____ raw __": "../../../etc/passwd___ 7 _ 7 ____ raw __",
                        "cohort": "../../../etc/passwd___ 7 _ 7 ____ raw __",
                        "team": (
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        ),
                    },
                ),
                Model(
                    key="homeware-usa",
                    name="homeware-usa",
                    version="3",
                    path="/homeware-usa/model1",
                    artifact="homeware/usa/1.tar.gz",
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
