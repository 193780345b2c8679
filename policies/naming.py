"""Names that survive a replacement, and labels that both clouds accept."""

from collections.abc import Iterator

from .rule import Resource, Rule, Stack

MODEL = "aws:sagemaker/model:Model"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
IMMUTABLE = (MODEL, CONFIGURATION)


def _names_itself(resource: Resource, _: Stack) -> Iterator[str]:
    name = resource.get("name")
    if name is not None and not resource.chosen_by_provider("name"):
        yield f"{resource.name} has the fixed name {name!r}, but can only change by being replaced."


AUTONAMED = Rule(
    id="immutable-is-autonamed",
    domain="naming",
    severity="high",
    title="What can only be replaced gets its name from Pulumi.",
    incident="An endpoint went on serving its old configuration, because the new one had the old one's name: "
    "terraform-provider-aws#21811.",
    remedy="Leave `name` out; Pulumi adds a suffix of its own to each successor.",
    link="https://github.com/hashicorp/terraform-provider-aws/issues/21811",
    types=IMMUTABLE,
    check=_names_itself,
)

RULES: tuple[Rule, ...] = (AUTONAMED,)
