"""The published shapes of what the smaller verbs answer with `--json`."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from generator.model import Accelerator, Cloud, Hosting


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def text(self) -> str:
        """Spell the answer as JSON, in ASCII."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


class Evidence(_Answer):
    """What speaks for and against serving two workloads together.

    `correlation` is that of their traffic in the planning window, shrunk towards 0; null where neither is among the
    other's strongest partners, and then `affinity`, what else they have in common from 0 to 1, is too.
    `peak_of_sum_rps` against `sum_of_peaks_rps` is what sharing capacity can gain. `forbidden` is empty where they may
    share an endpoint.
    """

    version: Literal[1] = 1
    workloads: tuple[str, str]
    correlation: float | None
    affinity: float | None
    peak_of_sum_rps: float
    sum_of_peaks_rps: float
    same_community: bool
    forbidden: tuple[str, ...]


class Explanation(_Answer):
    """The evidence, and for each recommendation the names of the groups the two workloads are in."""

    version: Literal[1] = 1
    evidence: Evidence
    groups: dict[str, tuple[str, str]]


class ResourceChange(_Answer):
    """What happens to one resource. Its inputs and state are nobody's business here."""

    operation: str
    type: str
    name: str


class StackChange(_Answer):
    """One stack: how many resources see which operation, each of them, and the outputs that are known and no secret."""

    stack: str
    engine: str
    changes: dict[str, int]
    resources: tuple[ResourceChange, ...]
    outputs: dict[str, JsonValue]


class Deployment(_Answer):
    """What a preview, an update or a destruction of a project's stacks came to."""

    version: Literal[1] = 1
    command: Literal["preview", "up", "destroy"]
    stacks: tuple[StackChange, ...]


class OfferedMachine(_Answer):
    """A machine type in a region: what it is, what it costs an hour, and how that is known."""

    hosting: Hosting
    instance_type: str
    cloud: Cloud
    region: str
    accelerator: Accelerator
    vcpus: int
    memory_gib: float
    gpus: int
    gpu_model: str | None
    usd_per_h: float
    price_kind: str
    price_as_of: str
    price_source: str
    estimated: bool


class Offerings(_Answer):
    """The SKU catalogue, or the part of it that was asked for."""

    version: Literal[1] = 1
    as_of: str
    offerings: tuple[OfferedMachine, ...]


class Check(_Answer):
    """One thing covey can use: whether it is there, and what to do where it is not."""

    name: str
    state: Literal["ok", "absent", "broken"]
    detail: str


class Examination(_Answer):
    """What `covey doctor` found. Absent things cost a feature, broken ones must be mended."""

    version: Literal[1] = 1
    checks: tuple[Check, ...]


def answer_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each answer by its file name."""
    published: dict[str, type[_Answer]] = {
        "deployment": Deployment,
        "doctor": Examination,
        "explanation": Explanation,
        "offerings": Offerings,
    }
    return {
        f"{name}.schema.json": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **answer.model_json_schema(mode="serialization"),
            "title": f"covey {name}",
        }
        for name, answer in published.items()
    }
