"""A stand-in for the plugins of AWS and Google Cloud: it speaks the engine's protocol and knows the types."""

# ruff: noqa: ARG002, D102, N802 (names and parameters of the methods are the protocol's)

import importlib.metadata
import json
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from generator.offline.autoname import CHOSEN, autoname
from generator.offline.check import Refusal, check
from generator.offline.cloud import Cloud
from generator.offline.faults import Faults, Operation, Refused
from generator.offline.identity import identity as identity_of
from generator.offline.identity import is_unique, scope
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
    faults : Faults
        What goes wrong.
    """

    def __init__(self, package: str, cloud: Cloud, faults: Faults) -> None:
        self.package = package
        self.version = importlib.metadata.version(f"pulumi-{package}")
        self.cloud = cloud
        self.faults = faults
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
        self.act("configure", f"::::pulumi:providers:{self.package}::{self.package}", context, lambda: None)
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        token = type_of(request.urn)
        inputs = autoname(token, label_of(request.urn), read(request.olds), read(request.news), request.randomSeed)
        return answer(write(inputs), check(token, mapping(bare(inputs))))

    def Diff(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        return diff(type_of(request.urn), read(request.old_inputs), read(request.news))

    def Create(self, request: pb.CreateRequest, context: grpc.ServicerContext) -> pb.CreateResponse:
        token, label, inputs = type_of(request.urn), label_of(request.urn), read(request.properties)
        identity = identity_of(token, label, inputs, self.settings)
        outputs = invent(token, inputs, self.settings, seed=identity, preview=request.preview)
        if request.preview:
            return pb.CreateResponse(id="", properties=write(outputs))
        if is_unique(token) and self.cloud.find(token, scope(token, self.settings), identity) is not None:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{token.rsplit(':', 1)[1]} already exists: {identity}")
        self.act("create", request.urn, context, lambda: self.keep("create", identity, request.urn, inputs, outputs))
        return pb.CreateResponse(id=identity, properties=write(outputs))

    def Update(self, request: pb.UpdateRequest, context: grpc.ServicerContext) -> pb.UpdateResponse:
        token, inputs = type_of(request.urn), read(request.news)
        outputs = invent(token, inputs, self.settings, seed=request.id, preview=False)
        if not request.preview:
            if self.cloud.find(token, scope(token, self.settings), request.id) is None:
                context.abort(grpc.StatusCode.NOT_FOUND, f"{request.id} does not exist in the cloud any more")
            self.act(
                "update", request.urn, context, lambda: self.keep("update", request.id, request.urn, inputs, outputs)
            )
        return pb.UpdateResponse(properties=write(outputs))

    def Read(self, request: pb.ReadRequest, context: grpc.ServicerContext) -> pb.ReadResponse:
        token = type_of(request.urn)
        self.act("read", request.urn, context, lambda: None)
        found = self.cloud.find(token, scope(token, self.settings), request.id)
        if found is None:
            return pb.ReadResponse()
        inputs, outputs = found
        return pb.ReadResponse(
            id=request.id,
            inputs=write(with_secrets(inputs, read(request.inputs))),
            properties=write(with_secrets(outputs, read(request.properties))),
        )

    def Delete(self, request: pb.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.act("delete", request.urn, context, lambda: self.remove(request.urn, request.id))
        return empty_pb2.Empty()

    def Invoke(self, request: pb.InvokeRequest, context: grpc.ServicerContext) -> pb.InvokeResponse:
        # Look-ups would read an account that a preview without credentials does not have.
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: the program must not look anything up in the cloud"
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def act(self, operation: Operation, urn: str, context: grpc.ServicerContext, act: Callable[[], None]) -> None:
        """Do something in the cloud, unless a fault is in the way."""
        try:
            self.faults.around(operation, type_of(urn), label_of(urn), act)
        except Refused as refused:
            context.abort(grpc.StatusCode.INTERNAL, str(refused))

    def keep(self, operation: str, identity: str, urn: str, inputs: Properties, outputs: Properties) -> None:
        """Put a resource into the cloud, its secrets struck out."""
        token, shown = type_of(urn), mapping(hidden(inputs))
        self.cloud.keep(token, scope(token, self.settings), identity, urn, shown, mapping(hidden(outputs)))
        self.cloud.note(operation, token, label_of(urn), shown)

    def remove(self, urn: str, identity: str) -> None:
        """Take a resource out of the cloud."""
        token = type_of(urn)
        self.cloud.note("delete", token, label_of(urn), {})
        self.cloud.remove(token, scope(token, self.settings), identity)

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


def label_of(urn: str) -> str:
    """Name that a resource has in the program."""
    return urn.rsplit("::", 1)[1]


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
    provider = Provider(package, Cloud(Path(folder)), Faults(Path(folder)))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
