"""A stand-in for the plugins of AWS and Google Cloud: speaks the engine's protocol, knows the types, keeps what it is given."""

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from generator.offline.autoname import CHOSEN, autoname
from generator.offline.check import Refusal, check
from generator.offline.cloud import Cloud
from generator.offline.invent import invent, mapping
from generator.offline.replacement import replaces
from generator.offline.serve import serve
from generator.offline.shape import shape, strip
from generator.offline.values import HIDDEN, UNKNOWN, Properties, Value, bare, differences, hidden, read, write

KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One cloud's provider; method names are the protocol's.

    Parameters
    ----------
    package : str
        "aws" or "gcp".
    cloud : Cloud
        What exists.
    """

    def __init__(self, package: str, cloud: Cloud) -> None:
        self.package = package
        self.version = importlib.metadata.version(f"pulumi-{package}")
        self.cloud = cloud
        self.settings: Properties = {}

    def Handshake(self, request, context):  # noqa: ARG002, D102, N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request, context):  # noqa: ARG002, D102, N802
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request, context):  # noqa: ARG002, D102, N802
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": self.version}))

    def CheckConfig(self, request, context):  # noqa: ARG002, D102, N802
        given = {name: value for name, value in read(request.news).items() if name != "version"}
        return answer(request.news, check(f"pulumi:providers:{self.package}", self.decoded(given)))

    def DiffConfig(self, request, context):  # noqa: ARG002, D102, N802
        return diff(f"pulumi:providers:{self.package}", read(request.old_inputs), read(request.news))

    def Configure(self, request, context):  # noqa: ARG002, D102, N802
        self.settings = self.decoded(read(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request, context):  # noqa: ARG002, D102, N802
        token = type_of(request.urn)
        label = request.urn.rsplit("::", 1)[1]
        inputs = autoname(token, label, read(request.olds), read(request.news), request.randomSeed)
        return answer(write(inputs), check(token, mapping(bare(inputs))))

    def Diff(self, request, context):  # noqa: ARG002, D102, N802
        return diff(type_of(request.urn), read(request.old_inputs), read(request.news))

    def Create(self, request, context):  # noqa: ARG002, D102, N802
        token, inputs = type_of(request.urn), read(request.properties)
        name = mapping(bare(inputs)).get("name")
        named = name if isinstance(name, str) and name != UNKNOWN else None
        # Two generations of a fixed name live side by side for no cloud, so the name and what it belongs to make the id.
        identity = hashlib.sha256(f"{request.urn} {named}".encode()).hexdigest()[:10]
        identity = f"{named}-{identity}" if named else identity
        outputs = invent(token, inputs, self.settings, seed=identity, preview=request.preview)
        if not request.preview:
            self.keep(token, identity, request.urn, inputs, outputs)
        return provider_pb2.CreateResponse(id="" if request.preview else identity, properties=write(outputs))

    def Update(self, request, context):  # noqa: ARG002, D102, N802
        token, inputs = type_of(request.urn), read(request.news)
        outputs = invent(token, inputs, self.settings, seed=request.id, preview=False)
        if not request.preview:
            self.keep(token, request.id, request.urn, inputs, outputs)
        return provider_pb2.UpdateResponse(properties=write(outputs))

    def Read(self, request, context):  # noqa: ARG002, D102, N802
        found = self.cloud.find(type_of(request.urn), request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, outputs = found
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=write(with_secrets(inputs, read(request.inputs))),
            properties=write(with_secrets(outputs, read(request.properties))),
        )

    def Delete(self, request, context):  # noqa: ARG002, D102, N802
        self.cloud.remove(type_of(request.urn), request.id)
        return empty_pb2.Empty()

    def Invoke(self, request, context):  # noqa: D102, N802
        # Look-ups would read an account that a preview without credentials does not have.
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: the program must not look anything up in the cloud"
        )

    def Cancel(self, request, context):  # noqa: ARG002, D102, N802
        return empty_pb2.Empty()

    def keep(self, token: str, identity: str, urn: str, inputs: Properties, outputs: Properties) -> None:
        """Put a resource into the cloud, its secrets struck out."""
        self.cloud.keep(token, identity, urn, mapping(hidden(inputs)), mapping(hidden(outputs)))

    def decoded(self, settings: Properties) -> Properties:
        """Read the provider's own settings, which travel as JSON text unless they are text."""
        known = shape(f"pulumi:providers:{self.package}")
        plain = mapping(bare(settings))
        decoded: Properties = {}
        for name, value in plain.items():
            textual = known is None or name not in known.inputs or strip(known.inputs[name].hint)[0] is str
            decoded[name] = value if textual or not isinstance(value, str) or value == UNKNOWN else json.loads(value)
        return {name: value for name, value in decoded.items() if not name.startswith("__")}


def type_of(urn: str) -> str:
    """Resource type of a URN, its parents' types left out."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def answer(inputs, refusals: list[Refusal]):
    """Give the checked inputs back, and every refusal."""
    failures = [provider_pb2.CheckFailure(property=found.path, reason=found.reason) for found in refusals]
    return provider_pb2.CheckResponse(inputs=inputs, failures=failures)


def diff(token: str, old: Properties, new: Properties):
    """Compare inputs property by property; say which changes make the cloud create the resource anew."""
    before = {name: bare(value) for name, value in old.items() if name != CHOSEN}
    after = {name: bare(value) for name, value in new.items() if name != CHOSEN}
    changed = differences(before, after)
    if not changed:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    replacing = [path for path in changed if replaces(token, path)]
    # A name the program fixed cannot exist twice, so the old one has to go first.
    fixed = after.get("name") is not None and "name" not in (new.get(CHOSEN) or [])
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        replaces=replacing,
        deleteBeforeReplace=bool(replacing) and fixed and before.get("name") == after.get("name"),
        diffs=list(changed),
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=KINDS[kind, path in replacing], inputDiff=True)
            for path, kind in changed.items()
        },
        hasDetailedDiff=True,
    )


def with_secrets(kept: Properties, engine: Properties) -> Properties:
    """Put the engine's own secrets back where the cloud's memory has a mark."""
    restored: Properties = {}
    for name, value in kept.items():
        restored[name] = engine.get(name) if has_mark(value) else value
    return restored


def has_mark(value: Value) -> bool:
    """Whether a secret was struck out of a value."""
    if isinstance(value, list):
        return any(has_mark(item) for item in value)
    if isinstance(value, dict):
        return any(has_mark(item) for item in value.values())
    return value == HIDDEN


def main() -> None:
    """Serve the provider named first, over the folder named second, until the engine is gone."""
    package, folder = sys.argv[1:3]
    provider = Provider(package, Cloud(Path(folder)))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
