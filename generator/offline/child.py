"""Runs a module of this room in a process of its own: what it runs is the user's code, so bounded and accountless."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from generator.errors import DeployError
from generator.offline.sandbox import ACCOUNTS

PATIENCE_S = 120.0
# More than the resources of a thousand groups; what is larger was not written by the modules here.
MOST_BYTES = 512 * 2**20


def child(module: str, *arguments: str, given: object = None, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """Run ``python -m generator.offline.MODULE ARGUMENTS [GIVEN] RESULT`` and read the JSON it leaves in RESULT.

    Parameters
    ----------
    module : str
        Module of this room.
    arguments : str
        Its arguments before the names of files.
    given : object, optional
        Written as JSON to a file whose name follows the arguments.
    patience_s : float
        The process, and what it started, is ended after that many seconds.

    Raises
    ------
    DeployError
        Where the process ends without a result: what it said last.
    """
    with tempfile.TemporaryDirectory(prefix="covey-") as temporary:
        folder = Path(temporary)
        names = list(arguments)
        if given is not None:
            (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
            names.append(str(folder / "given.json"))
        result = folder / "result.json"
        # Files instead of pipes: what a program prints in the background must not keep us waiting.
        with (folder / "complaints").open("w+b") as complaints:
            process = subprocess.Popen(  # noqa: S603 (our own module, on a project its owner asks us to run)
                [sys.executable, "-P", "-m", f"generator.offline.{module}", *names, str(result)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env={name: value for name, value in os.environ.items() if not name.startswith(ACCOUNTS)},
                start_new_session=True,
            )
            try:
                exit_code = process.wait(timeout=patience_s)
            except subprocess.TimeoutExpired:
                raise DeployError(
                    arguments[0], f"did not end within {patience_s:g} s.", "Look for what it waits for, or loops over."
                ) from None
            finally:
                # It leads a group of its own; what it may have left running ends with it.
                _end(process)
            if exit_code != 0 or not result.exists() or result.stat().st_size > MOST_BYTES:
                raise DeployError(arguments[0], _last_words(complaints.name, exit_code), "Run it by itself to see why.")
        return json.loads(result.read_text(encoding="utf-8"))


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _last_words(path: str, exit_code: int) -> str:
    text = Path(path).read_bytes()[-10_000:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else f"It ended with exit code {exit_code} and without a word").rstrip(".") + "."
