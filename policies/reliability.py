"""What keeps endpoints serving: scaling, alarms, rollouts that go back by themselves."""

from collections.abc import Iterator

from .rule import Resource, Rule, Stack

ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
TARGET = "aws:appautoscaling/target:Target"


def _scales(resource: Resource, stack: Stack) -> Iterator[str]:
    name = resource.get("name")
    if not any(str(target.get("resourceId")).startswith(f"endpoint/{name}/") for target in stack.of(TARGET)):
        yield f"Endpoint {name} has no scalable target."


SCALED = Rule(
    id="endpoint-scales",
    domain="reliability",
    severity="high",
    title="Every endpoint follows its traffic.",
    incident="Without autoscaling an endpoint keeps the count it was created with, whatever arrives; the plan's "
    "service level and cost both assume the range it was judged with (DESIGN.md 3, cloud-resources.md 1.1).",
    remedy="Give it an appautoscaling Target and a target-tracking Policy, as components/aws_endpoint.py does.",
    link="https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html",
    types=(ENDPOINT,),
    check=_scales,
    scope="stack",
    reads=(TARGET,),
)

RULES: tuple[Rule, ...] = (SCALED,)
