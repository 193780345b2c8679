"""The closed sets of words that nouns are made of."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Cloud = Literal["aws", "gcp"]
Hosting = Literal[
    "sagemaker-multi-model",
    "sagemaker-single-model",
    "sagemaker-serverless",
    "cloud-run-cpu",
    "cloud-run-gpu",
]
Accelerator = Literal["none", "gpu"]
MembershipKind = Literal["as-is", "resized", "new", "removed"]
Profile = Literal["cheapest", "balanced", "resilient"]
Source = Literal["solver", "model", "offline"]
Days = Literal["all", "weekdays", "weekend"]
Goal = Literal["cost", "latency", "resilience"]
DriftKind = Literal["level", "season", "correlation", "data", "service-level", "anomaly"]
DriftAction = Literal["resize", "regroup", "retrain", "nothing"]
RegroupKind = Literal["resized", "few-moves", "anew"]
RejectionReason = Literal["cost", "latency", "risk", "region", "machine", "grouping", "timing", "other"]
Quantity = Literal["service", "work", "cost"]
FloatArray = NDArray[np.float64]

CLOUD_OF_HOSTING: Mapping[Hosting, Cloud] = {
    "sagemaker-multi-model": "aws",
    "sagemaker-single-model": "aws",
    "sagemaker-serverless": "aws",
    "cloud-run-cpu": "gcp",
    "cloud-run-gpu": "gcp",
}
PROFILES: tuple[Profile, ...] = ("cheapest", "balanced", "resilient")
