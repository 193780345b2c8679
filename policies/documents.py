"""What stands in resources as JSON text: policies, an API's description, a provider's own settings."""

import json
from collections.abc import Iterator
from typing import Any

from .rule import Resource


def decoded(value: Any) -> Any:
    """Read a provider's setting, which travels as JSON text unless it is text; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def document(resource: Resource, *path: str) -> dict[str, Any]:
    """Read a property that holds a JSON object; one that holds none is read as an empty one."""
    content = decoded(resource.get(*path))
    return content if isinstance(content, dict) else {}


def allowed(resource: Resource, *path: str) -> Iterator[dict[str, Any]]:
    """Iterate over the statements of a policy document that allow something; one statement may stand alone."""
    given = document(resource, *path).get("Statement") or []
    for statement in given if isinstance(given, list) else [given]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            yield statement


def texts(value: Any) -> list[str]:
    """Read what AWS takes as one text or as a list of texts."""
    return [value] if isinstance(value, str) else [str(one) for one in value or []]


def artifacts(resource: Resource) -> list[str]:
    """List the artifacts an IAM policy lets its role read: the keys of the objects it names."""
    found: list[str] = []
    for statement in allowed(resource, "policy"):
        if "s3:GetObject" in texts(statement.get("Action")):
            keys = (arn.removeprefix("arn:aws:s3:::").partition("/")[2] for arn in texts(statement.get("Resource")))
            found += [key for key in keys if key]
    return found


def operations(api: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Iterate over path, method and description of an API's operations."""
    for path, item in (document(api, "body").get("paths") or {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield path, method, operation
