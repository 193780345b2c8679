"""The Pulumi command line: where it is, and running it so that nothing is left behind when the run ends early."""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The version tools/go.mod pins; an older one of the same major version is not used.
CLI_VERSION = (3, 259, 0)


@dataclass(frozen=True, slots=True)
class Cli:
    """A Pulumi CLI that fits, and its version such as ``v3.259.0``."""

    path: Path
    version: str

    @property
    def has_python(self) -> bool:
        """Whether the CLI finds its Python language host, which an installed one has and a built one lacks."""
        search = os.pathsep.join([str(self.path.parent), os.environ.get("PATH", os.defpath)])
        return shutil.which("pulumi-language-python", path=search) is not None


def find_cli() -> Cli | None:
    """Find the CLI: the one on PATH, else the one `make pulumi` built; None where neither fits."""
    on_path = shutil.which("pulumi")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = home / "covey" / f"pulumi-v{'.'.join(map(str, CLI_VERSION))}" / "bin" / "pulumi"
    for path in (Path(on_path) if on_path else None, built):
        version = version_of(path) if path is not None and path.is_file() else None
        if path is not None and version is not None and fits(version):
            return Cli(path, version)
    return None


@functools.cache
def version_of(path: Path) -> str | None:
    """Ask a CLI for its version; None where it does not answer."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        asked = subprocess.run(  # noqa: S603 (the user's own CLI)
            [path, "version"], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()


def fits(version: str) -> bool:
    """Whether a CLI has the pinned major version and is not older.

    >>> fits("v3.259.0"), fits("v3.260.1"), fits("v3.99.0"), fits("v4.0.0"), fits("dev")
    (True, True, False, False, False)
    """
    matched = re.match(r"v(\d+)\.(\d+)\.(\d+)", version)
    found = tuple(int(part) for part in matched.groups()) if matched else (0, 0, 0)
    return found[0] == CLI_VERSION[0] and found >= CLI_VERSION


def run_cli(
    cli: Cli,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> tuple[int, str]:
    """Run one Pulumi command to its end, or stop it in order when this process is told to stop.

    Parameters
    ----------
    cli : Cli
        What to run.
    arguments : sequence of str
        The command and its options.
    folder : Path
        Working directory: the folder with Pulumi.yaml.
    environment : mapping
        The command's whole environment.
    on_line : callable
        Called with each line of standard output as it comes.

    Returns
    -------
    tuple of (int, str)
        Exit code and standard error.

    Raises
    ------
    KeyboardInterrupt
        After the engine has been interrupted and has written its state.
    """
    with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as complaints:
        # A session of its own: a ctrl-C at the terminal reaches us alone, and we hand it on once.
        process = subprocess.Popen(  # noqa: S603 (the user's own CLI)
            [cli.path, "--non-interactive", *arguments],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            for line in process.stdout or ():
                on_line(line)
            process.wait()
        finally:
            stop(process)
        complaints.seek(0)
        return process.returncode, complaints.read()


def stop(process: subprocess.Popen[str]) -> None:
    """End a command that still runs: asked first, so that it can write its state and free its lock, then made to."""
    for signal_number, patience_s in ((signal.SIGINT, 20), (signal.SIGTERM, 5)):
        if process.poll() is None:
            process.send_signal(signal_number)
            # Read on while waiting: the engine dies at once, its lock held, when nobody takes its output.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=patience_s)
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
