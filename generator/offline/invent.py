"""What only the cloud knows: ids, ARNs, addresses. Unknown in a preview, invented but stable after a deployment."""

import collections.abc
import enum
import hashlib
import typing

from generator.offline.identity import ACCOUNT
from generator.offline.shape import Field, fields, shape, strip
from generator.offline.values import UNKNOWN, Properties, Value


def invent(token: str, inputs: Properties, settings: Properties, *, seed: str, preview: bool) -> Properties:
    """Complete a resource's inputs to its outputs.

    Parameters
    ----------
    token : str
        Resource type.
    inputs : mapping
        Checked inputs, by wire name.
    settings : mapping
        The provider's own configuration: region, project, default tags.
    seed : str
        What the invented values depend on besides their property: the resource's id.
    preview : bool
        True leaves what the cloud would decide unknown.
    """
    known = shape(token)
    outputs: Properties = {name: value for name, value in inputs.items() if not name.startswith("__")}
    if known is None:
        return outputs
    outputs |= {name: value for name, value in from_settings(token, inputs, settings).items() if name in known.outputs}
    for name, declared in known.outputs.items():
        if declared.required and outputs.get(name) is None:
            outputs[name] = UNKNOWN if preview else value_of(declared.hint, name, f"{token} {seed}", outputs)
    return outputs


def from_settings(token: str, inputs: Properties, settings: Properties) -> Properties:
    """Outputs that follow from the provider's configuration and are known in a preview already."""
    given: Properties = {}
    for name in ("region", "project", "zone"):
        if settings.get(name) is not None and inputs.get(name) is None:
            given[name] = settings[name]
    default_tags = settings.get("defaultTags")
    if token.startswith("aws:"):
        merged = {**mapping(mapping(default_tags).get("tags")), **mapping(inputs.get("tags"))}
        given["tagsAll"] = merged
    else:
        merged = {**mapping(settings.get("defaultLabels")), **mapping(inputs.get("labels"))}
        given |= {"effectiveLabels": merged, "pulumiLabels": merged}
    return given


def mapping(value: Value) -> dict[str, Value]:
    """A mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def value_of(hint: object, name: str, seed: str, inputs: Properties) -> Value:
    """Invent a value of a declared type, the same for the same seed."""
    bare, _ = strip(hint)
    digest = hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
    origin = typing.get_origin(bare)
    if origin is collections.abc.Sequence:
        return [value_of(typing.get_args(bare)[0], f"{name}0", seed, inputs)]
    if origin is collections.abc.Mapping or not isinstance(bare, type):
        return {}
    if issubclass(bare, enum.Enum):
        return next(iter(bare)).value
    if bare in (bool, int, float):
        return False if bare is bool else int(digest[:3], 16)
    if bare is str:
        return text_of(name, seed, digest, inputs)
    nested: dict[str, Field] = fields(bare)
    return {key: value_of(declared.hint, key, f"{seed} {name}", inputs) for key, declared in nested.items()}


def text_of(name: str, seed: str, digest: str, inputs: Properties) -> str:  # noqa: PLR0911 (one for each kind of text)
    """Invent a text that looks like what its property is named after."""
    token = seed.split(" ", 1)[0]
    service = token.split(":")[1].split("/")[0]
    own_name = inputs.get("name")
    label = own_name if isinstance(own_name, str) else digest[:10]
    letters = name.lower()
    if seed.endswith(" dnsResourceRecords0"):
        # https://cloud.google.com/certificate-manager/docs/dns-authorizations
        record = {"name": f"_acme-challenge.{inputs.get('domain')}.", "type": "CNAME"}
        return record.get(letters, f"{digest[:10]}.authorize.certificatemanager.goog.")
    if letters.endswith("arn"):
        kind = token.rsplit(":", 1)[1].lower()
        # IAM knows no region: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        region = "" if service == "iam" else inputs.get("region") or "us-east-1"
        resource = label if service == "sns" else f"{kind}/{label}"
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
    if letters.endswith(("url", "uri")) or letters == "selflink":
        return f"https://{service}.invalid/{label}/{digest[:8]}"
    if letters == "email":
        return address_of(inputs, label)
    if letters == "member":
        return f"serviceAccount:{address_of(inputs, label)}"
    if letters == "address":
        return f"192.0.2.{int(digest[:2], 16)}"
    if letters.endswith(("time", "date", "timestamp")):
        return "2000-01-01T00:00:00Z"
    return label if letters in ("name", "id") else f"{digest[:10]}"


def address_of(inputs: Properties, label: str) -> str:
    """E-mail address of a Google service account."""
    return f"{inputs.get('accountId') or label}@{inputs.get('project') or 'project'}.iam.gserviceaccount.com"
