"""What a resource type takes and gives, read from the installed Pulumi package by reflection."""

import collections.abc
import enum
import functools
import importlib
import inspect
import re
import types
import typing
import warnings
from dataclasses import dataclass

import pulumi
from pulumi.runtime import rpc


@dataclass(frozen=True, slots=True)
class Field:
    """A property: its type with every `Input`, `Output` and `Optional` taken off, and whether it must be there.

    `words` are the values its documentation lists as the possible ones, empty where it lists none.
    """

    hint: object
    required: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Inputs and outputs of a resource type by wire name. An output is required when it is never null."""

    inputs: dict[str, Field]
    outputs: dict[str, Field]


@functools.cache
def shape(token: str) -> Shape | None:
    """Describe a resource type.

    Parameters
    ----------
    token : str
        Such as ``aws:sagemaker/endpoint:Endpoint``, or ``pulumi:providers:aws``.

    Returns
    -------
    Shape or None
        None where the installed package has no such type.
    """
    package, module, _ = token.split(":", 2)
    if module == "providers":
        source = importlib.import_module(f"pulumi_{token.rsplit(':', 1)[1]}.provider")
        resource = source.Provider
    else:
        importlib.import_module(f"pulumi_{package}")
        known = rpc.get_resource_module(package, module, "")
        # `mod_info` is the table that the generated packages register under their types.
        table: dict[str, typing.Any] = getattr(known, "mod_info", {"classes": {}})
        if token not in table["classes"]:
            return None
        with warnings.catch_warnings():
            # A service's package announces its own deprecated types when it is imported, whichever is asked for.
            warnings.simplefilter("ignore", DeprecationWarning)
            resource = getattr(importlib.import_module(table["fqn"]), table["classes"][token])
        source = importlib.import_module(resource.__module__)
    arguments = getattr(source, source.__all__[0])
    return Shape(inputs=fields(arguments), outputs=fields(resource))


@functools.cache
def fields(owner: type) -> dict[str, Field]:
    """Properties of an Args class, a nested object or a resource class, by wire name."""
    module = vars(importlib.import_module(owner.__module__))
    parameters = inspect.signature(owner.__init__).parameters
    resource = issubclass(owner, pulumi.Resource)
    found: dict[str, Field] = {}
    for name, member in vars(owner).items():
        wire_name = getattr(getattr(member, "fget", None), "_pulumi_name", None)
        if not isinstance(member, property) or wire_name is None:
            continue
        # The SDK's `Input` alias names `Output` and its parameter, which the generated modules do not import.
        hint = typing.get_type_hints(member.fget, module, {"Output": pulumi.Output, "T": typing.Any})["return"]
        bare, optional = strip(hint)
        required = not optional if resource else parameters[name].default is inspect.Parameter.empty
        found[wire_name] = Field(bare, required, words(member.fget.__doc__ or ""))
    return found


def words(documentation: str) -> tuple[str, ...]:
    """Read the possible values off a property's documentation, which the provider's own check is generated with.

    >>> words("How to scale. Default value is `A`. Possible values are: `A`, `B`.")
    ('A', 'B')
    """
    listed = re.search(
        r"(?:Possible values are|Each value may be one of):((?:\s*(?:and |or )?`[^`\s]+`,?)+)", documentation
    )
    return tuple(re.findall(r"`([^`]+)`", listed[1])) if listed else ()


def strip(hint: object) -> tuple[object, bool]:
    """Take `Input`, `Output`, `Optional` and the dictionary twins off a type; say whether None was among them."""
    origin = typing.get_origin(hint)
    if origin is pulumi.Output:
        return strip(typing.get_args(hint)[0])
    if origin not in (typing.Union, types.UnionType):
        return hint, False
    optional = False
    bare: list[object] = []
    for member in typing.get_args(hint):
        if member is type(None):
            optional = True
        elif typing.get_origin(member) in (pulumi.Output, collections.abc.Awaitable) or typing.is_typeddict(member):
            continue
        else:
            inner, inner_optional = strip(member)
            optional = optional or inner_optional
            if inner not in bare:
                bare.append(inner)
    # An open enumeration is written as the union of the enum and str: any text is accepted.
    closed = [member for member in bare if not (isinstance(member, type) and issubclass(member, enum.Enum))]
    return (closed or bare or [object])[0], optional
