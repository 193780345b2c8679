"""What a stack may cost, who pays for it, and who hears of it."""

from collections.abc import Iterator, Mapping

from .documents import decoded
from .rule import Resource, Rule, Stack
from .tokens import ALARM, ALERT, AWS_BUDGET, AWS_PROVIDER, ENDPOINT, GCP_BUDGET, GCP_PROVIDER, SERVICE


def _untagged(resource: Resource, stack: Stack) -> Iterator[str]:
    given = decoded(resource.get("defaultTags" if resource.type == AWS_PROVIDER else "defaultLabels")) or {}
    tags = given.get("tags") or {} if resource.type == AWS_PROVIDER else given
    missing = [key for key in stack.parameter("required") if not tags.get(key)]
    if missing:
        yield f"The provider {resource.name} tags nothing with {', '.join(missing)}."


TAGGED = Rule(
    id="costs-have-an-owner",
    domain="cost",
    severity="medium",
    title="Every resource carries fleet, environment and stack, by its provider's default tags.",
    incident="Tags set resource by resource are forgotten, and cost reports cannot say whose a resource is; asked "
    "for as cost per service in skypilot#4503. Default tags belong on an explicit provider: pulumi-aws#1655.",
    remedy="Restore the provider's default tags (AWS) or labels (GCP).",
    link="https://github.com/pulumi/pulumi-aws/issues/1655",
    types=(AWS_PROVIDER, GCP_PROVIDER),
    check=_untagged,
    parameters={"required": ["environment", "fleet", "managed-by", "stack"]},
)


def _filters(budget: Resource) -> Iterator[str]:
    """Iterate over the tags an AWS budget counts, such as ``user:stack$prod``."""
    for entry in budget.get("costFilters") or ():
        if entry.get("name") == "TagKeyValue":
            yield from entry.get("values") or ()


def _tags_of_provider(stack: Stack) -> Iterator[str]:
    for provider in stack.of(AWS_PROVIDER):
        given = decoded(provider.get("defaultTags")) or {}
        yield from (f"user:{key}${value}" for key, value in (given.get("tags") or {}).items())


def _tags_of(resource: Resource) -> list[str]:
    return [f"user:{key}${value}" for key, value in (resource.get("tags") or {}).items()]


def _no_budget(resource: Resource, stack: Stack) -> Iterator[str]:
    carried = {*_tags_of(resource), *_tags_of_provider(stack)}
    if not any(tag in carried for budget in stack.of(AWS_BUDGET) for tag in _filters(budget)):
        yield f"No budget counts what the endpoint {resource.get('name')} costs."


BUDGETED = Rule(
    id="spend-is-watched",
    domain="cost",
    severity="high",
    title="A budget counts every endpoint.",
    incident="Models are up to 80 % of what some infrastructures cost (infracost#2733), and what an autoscaler adds "
    "in a bad night shows on the bill at the end of the month.",
    remedy="Set monthlyBudgetUsd in the stack's configuration, or keep the group's own budget.",
    link="https://github.com/infracost/infracost/issues/2733",
    types=(ENDPOINT,),
    check=_no_budget,
    scope="stack",
    reads=(AWS_BUDGET, AWS_PROVIDER),
)


def _counts_nothing(resource: Resource, stack: Stack) -> Iterator[str]:
    carried = {tag for endpoint in stack.of(ENDPOINT) for tag in _tags_of(endpoint)} | set(_tags_of_provider(stack))
    for tag in _filters(resource):
        if tag not in carried:
            yield f"{resource.name} counts {tag}, which nothing in this stack carries."


COUNTING = Rule(
    id="budget-counts-something",
    domain="cost",
    severity="high",
    title="A budget counts a tag that resources carry.",
    incident="A budget over a tag that nothing carries stays at 0 $ and never speaks; nobody misses it until the "
    "bill (AWS Budgets, cost filters).",
    remedy="Filter by a tag of the group or of the provider, written user:KEY$VALUE.",
    link="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html",
    types=(AWS_BUDGET,),
    check=_counts_nothing,
    scope="stack",
    reads=(ENDPOINT, AWS_PROVIDER),
)


def _unheard(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.type == GCP_BUDGET:
        heard = resource.has("allUpdatesRule", "monitoringNotificationChannels") or resource.has(
            "allUpdatesRule", "pubsubTopic"
        )
    else:
        notifications = resource.get("notifications") or []
        heard = bool(notifications) and all(
            resource.has("notifications", at, "subscriberSnsTopicArns")
            or resource.has("notifications", at, "subscriberEmailAddresses")
            for at in range(len(notifications))
        )
    if not heard:
        yield f"{resource.name} tells nobody."


HEARD = Rule(
    id="budget-is-heard",
    domain="cost",
    severity="medium",
    title="Every budget tells somebody.",
    incident="A budget without subscribers is a line in a console nobody opens, and estimate and bill can be far "
    "apart: 70,647 $ and about 10,000 $ in infracost#1362.",
    remedy="Give every notification a topic, an address or a channel.",
    link="https://github.com/infracost/infracost/issues/1362",
    types=(AWS_BUDGET, GCP_BUDGET),
    check=_unheard,
)


def _unbounded(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.get("template", "scaling", "maxInstanceCount") is None:
        yield f"The service {resource.get('name')} has no largest number of instances."


BOUNDED = Rule(
    id="scaling-is-bounded",
    domain="cost",
    severity="high",
    title="Every service has a largest number of instances.",
    incident="Without one, Cloud Run goes to a hundred instances or to the region's quota, and the plan's ceiling "
    "means nothing (Cloud Run, maximum instances).",
    remedy="Set template.scaling.max_instance_count to the plan's largest number of replicas.",
    link="https://cloud.google.com/run/docs/configuring/max-instances",
    types=(SERVICE,),
    check=_unbounded,
)


def _idle_unnoticed(resource: Resource, stack: Stack) -> Iterator[str]:
    name = resource.get("name")
    if resource.type == ENDPOINT:
        noticed = any(
            alarm.get("dimensions", "EndpointName") == name
            and str(alarm.get("comparisonOperator")).startswith("LessThan")
            # No traffic is no data: anything else treats silence as health.
            and alarm.get("treatMissingData") == "breaching"
            for alarm in stack.of(ALARM)
            if alarm.get("metricName") == "Invocations"
        )
    else:
        noticed = any(
            f'service_name="{name}"' in str(condition.get("filter"))
            for alert in stack.of(ALERT)
            for at in range(len(alert.get("conditions") or ()))
            if isinstance(condition := alert.get("conditions", at, "conditionAbsent"), Mapping)
        )
    if not noticed:
        yield f"Nothing tells that {name} has no traffic."


IDLE = Rule(
    id="idle-is-noticed",
    domain="cost",
    severity="medium",
    title="An endpoint without traffic is noticed.",
    incident="Idle endpoints are paid for until somebody goes and looks for them: aws-doctor#127. An alarm that "
    "treats missing data as healthy never tells.",
    remedy="Keep the alarm on missing traffic, with treat_missing_data='breaching' (AWS) or a condition of absence "
    "(GCP).",
    link="https://github.com/elC0mpa/aws-doctor/issues/127",
    types=(ENDPOINT, SERVICE),
    check=_idle_unnoticed,
    scope="stack",
    reads=(ALARM, ALERT),
)

RULES: tuple[Rule, ...] = (TAGGED, BUDGETED, COUNTING, HEARD, BOUNDED, IDLE)
