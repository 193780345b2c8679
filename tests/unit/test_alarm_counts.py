"""The bill counts as many alarms as the emitted program sets."""

import pytest

from generator.itemize import ALARMS_PER_MODEL, alarms_of
from generator.model import Hosting
from tests.recorded import inventory

GROUPS: dict[str, tuple[str, Hosting, int]] = {
    "images": ("prod-aws-us-east-1", "sagemaker-multi-model", 1),
    "retail-usa": ("prod-aws-us-east-1", "sagemaker-multi-model", 0),
    "fraud": ("prod-aws-eu-west-1", "sagemaker-single-model", 0),
    "rare": ("prod-aws-eu-west-1", "sagemaker-serverless", 0),
    "retail-europe": ("prod-gcp-europe-west1", "cloud-run-cpu", 0),
    "video": ("prod-gcp-us-central1", "cloud-run-gpu", 1),
}
MODELS = {"prod-aws-us-east-1": 4, "prod-aws-eu-west-1": 2, "prod-gcp-edge": 3}


def alarms(stack: str, prefix: str) -> int:
    kinds = ("MetricAlarm", "AlertPolicy")
    found = inventory("two-clouds", stack, "update")
    return sum(entry["type"].endswith(kinds) and entry["name"].startswith(f"{prefix}-") for entry in found)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_the_alarms_its_bill_counts(group: str) -> None:
    stack, hosting, gpus = GROUPS[group]

    assert alarms_of(hosting, gpus) == alarms(stack, group)


@pytest.mark.parametrize("stack", MODELS)
def test_a_model_has_the_alarms_its_bill_counts(stack: str) -> None:
    assert ALARMS_PER_MODEL * MODELS[stack] == alarms(stack, "edge")
