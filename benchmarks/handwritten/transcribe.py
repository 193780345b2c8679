"""Writes the twins: `python -m benchmarks.handwritten.transcribe`, after the emitted program has changed.

A twin is what somebody would have to write without covey: one constructor call for each resource of a small emitted
stack, with the same inputs and the same references between them, and no component, function or loop. Mocks tell which
resources there are; what a resource's inputs hold of another's outputs is a reference to it.
"""

import ast
import importlib
import json
import re
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi.runtime import rpc

from benchmarks.preview import PLACES, project
from generator.model import Cloud
from generator.offline.child import child
from generator.offline.shape import fields, shape, strip

HERE = Path(__file__).parent
SETTINGS = ("region", "project")  # the mocks invent them for all resources alike
SDKS = {"aws": "pulumi_aws", "gcp": "pulumi_gcp"}
HEADER = '''"""The resources of a small emitted stack on {cloud}, written out by transcribe.py: no component or loop."""

import pulumi
import {sdk} as {cloud}

'''


def main() -> None:
    """Write the twin of each cloud."""
    for cloud in PLACES:
        folder = HERE / cloud
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="covey-bench-") as temporary:
            stack = project(cloud, 2, 2, Path(temporary))
            recorded = child("in_process", temporary, stack)
        source = "".join(twin(cloud, recorded["resources"]))
        ast.parse(source)
        (folder / "__main__.py").write_text(source, encoding="utf-8")
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
    formatter = Path(sys.executable).with_name("ruff")
    subprocess.run([formatter, "format", "--quiet", HERE], check=True)  # noqa: S603 (our own formatter)


def twin(cloud: Cloud, recorded: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the program: each resource after those it refers to."""
    yield HEADER.format(cloud=cloud, sdk=SDKS[cloud])
    resources = sorted((one for one in recorded if not one["type"].startswith("covey:")), key=lambda one: one["name"])
    waiting = {variable(one): one for one in resources}
    refers = {name: known(name, one) for name, one in waiting.items()}
    references = {value: source for found in refers.values() for value, source in found.items()}
    while waiting:
        ready = [name for name, one in waiting.items() if not needs(one, references) & waiting.keys() - {name}]
        for name in ready:
            yield f"{name} = {call(waiting.pop(name), references)}\n"
        assert ready, f"these refer to each other: {', '.join(waiting)}"  # noqa: S101 (a defect of this script)


def variable(one: Mapping[str, Any]) -> str:
    """Name of a resource in the twin."""
    return re.sub(r"\W", "_", one["name"]) + ("_provider" if one["type"].startswith("pulumi:") else "")


def known(name: str, one: Mapping[str, Any]) -> dict[str, str]:
    """What only the cloud, or the provider, would know of a resource: its value in the recording, and its name."""
    inputs = one["inputs"]
    if one["type"].startswith("pulumi:"):
        return {}
    python = {wire: py for py, wire in wire_names(resource_class(one["type"])).items()}
    chosen = inputs.get("__defaults", ())
    found = {one["id"]: f"{name}.id"} | {
        value: f"{name}.{python[wire]}"
        for wire, value in one["outputs"].items()
        if isinstance(value, str) and wire not in SETTINGS and (wire in chosen or wire not in inputs)
    }
    # What the program says itself, such as an endpoint's name, is no reference; nor is what is too short to be one.
    said = set(texts(inputs)) - chosen_of(one)
    return {value: source for value, source in found.items() if value not in said and len(value) >= 8}


def chosen_of(one: Mapping[str, Any]) -> set[str]:
    """Names the provider chose: the twin leaves them out as well."""
    return {one["inputs"][wire] for wire in one["inputs"].get("__defaults", ())}


def needs(one: Mapping[str, Any], references: Mapping[str, str]) -> set[str]:
    """Variables a resource refers to."""
    found = {variable_of(one["provider"])} if one["provider"] else set[str]()
    text = " ".join(texts(one["inputs"]))
    return found | {source.split(".")[0] for value, source in references.items() if value in text}


def variable_of(provider: str) -> str:
    """Variable of a provider."""
    return f"{provider}_provider"


def texts(value: object) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in typing.cast("list[object]", value):
            yield from texts(item)
    elif isinstance(value, dict):
        for item in typing.cast("dict[str, object]", value).values():
            yield from texts(item)


def call(one: Mapping[str, Any], references: Mapping[str, str]) -> str:
    """Spell one resource."""
    token, inputs = one["type"], dict(one["inputs"])
    left_out = {"__defaults", "version", *inputs.get("__defaults", ())}
    if token.startswith("pulumi:"):
        package = token.rsplit(":", 1)[1]
        source = importlib.import_module(f"{SDKS[package]}.provider")
        owner, path = source.Provider, f"{package}.Provider"
        # A provider's inputs travel as JSON.
        inputs = {name: value if name == "region" else loaded(value) for name, value in inputs.items()}
    else:
        owner = resource_class(token)
        path = f"{token.split(':')[0]}.{owner.__module__.split('.')[1]}.{owner.__name__}"
        source = importlib.import_module(owner.__module__)
    arguments = getattr(source, source.__all__[0])
    own = {value: name for value, name in references.items() if not name.startswith(f"{variable(one)}.")}
    parts = [repr(one["name"]), *spelled_fields(arguments, {k: v for k, v in inputs.items() if k not in left_out}, own)]
    options: list[str] = [f"provider={variable_of(one['provider'])}"] if one["provider"] else []
    options += ["delete_before_replace=True"] if one["delete_before_replace"] else []
    options += [f"ignore_changes={one['ignore_changes']!r}"] if one["ignore_changes"] else []
    parts += [f"opts=pulumi.ResourceOptions({', '.join(options)})"] if options else []
    return f"{path}({', '.join(parts)},)"


def loaded(value: object) -> object:
    """Undo the JSON a provider's input travels as."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def spelled_fields(owner: type, values: Mapping[str, Any], references: Mapping[str, str]) -> list[str]:
    """Spell the arguments of a constructor."""
    python = {wire: name for name, wire in wire_names(owner).items()}
    hints = fields(owner)
    return [f"{python[wire]}={spelled(hints[wire].hint, value, references)}" for wire, value in sorted(values.items())]


def spelled(hint: object, value: Any, references: Mapping[str, str]) -> str:
    """Spell one value of a declared type."""
    hint, _ = strip(hint)
    if isinstance(value, str):
        return spelled_text(value, references)
    if isinstance(value, list):
        element = (typing.get_args(hint) or (object,))[0]
        return f"[{', '.join(spelled(element, item, references) for item in typing.cast('list[Any]', value))}]"
    if not isinstance(value, dict):
        return repr(int(value) if isinstance(value, float) and value.is_integer() else value)
    held = typing.cast("dict[str, Any]", value)
    if isinstance(hint, type) and fields(hint):
        package, module = [*hint.__module__.split("."), ""][:2]
        name = f"{package.removeprefix('pulumi_')}.{'' if module.startswith('_') else module + '.'}{hint.__name__}"
        return f"{name}({', '.join(spelled_fields(hint, held, references))})"
    element = typing.get_args(hint)[1] if len(typing.get_args(hint)) == 2 else object
    return f"{{{', '.join(f'{key!r}: {spelled(element, item, references)}' for key, item in held.items())}}}"


def spelled_text(text: str, references: Mapping[str, str]) -> str:
    """Spell a text, or what it is put together from."""
    held = sorted((value for value in references if value in text), key=len, reverse=True)
    if not held:
        return repr(text)
    parts = [part for part in re.split(f"({'|'.join(map(re.escape, held))})", text) if part]
    said = [references.get(part, repr(part)) for part in parts]
    return said[0] if len(said) == 1 else f"pulumi.Output.concat({', '.join(said)})"


def resource_class(token: str) -> Any:
    """Class of a resource type."""
    assert shape(token)  # noqa: S101 (imports the package)
    package, module, _ = token.split(":", 2)
    table: dict[str, Any] = getattr(rpc.get_resource_module(package, module, ""), "mod_info", {})
    return getattr(importlib.import_module(table["fqn"]), table["classes"][token])


def wire_names(owner: type) -> dict[str, str]:
    """Names of an Args or resource class's properties on the wire, by those in Python."""
    found = {name: getattr(getattr(member, "fget", None), "_pulumi_name", None) for name, member in vars(owner).items()}
    return {name: wire for name, wire in found.items() if isinstance(wire, str)}


if __name__ == "__main__":
    main()
