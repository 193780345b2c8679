"""Rules as the engine's policies: properties handed over as plain values, findings handed back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from .evaluate import judge
from .rule import Resource, Rule, Unknown
from .settings import read_settings

TYPES = {int: "integer", float: "number", str: "string", list: "array"}


def policy(rule: Rule) -> Policy:
    """Return a rule as a policy of the engine: mandatory unless configured otherwise."""
    report = _reporter(rule)

    def validate_resource(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        report([_resource(args)], args.get_config(), report_violation)

    def validate_stack(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        report(
            [_resource(one) for one in args.resources if rule.sees(one.resource_type)],
            args.get_config(),
            report_violation,
        )

    described: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel.MANDATORY,
        "config_schema": _schema(rule),
        "severity": Severity(rule.severity),
        "tags": [rule.domain],
        "remediation_steps": rule.remedy,
        "url": rule.link,
    }
    if rule.scope == "resource":
        return ResourceValidationPolicy(validate=validate_resource, **described)
    return StackValidationPolicy(validate=validate_stack, **described)


def _reporter(rule: Rule) -> Callable[[Sequence[Resource], Mapping[str, Any], ReportViolation], None]:
    def report(resources: Sequence[Resource], config: Mapping[str, Any], report_violation: ReportViolation) -> None:
        settings = read_settings(config={rule.id: config}, now=datetime.now(UTC))
        judgement = judge(rule, resources, settings)
        for finding in judgement.violations:
            report_violation(f"{finding.message} {rule.remedy} ({rule.link})", finding.urn)
        if judgement.undecided:
            # The engine's own way to say so: shown as advice, whatever the policy's level.
            unknown = UnknownValueError(UNKNOWN_STRING_VALUE, [])
            unknown.message = " ".join(finding.message for finding in judgement.undecided)
            raise unknown

    return report


def _resource(one: ResourceValidationArgs | PolicyResource) -> Resource:
    provider = one.provider.name if one.provider is not None else ""
    return Resource(
        type=one.resource_type,
        name=one.name,
        urn=one.urn,
        props=_plain(one.props, ""),
        # The engine calls its own "default", or "default_7_51_1".
        provider="" if provider.startswith("default") else provider,
        protect=one.opts.protect,
        delete_before_replace=bool(one.opts.delete_before_replace),
        ignore_changes=tuple(one.opts.ignore_changes),
        depends_on=tuple(other.urn for other in one.dependencies) if isinstance(one, PolicyResource) else None,
    )


def _plain(value: Any, path: str) -> Any:
    """Copy properties out of the library's proxies, with an `Unknown` where looking at one is an error."""
    if isinstance(value, Mapping):
        return {key: _entry(value, key, f"{path}.{key}" if path else key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_entry(value, at, f"{path}[{at}]") for at in range(len(value))]
    return value


def _entry(inside: Any, key: str | int, path: str) -> Any:
    try:
        return _plain(inside[key], path)
    except UnknownValueError:
        return Unknown(path)


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.parameters:
        return None
    return PolicyConfigSchema(
        properties={name: {"type": TYPES[type(value)], "default": value} for name, value in rule.parameters.items()}
    )
