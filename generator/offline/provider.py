"""A stand-in for the plugins of AWS and Google Cloud: it speaks the engine's protocol and knows the types."""

# ruff: noqa: ARG002, D102, N802 (names and parameters of the methods are the protocol's)

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from generator.offline.autoname import CHOSEN, autoname
from generator.offline.check import Refusal, check
from generator.offline.cloud import Cloud
from generator.offline.invent import invent, mapping
from generator.offline.replacement import replaces
from generator.offline.serve import serve
from generator.offline.shape import shape, strip
from generator.offline.values import HIDDEN, UNKNOWN, Properties, Value, bare, differences, hidden
from generator.offline.wire import read, write

KINDS = {
    ("add", False): pb.PropertyDiff.ADD,
    ("add", True): pb.PropertyDiff.ADD_REPLACE,
    ("delete", False): pb.PropertyDiff.DELETE,
    ("delete", True): pb.PropertyDiff.DELETE_REPLACE,
    ("update", False): pb.PropertyDiff.UPDATE,
    ("update", True): pb.PropertyDiff.UPDATE_REPLACE,
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

    def Handshake(
        self, request: pb.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> pb.ProviderHandshakeResponse:
        return pb.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: pb.GetSchemaRequest, context: grpc.ServicerContext) -> pb.GetSchemaResponse:
        return pb.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": self.version}))

    def CheckConfig(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        given = {name: value for name, value in read(request.news).items() if name != "version"}
        return answer(request.news, check(f"pulumi:providers:{self.package}", self.decoded(given)))

    def DiffConfig(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        return diff(f"pulumi:providers:{self.package}", read(request.old_inputs), read(request.news))

    def Configure(self, request: pb.ConfigureRequest, context: grpc.ServicerContext) -> pb.ConfigureResponse:
        self.settings = self.decoded(read(request.args))
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        token = type_of(request.urn)
        label = request.urn.rsplit("::", 1)[1]
        inputs = autoname(token, label, read(request.olds), read(request.news), request.randomSeed)
        return answer(write(inputs), check(token, mapping(bare(inputs))))

    def Diff(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        return diff(type_of(request.urn), read(request.old_inputs), read(request.news))

    def Create(self, request: pb.CreateRequest, context: grpc.ServicerContext) -> pb.CreateResponse:
        token, inputs = type_of(request.urn), read(request.properties)
        # A successor is created while what it replaces still stands: their inputs tell them apart.
        content = json.dumps([request.urn, hidden(inputs)], sort_keys=True)
        identity = f"{inputs.get('name', 'id')}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
        outputs = invent(token, inputs, self.settings, seed=identity, preview=request.preview)
        if not request.preview:
            self.keep(token, identity, request.urn, inputs, outputs)
        return pb.CreateResponse(id="" if request.preview else identity, properties=write(outputs))

    def Update(self, request: pb.UpdateRequest, context: grpc.ServicerContext) -> pb.UpdateResponse:
        token, inputs = type_of(request.urn), read(request.news)
        outputs = invent(token, inputs, self.settings, seed=request.id, preview=False)
        if not request.preview:
            self.keep(token, request.id, request.urn, inputs, outputs)
        return pb.UpdateResponse(properties=write(outputs))

    def Read(self, request: pb.ReadRequest, context: grpc.ServicerContext) -> pb.ReadResponse:
        found = self.cloud.find(type_of(request.urn), request.id)
        if found is None:
            return pb.ReadResponse()
        inputs, outputs = found
        return pb.ReadResponse(
            id=request.id,
            inputs=write(with_secrets(inputs, read(request.inputs))),
            properties=write(with_secrets(outputs, read(request.properties))),
        )

    def Delete(self, request: pb.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.cloud.remove(type_of(request.urn), request.id)
        return empty_pb2.Empty()

    def Invoke(self, request: pb.InvokeRequest, context: grpc.ServicerContext) -> pb.InvokeResponse:
        # Look-ups would read an account that a preview without credentials does not have.
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: the program must not look anything up in the cloud"
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
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


def answer(inputs: struct_pb2.Struct, refusals: list[Refusal]) -> pb.CheckResponse:
    """Give the checked inputs back, and every refusal."""
    failures = [pb.CheckFailure(property=found.path, reason=found.reason) for found in refusals]
    return pb.CheckResponse(inputs=inputs, failures=failures)


def diff(token: str, old: Properties, new: Properties) -> pb.DiffResponse:
    """Compare inputs property by property; say which changes make the cloud create the resource anew."""
    before = {name: bare(value) for name, value in old.items() if name != CHOSEN}
    after = {name: bare(value) for name, value in new.items() if name != CHOSEN}
    changed = differences(before, after)
    if not changed:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)
    replacing = [path for path in changed if replaces(token, path)]
    # A name the program fixed cannot exist twice, so the old one has to go first.
    fixed = after.get("name") is not None and CHOSEN not in new
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME,
        replaces=replacing,
        deleteBeforeReplace=bool(replacing) and fixed and before.get("name") == after.get("name"),
        diffs=list(changed),
        detailedDiff={
            path: pb.PropertyDiff(kind=KINDS[kind, path in replacing], inputDiff=True) for path, kind in changed.items()
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
