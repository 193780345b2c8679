"""The plan as others read it: the published shape of `covey plan --json` and of a saved plan."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from generator.model import CLOUD_OF_HOSTING, Cloud, Days, Hosting, Profile, Source

Name = Annotated[str, StringConstraints(min_length=1, max_length=512)]
GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
CatalogName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
Prose = Annotated[str, StringConstraints(max_length=10_000)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0, le=1e12)]
Positive = Annotated[float, Field(gt=0, le=1e12)]
Replicas = Annotated[int, Field(ge=0, le=1_000_000)]
Risk = Annotated[int, Field(ge=0, le=4)]


def _is_none(value: object) -> bool:
    return value is None


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class WindowDocument(_Part):
    """A half-open stretch of time, in UTC."""

    start: AwareDatetime
    end: AwareDatetime
    bin_s: Positive


class CostDocument(_Part):
    """US dollars an hour: at the fewest replicas, as replayed on the scored window, at the most replicas."""

    floor: NotNegative
    expected: NotNegative
    ceiling: NotNegative


class CostItemDocument(_Part):
    """One line of the bill, by its expected amount; null where there is no price, which is not 0."""

    name: Name
    usd_per_h: float | None
    estimated: bool
    note: Prose


class ViolationDocument(_Part):
    """A rule the layout breaks."""

    rule: Name
    subject: Name
    message: Prose


class SimulatedDocument(_Part):
    """Attainment by the event simulation, request by request: estimate, 95 % interval, requests it rests on.

    `hit_rate` is the share of them that found their model loaded; it is not there where all models stay loaded.
    """

    attainment: Share
    low: Share
    high: Share
    requests: Annotated[int, Field(ge=0)]
    hit_rate: Annotated[Share | None, Field(exclude_if=_is_none)] = None


class ModelCacheDocument(_Part):
    """Models of a group that take turns in memory: how many requests find theirs loaded, how many an hour wait."""

    hit_rate: Share
    waits_per_h: NotNegative
    longest_load_s: NotNegative


class ScheduledMinimumDocument(_Part):
    """From this hour (UTC) of these days at least so many replicas run, until the next entry begins."""

    days: Days
    hour: Annotated[int, Field(ge=0, le=23)]
    min_replicas: Replicas


class GroupDocument(_Part):
    """Workloads behind one endpoint, the machine that serves them, how it scales, and what the judge saw of it.

    The schedule is empty where the minimum is the same at all hours; else its entries lie within both replica counts.
    The cost is null where the judge could not replay the group: its machine is not to be had where it stands. The
    planned hit rate (of the mean traffic mix) and the model cache (as judged) are there where models take turns only.
    """

    name: GroupName
    cloud: Cloud
    region: CatalogName
    instance_type: CatalogName
    hosting: Hosting
    min_replicas: Replicas
    max_replicas: Replicas
    workloads: Annotated[tuple[Name, ...], Field(min_length=1)]
    target_utilization: Annotated[float, Field(gt=0, le=1)]
    slots: Annotated[int, Field(ge=1, le=1_000_000)]
    replica_rps: Positive
    planned_hit_rate: Annotated[Share | None, Field(exclude_if=_is_none)] = None
    schedule: Annotated[tuple[ScheduledMinimumDocument, ...], Field(max_length=8)] = ()
    attainment: Share
    simulated: SimulatedDocument | None = None
    model_cache: Annotated[ModelCacheDocument | None, Field(exclude_if=_is_none)] = None
    cost_usd_per_h: CostDocument | None
    risk: Risk
    risk_reasons: tuple[Prose, ...]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas is larger than max_replicas")
        if any(not self.min_replicas <= one.min_replicas <= self.max_replicas for one in self.schedule):
            raise ValueError("a scheduled minimum lies outside min_replicas to max_replicas")
        if CLOUD_OF_HOSTING[self.hosting] != self.cloud:
            raise ValueError(f"{self.hosting} is not hosted on {self.cloud}")
        return self


class _Layout(_Part):
    source: Source
    method: Prose
    items: tuple[CostItemDocument, ...]
    unpriced: tuple[Name, ...]
    attainment: Share
    simulated: SimulatedDocument | None = None
    workload_attainment: dict[Name, Share]
    slack: Annotated[float, Field(le=1)]
    risk: Risk
    violations: tuple[ViolationDocument, ...]
    groups: Annotated[tuple[GroupDocument, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _covers_each_once(self) -> Self:
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            raise ValueError("two groups have the same name")
        members = [workload for group in self.groups for workload in group.workloads]
        if len(set(members)) < len(members):
            raise ValueError("a workload stands in two groups")
        return self


class JudgedDocument(_Layout):
    """A complete layout and the judge's verdict on a window it was not planned on.

    `attainment` is the share of requests answered within their objective by the queueing model, over every bin of the
    window; `simulated` is what an event simulation found on it, null where none ran; `unpriced` names what has no price
    and is therefore missing from the cost; `slack` is the share of paid capacity that stood idle.
    """

    cost_usd_per_h: CostDocument


class CurrentDocument(_Layout):
    """What runs today and the judge's verdict on it; the cost is null where a part of it is not in the catalogue."""

    cost_usd_per_h: CostDocument | None


class RecommendationDocument(JudgedDocument):
    """One of at most three answers; a saving is a share of what the other is expected to cost, below 0 for a loss."""

    profile: Profile
    saving_vs_baseline: float
    saving_vs_current: float | None


class CommunityDocument(_Part):
    """Workloads whose traffic moves together."""

    workloads: Annotated[tuple[Name, ...], Field(min_length=1)]


class CommunitiesDocument(_Part):
    """A partition of the fleet by traffic; `modularity` says how pronounced it is, at this `resolution`."""

    modularity: float
    resolution: Positive
    communities: tuple[CommunityDocument, ...]


class WhyNotDocument(_Part):
    """Why a machine, region, cloud or hosting kind was not chosen for a group of a recommendation."""

    recommendation: Profile
    group: Prose
    subject: Prose
    rule: Name
    message: Prose


class UsageDocument(_Part):
    """Calls, answers taken from the record, and tokens that asking a language model took."""

    calls: Replicas
    cached: Replicas
    input_tokens: Annotated[int, Field(ge=0)]
    output_tokens: Annotated[int, Field(ge=0)]


class LedgerEntryDocument(_Part):
    """Solver alone against solver with model, on the planning window, under the recommendation's soft terms.

    `regret` is what taking the proposal unjudged would have added, as a share; null, as the amount proposed,
    where there was no proposal.
    """

    profile: Profile
    outcome: Literal["won", "tied", "lost", "none"]
    solver_usd_per_h: NotNegative
    proposed_usd_per_h: NotNegative | None
    regret: float | None
    reason: Prose
    usage: UsageDocument


class AdviceDocument(_Part):
    """Which recommendation suits the goals, and what speaks for and against each; null where nobody could say."""

    preferred: Profile | None
    explanations: dict[Profile, Prose]
    failure: Prose | None
    usage: UsageDocument


class LedgerDocument(_Part):
    """Who sat in the language model's seat, what its proposals came to, and what it advised."""

    seat: Name
    source: Source
    entries: tuple[LedgerEntryDocument, ...]
    advice: AdviceDocument


class PlanDocument(_Part):
    """Everything `covey plan` found.

    `current` is null where the fleet does not say what runs today, `gap` where no bound was computed (else the share
    by which a cheaper plan could at most undercut the cheapest found among the groups generated), `note` where
    there is nothing to add. `fluid_bound_usd_per_h` is what the mean load alone takes on the cheapest processors.
    `limited_by` is "time" where a time limit ended the search early, so that another run may find another plan; else
    null: the work was counted, and the same inputs and seed give the same bytes.
    """

    version: Literal[1] = 1
    fleet: Name
    seed: int
    planned_window: WindowDocument
    scored_window: WindowDocument
    catalog_as_of: Name
    assumptions: tuple[Prose, ...]
    communities: CommunitiesDocument
    baseline: JudgedDocument
    current: CurrentDocument | None
    recommendations: Annotated[tuple[RecommendationDocument, ...], Field(min_length=1, max_length=3)]
    why_not: tuple[WhyNotDocument, ...]
    gap: float | None
    fluid_bound_usd_per_h: Annotated[float, Field(ge=0)]
    limited_by: Literal["time"] | None = None
    note: Prose | None
    ledger: LedgerDocument

    @model_validator(mode="after")
    def _same_fleet_throughout(self) -> Self:
        profiles = [recommendation.profile for recommendation in self.recommendations]
        if len(set(profiles)) < len(profiles):
            raise ValueError("two recommendations have the same profile")
        fleet = _members(self.baseline)
        for recommendation in self.recommendations:
            if _members(recommendation) != fleet:
                raise ValueError(f"the {recommendation.profile} recommendation and the baseline hold other workloads")
        return self

    @property
    def workloads(self) -> set[str]:
        """Names of all workloads."""
        return _members(self.baseline)

    @property
    def answers(self) -> tuple[tuple[str, "JudgedDocument | CurrentDocument"], ...]:
        """What is compared, by name: the recommendations, the baseline, and what runs today where it is said."""
        recommended = tuple((one.profile, one) for one in self.recommendations)
        today = () if self.current is None else (("current", self.current),)
        return (*recommended, ("baseline", self.baseline), *today)

    @property
    def chosen(self) -> RecommendationDocument:
        """The recommendation taken when nobody says which: balanced, else the first there is."""
        balanced = [found for found in self.recommendations if found.profile == "balanced"]
        return (balanced or list(self.recommendations))[0]

    def text(self) -> str:
        """Spell the document as JSON: same plan, same bytes, all of them ASCII and so inert on a terminal."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


class ChosenDocument(_Part):
    """The recommendation a program was emitted from, as it lies beside it in ``recommendation.json``.

    The windows, the seed and the date of the newest price are those of its plan; `baseline_usd_per_h` is what its
    saving is measured against.
    """

    version: Literal[1] = 1
    fleet: Name
    seed: int
    planned_window: WindowDocument
    scored_window: WindowDocument
    catalog_as_of: Name
    baseline_usd_per_h: CostDocument
    recommendation: RecommendationDocument

    def text(self) -> str:
        """Spell the document as JSON: same recommendation, same bytes, all of them ASCII."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def chosen_schema() -> dict[str, Any]:
    """JSON Schema of ``recommendation.json``, as published in ``schemas/recommendation.schema.json``."""
    schema = ChosenDocument.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "covey recommendation"}


def plan_schema() -> dict[str, Any]:
    """JSON Schema of the plan document, as published in ``schemas/plan.schema.json``."""
    schema = PlanDocument.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "covey plan"}


def _members(judged: JudgedDocument) -> set[str]:
    return {workload for group in judged.groups for workload in group.workloads}
