"""Runs a Python program for the engine where the CLI came without its Python language host."""

import asyncio
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import (
    _get_rpc_manager as rpc_manager,  # pyright: ignore[reportPrivateUsage] -- what failed is kept nowhere else
)

from generator.offline.plugins import ROOT
from generator.offline.serve import serve


class Host(LanguageServer):
    """The SDK's own server for inline programs, given the program the engine names."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.rpcs = RPCManager()

    def Run(  # noqa: N802 (the protocol's)
        self, request: language_pb2.RunRequest, context: Any
    ) -> language_pb2.RunResponse:
        """Run the program of the request."""

        def program() -> None:
            self.rpcs = rpc_manager()
            run(Path(request.pwd), request.program or ".")

        self.program = program
        try:
            return super().Run(request, context)
        except asyncio.InvalidStateError:
            # Clearing up after a program that failed, the SDK may settle a future twice, and loses why it failed.
            if self.rpcs.unhandled_exception is None:
                raise
            return language_pb2.RunResponse(error=str(self.rpcs.unhandled_exception))

    def RunPlugin(  # noqa: N802 (the protocol's)
        self, request: language_pb2.RunPluginRequest, context: Any
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack with the interpreter that runs covey, which has the SDKs, and hand on what it prints."""
        command = [sys.executable, "-u", "-m", "generator.offline.policy_pack", request.info.program_directory]
        environment = {**os.environ, **dict(setting.split("=", 1) for setting in request.env), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(  # noqa: S603 (a pack its owner names)
            [*command, *request.args], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as pack:
            context.add_callback(pack.kill)
            for line in pack.stdout or ():
                yield language_pb2.RunPluginResponse(stdout=line)
            yield language_pb2.RunPluginResponse(exitcode=pack.wait())


def run(folder: Path, program: str) -> None:
    """Run a program as the real host does: from its own folder, which stands first on the module path."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        runpy.run_path(str(folder / program), run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as error:
        raise pulumi.RunError(describe(error, folder)) from error


def describe(error: BaseException, folder: Path) -> str:
    """Say in one line where in the program an error arose, and what it is."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}: {error.msg}"
    where = f"{Path(own[-1].filename).relative_to(folder)}:{own[-1].lineno}: " if own else ""
    return f"{where}{type(error).__name__}: {error}"


def main() -> None:
    """Serve until the engine is gone."""
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(), server))


if __name__ == "__main__":
    main()
