"""The published shapes of what the smaller verbs answer with `--json`."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from generator.model import Accelerator, Cloud, Hosting, Profile


class Answer(BaseModel):
    """What a verb answers: published, versioned where it stands alone."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def text(self) -> str:
        """Spell the answer as JSON, in ASCII."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


class Evidence(Answer):
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


class Explanation(Answer):
    """The evidence, and for each recommendation the names of the groups the two workloads are in."""

    version: Literal[1] = 1
    evidence: Evidence
    groups: dict[str, tuple[str, str]]


class ResourceChange(Answer):
    """What happens to one resource, and at which property paths. Its inputs and state are nobody's business here."""

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()


class StackChange(Answer):
    """One stack: how many resources see which operation, each of them, and the outputs that are known and no secret."""

    stack: str
    engine: str
    changes: dict[str, int]
    resources: tuple[ResourceChange, ...]
    outputs: dict[str, JsonValue]


class Deployment(Answer):
    """What a preview, an update, a refresh or a destruction of a project's stacks came to.

    After a refresh, ``update`` is a resource that was changed behind the project's back, ``delete`` one that is gone.
    """

    version: Literal[1] = 1
    command: Literal["preview", "up", "refresh", "destroy"]
    stacks: tuple[StackChange, ...]


class VerifiedEndpoint(Answer):
    """An endpoint, service, API or load balancer: whether it serves what was deployed; `undecided` while it moves."""

    stack: str
    kind: Literal["sagemaker", "cloud-run", "api-gateway", "url-map"]
    name: str
    state: Literal["serves", "differs", "missing", "undecided"]
    message: str


class Verification(Answer):
    """What the clouds say serves."""

    version: Literal[1] = 1
    endpoints: tuple[VerifiedEndpoint, ...]


class OfferedMachine(Answer):
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


class Offerings(Answer):
    """The SKU catalogue, or the part of it that was asked for."""

    version: Literal[1] = 1
    as_of: str
    offerings: tuple[OfferedMachine, ...]


class Check(Answer):
    """One thing covey can use: whether it is there, and what to do where it is not."""

    name: str
    state: Literal["ok", "absent", "broken"]
    detail: str


class Examination(Answer):
    """What `covey doctor` found. Absent things cost a feature, broken ones must be mended."""

    version: Literal[1] = 1
    checks: tuple[Check, ...]


class MonthlyCost(Answer):
    """US dollars a month of 730 hours: at the fewest replicas, as replayed on the scored window, at the most."""

    floor: float
    expected: float
    ceiling: float


class ComparedPlan(Answer):
    """One side of a comparison: a recommendation of a plan, and on which traffic and prices it was judged."""

    profile: Profile
    cost_usd_per_month: MonthlyCost
    unpriced: tuple[str, ...]
    attainment: float
    worst_workload: str
    worst_attainment: float
    risk: int
    groups: int
    workloads: int
    scored_window: str
    catalog_as_of: str


class ComparedGroup(Answer):
    """A group before or after; the cost is null where the judge could not replay it."""

    name: str
    cloud: Cloud
    region: str
    hosting: Hosting
    instance_type: str
    min_replicas: int
    max_replicas: int
    workloads: int
    attainment: float
    risk: int
    cost_usd_per_month: float | None


class GroupDifference(Answer):
    """A group that is added, removed or changed; `fields` names what of it changed."""

    change: Literal["added", "removed", "changed"]
    old: ComparedGroup | None
    new: ComparedGroup | None
    fields: tuple[str, ...]


class Move(Answer):
    """A workload that changes its group; null where it was, or will be, in none."""

    workload: str
    old_group: str | None
    new_group: str | None


class BrokenRule(Answer):
    """A rule that a recommendation breaks."""

    rule: str
    subject: str
    message: str


class Difference(Answer):
    """What choosing the new plan's recommendation instead of the old one's changes.

    `change_usd_per_month` compares floor with floor, expected with expected, ceiling with ceiling. `material` says
    whether the change reaches the thresholds given, or is a worse service level, a higher risk or a newly broken rule.
    """

    version: Literal[1] = 1
    fleet: str
    old: ComparedPlan
    new: ComparedPlan
    change_usd_per_month: MonthlyCost
    material: bool
    groups: tuple[GroupDifference, ...]
    moves: tuple[Move, ...]
    newly_broken: tuple[BrokenRule, ...]
    no_longer_broken: tuple[BrokenRule, ...]


class ReviewRule(Answer):
    """A rule the project was held to."""

    id: str
    domain: str
    severity: Literal["low", "medium", "high", "critical"]
    title: str
    incident: str
    remedy: str
    link: str


class ReviewFinding(Answer):
    """A fault; `file` is relative to the folder with Pulumi.yaml, and `known` says whether the baseline has it."""

    rule: str
    severity: Literal["low", "medium", "high", "critical"]
    stack: str
    resource: str
    message: str
    file: str
    line: int
    remedy: str
    fingerprint: str
    known: bool


class Review(Answer):
    """What `covey check` found. `counted` findings are at or above the severity asked for and not known."""

    version: Literal[1] = 1
    severity: Literal["low", "medium", "high", "critical"]
    stacks: tuple[str, ...]
    rules: tuple[ReviewRule, ...]
    findings: tuple[ReviewFinding, ...]
    counted: int


def answer_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each answer of this module by its file name."""
    answers: dict[str, type[Answer]] = {
        "deployment": Deployment,
        "difference": Difference,
        "doctor": Examination,
        "explanation": Explanation,
        "offerings": Offerings,
        "verification": Verification,
        "review": Review,
    }
    return {f"{name}.schema.json": published(name, answer) for name, answer in answers.items()}


def published(name: str, answer: type[Answer]) -> dict[str, Any]:
    """JSON Schema of one answer under its name."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **answer.model_json_schema(mode="serialization"),
        "title": f"covey {name}",
    }
