"""What a provider refuses before it calls the cloud, and what the cloud would: properties, types, limits, relations."""

import collections.abc
import difflib
import enum
import typing
from dataclasses import dataclass

from generator.offline.amazon_limits import AMAZON
from generator.offline.google_edge_limits import GOOGLE_EDGE
from generator.offline.google_limits import GOOGLE
from generator.offline.limits import limits
from generator.offline.relations import relations
from generator.offline.shape import Field, fields, shape, strip
from generator.offline.stated import stated
from generator.offline.values import UNKNOWN, Properties, Value

STATED = (*AMAZON, *GOOGLE, *GOOGLE_EDGE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A property path of the input, such as ``productionVariants[0].instanceType``, and why it is refused."""

    path: str
    reason: str


def check(token: str, inputs: Properties) -> list[Refusal]:
    """List what is wrong with a resource's inputs.

    Parameters
    ----------
    token : str
        Resource type, such as ``aws:sagemaker/endpoint:Endpoint``.
    inputs : mapping
        Inputs by wire name, secrets unwrapped; values not known yet are `values.UNKNOWN`.
    """
    known = shape(token)
    if known is None:
        return [Refusal("", f"the installed package has no resource type {token}")]
    given = {name: value for name, value in inputs.items() if not name.startswith("__")}
    refusals = check_object(known.inputs, given, "")
    if refusals:
        return refusals
    stated_limits = stated(STATED, token, given)
    found = dict.fromkeys([*limits(token, given), *stated_limits, *relations(token, given)])
    return [Refusal(path, reason) for path, reason in found]


def check_object(known: dict[str, Field], given: Properties, path: str) -> list[Refusal]:
    """Compare an object's properties with those its type has."""
    refusals: list[Refusal] = []
    for name, value in given.items():
        if name in known:
            refusals += check_value(known[name].hint, value, f"{path}{name}")
            refusals += check_words(known[name].words, value, f"{path}{name}")
        else:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            refusals.append(Refusal(f"{path}{name}", f"there is no property {name}{hint}"))
    refusals += [
        Refusal(f"{path}{name}", "is required and missing")
        for name, field in known.items()
        if field.required and given.get(name) is None
    ]
    return refusals


def check_words(words: tuple[str, ...], value: Value, path: str) -> list[Refusal]:
    """Compare a text, or each text of a list, with the possible values that are documented."""
    given = value if isinstance(value, list) else [value]
    wrong = [text for text in given if words and isinstance(text, str) and text not in (*words, UNKNOWN)]
    return [Refusal(path, f"{text!r} is none of {', '.join(words)}") for text in wrong]


def check_value(hint: object, value: Value, path: str) -> list[Refusal]:  # noqa: PLR0911 (one for each kind of type)
    """Compare one value with its declared type."""
    if value is None or value == UNKNOWN:
        return []
    bare, _ = strip(hint)
    origin = typing.get_origin(bare)
    if origin is collections.abc.Sequence:
        if not isinstance(value, list):
            return [Refusal(path, "takes a list")]
        element = typing.get_args(bare)[0]
        return [found for at, item in enumerate(value) for found in check_value(element, item, f"{path}[{at}]")]
    if origin is collections.abc.Mapping:
        if not isinstance(value, dict):
            return [Refusal(path, "takes a mapping")]
        element = typing.get_args(bare)[1]
        return [found for key, item in value.items() for found in check_value(element, item, f"{path}.{key}")]
    if not isinstance(bare, type):
        return []
    if issubclass(bare, enum.Enum):
        allowed = [member.value for member in bare]
        return [] if value in allowed else [Refusal(path, f"takes one of {', '.join(map(str, allowed))}")]
    if bare in SCALARS:
        return [] if is_scalar(bare, value) else [Refusal(path, f"takes {SCALARS[bare]}, not {value!r}")]
    nested = fields(bare)
    if not nested:
        return []
    if not isinstance(value, dict):
        return [Refusal(path, "takes an object")]
    return check_object(nested, value, f"{path}.")


SCALARS: dict[type, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def is_scalar(kind: type, value: Value) -> bool:
    """Whether a value off the wire, where every number is a double, is of this scalar type."""
    if kind in (int, float):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole if kind is int else isinstance(value, int | float))
    return isinstance(value, kind)
