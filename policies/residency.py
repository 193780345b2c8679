"""Where data may be processed, and whose data may share a machine."""

from collections.abc import Iterator, Sequence

from .documents import artifacts
from .links import aws_region
from .rule import Resource, Rule, Settings, Stack
from .tokens import AWS_PROVIDER, ENDPOINT_GROUP, IAM_POLICY, SERVICE, URL_MAP


def _elsewhere(resource: Resource, stack: Stack) -> Iterator[str]:
    region = resource.get("location" if resource.type == SERVICE else "region")
    place = f"{'aws' if resource.type == AWS_PROVIDER else 'gcp'}:{region}"
    if region is not None and place not in stack.settings.fleet["regions"]:
        yield f"{resource.name} is in {place}, which is none of the fleet's regions."


REGION = Rule(
    id="region-is-the-fleets",
    domain="residency",
    severity="critical",
    title="A stack runs in a region its fleet may use.",
    incident="A region typed wrong, or left to the shell, takes a fleet out of the country its data may not leave: "
    "pulumi-awsx#1112.",
    remedy="Add the region to `regions` of fleet.yaml and emit again, or run it where the fleet may.",
    link="https://github.com/pulumi/pulumi-awsx/issues/1112",
    types=(AWS_PROVIDER, SERVICE, ENDPOINT_GROUP),
    check=_elsewhere,
)


def _served(resource: Resource, stack: Stack) -> Iterator[tuple[str, str]]:
    """Iterate over artifact and place of everything a resource makes a model server serve."""
    if resource.type == IAM_POLICY:
        region = aws_region(stack)
        if region is not None:
            yield from ((artifact, f"aws:{region}") for artifact in artifacts(resource))
    elif resource.type == SERVICE:
        for container in resource.get("template", "containers") or ():
            for variable in container.get("envs") or ():
                if variable.get("name") == "MODEL_ARTIFACT":
                    yield variable.get("value"), f"gcp:{resource.get('location')}"
    else:
        for matcher in resource.get("pathMatchers") or ():
            for rule in matcher.get("pathRules") or ():
                artifact = rewritten(rule, stack.settings)
                if artifact is not None:
                    yield artifact, f"gcp:{matcher.get('name')}"


def rewritten(rule: dict[str, dict[str, dict[str, str]]], settings: Settings) -> str | None:
    """Return the artifact at the end of a path rule's rewrite; None where the server knows the only one it has."""
    rewrite = ((rule.get("routeAction") or {}).get("urlRewrite") or {}).get("pathPrefixRewrite") or ""
    known = (artifact for artifact in settings.fleet["models"] if rewrite.endswith(f"/{artifact}"))
    return max(known, key=len, default=None)


def _leaves(resource: Resource, stack: Stack) -> Iterator[str]:
    fleet = stack.settings.fleet
    for artifact, place in _served(resource, stack):
        known = fleet["models"].get(artifact)
        if place not in fleet["regions"]:
            continue  # region-is-the-fleets tells.
        if known is None:
            yield f"{resource.name} serves {artifact}, of which the plan does not know where it may be processed."
        elif known["residency"] and not any(place in fleet["words"][word] for word in known["residency"]):
            yield f"{resource.name} serves {artifact} in {place}; it may be processed in {_either(known['residency'])}."


def _either(words: Sequence[str]) -> str:
    return " or ".join(words) + " only"


STAYS = Rule(
    id="data-stays-where-it-may",
    domain="residency",
    severity="critical",
    title="A model is served only where its data may be processed.",
    incident="A model moved to another group by hand takes its callers' data across the border its owner promised "
    "them (GDPR, chapter V: transfers to third countries).",
    remedy="Change its residency in fleet.yaml if it may, and emit again; else move it back.",
    link="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    types=(IAM_POLICY, SERVICE, URL_MAP),
    check=_leaves,
    scope="stack",
    reads=(AWS_PROVIDER,),
)


def _together(resource: Resource, stack: Stack) -> Iterator[tuple[str, list[str]]]:
    """Iterate over the endpoints of a resource, each with the artifacts it serves."""
    if resource.type == IAM_POLICY:
        group = resource.get("tags", "group")
        mine = [one for one in stack.of(IAM_POLICY) if one.get("tags", "group") == group]
        # A long list is cut into several policies; the first of them speaks for the group.
        if artifacts(resource) and min(one.name for one in mine if artifacts(one)) == resource.name:
            yield str(group), [artifact for one in mine for artifact in artifacts(one)]
        return
    shared: dict[str, list[str]] = {}
    for matcher in resource.get("pathMatchers") or ():
        for rule in matcher.get("pathRules") or ():
            artifact = rewritten(rule, stack.settings)
            if artifact is not None:
                shared.setdefault(str(rule.get("service")), []).append(artifact)
    yield from shared.items()


def _shares(resource: Resource, stack: Stack) -> Iterator[str]:
    models = stack.settings.fleet["models"]
    for where, served in _together(resource, stack):
        for what in ("runtime", "tenant"):
            different = {models[artifact][what] for artifact in served if artifact in models} - {None}
            if len(different) > 1:
                yield f"{where} is shared by models of the {what}s {', '.join(sorted(different))}."


APART = Rule(
    id="only-what-may-share-shares",
    domain="residency",
    severity="critical",
    title="Models of different runtimes, or of tenants that may not share, have endpoints of their own.",
    incident="Models of two runtimes on one server fail on each other's dependencies: pytorch-serve#1011, "
    "triton#6525. Models of two tenants in one process can read each other's memory.",
    remedy="Let the planner group them: change fleet.yaml, plan and emit again.",
    link="https://github.com/pytorch/serve/issues/1011",
    types=(IAM_POLICY, URL_MAP),
    check=_shares,
    scope="stack",
)

RULES: tuple[Rule, ...] = (REGION, STAYS, APART)
