"""Writes the executables that the engine starts: each runs this package with the interpreter that runs covey."""

import shlex
import sys
from pathlib import Path

PACKAGES = ("aws", "gcp")
# Found by import, so that a plugin never depends on the working directory the engine gives it.
ROOT = Path(__file__).resolve().parent.parent.parent


def write_providers(folder: Path, cloud: Path) -> dict[str, Path]:
    """Write one stand-in provider a cloud.

    Parameters
    ----------
    folder : Path
        Gets one folder for each provider.
    cloud : Path
        Folder of the pretend cloud's memory.

    Returns
    -------
    dict of str to Path
        Folder that Pulumi.yaml must name, by provider.
    """
    written: dict[str, Path] = {}
    for package in PACKAGES:
        written[package] = folder / package
        write(written[package] / f"pulumi-resource-{package}", "generator.offline.provider", package, str(cloud))
    return written


def write_language_host(folder: Path) -> None:
    """Write `pulumi-language-python`, to be found on PATH by a CLI that came without it."""
    write(folder / "pulumi-language-python", "generator.offline.language")


def write(path: Path, module: str, *arguments: str) -> None:
    """Write an executable that runs a module of covey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # -P keeps the working directory, which is the user's project, off the module path.
    start = f"import sys; sys.path.append({str(ROOT)!r}); from {module} import main; main()"
    command = shlex.join([sys.executable, "-P", "-c", start, *arguments])
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    path.chmod(0o700)
