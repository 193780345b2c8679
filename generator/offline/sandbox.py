"""A copy of a project in which the real engine runs against the pretend cloud; the project itself is never touched."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from generator.errors import DeployError
from generator.offline.plugins import write_providers

# What a project's folder may hold that is no part of its program.
LEFT_OUT = (".git", ".venv", "venv", "node_modules", "build", "dist", "__pycache__", ".pytest_cache", ".ruff_cache")
# Settings of accounts, which must not reach a run that promises to need none.
ACCOUNTS = ("PULUMI_", "AWS_", "GOOGLE_", "CLOUDSDK_")
PLACEHOLDER = "offline-secret"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the engine runs, with which environment, and whether the stack exists there already."""

    project: Path
    environment: dict[str, str]
    stack_exists: bool


def sandbox(project: Path, stack: str, folder: Path) -> Sandbox:
    """Copy a project, point it at the stand-in providers, and keep the stack's state from earlier runs in `folder`.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml.
    stack : str
        Name of the stack.
    folder : Path
        Holds state, the pretend cloud and the copy. The same folder again continues where the last run ended.

    Raises
    ------
    DeployError
        Where Pulumi.yaml or the stack's config cannot be read.
    """
    # The name becomes a folder that is emptied first: https://www.pulumi.com/docs/iac/concepts/stacks/
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", stack) is None:
        raise DeployError(
            f"stack {stack!r}", "is no name of a stack.", "Use letters, digits, hyphens, dots, underscores."
        )
    folder = folder.resolve()
    settings = read_yaml(project / "Pulumi.yaml")
    copy = folder / "projects" / stack
    config_folder = Path(str(settings.get("stackConfigDir") or "."))
    config = config_folder / f"Pulumi.{stack}.yaml"
    salt = read_yaml(copy / config).get("encryptionsalt") if (copy / config).exists() else None

    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    program = Path(str(settings.get("main") or "."))
    for part in {program, config_folder}:
        inside(project, part)
        source, target = project / part, copy / part
        if not source.is_dir():
            source, target = source.parent, target.parent
        shutil.copytree(source, target, ignore=partial(left_out, folder), dirs_exist_ok=True)

    providers = write_providers(folder / "plugins", folder / "cloud")
    settings["plugins"] = {"providers": [{"name": name, "path": str(path)} for name, path in providers.items()]}
    # The interpreter that runs covey has the SDKs; the one the project names may not exist yet.
    own = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    settings["runtime"] = own if sys.prefix != sys.base_prefix else "python"
    write_yaml(copy / "Pulumi.yaml", settings)
    written = read_yaml(project / config) if (project / config).exists() else {}
    write_yaml(copy / config, readable(written) | ({"encryptionsalt": salt} if salt else {}))

    name = str(settings.get("name"))
    return Sandbox(copy, environment(folder), (folder / "state/.pulumi/stacks" / name / f"{stack}.json").exists())


def environment(folder: Path) -> dict[str, str]:
    """Environment of a run that reaches no account: own state, own home, no credentials."""
    for part in ("state", "home"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ACCOUNTS)}
    return inherited | {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_HOME": str(folder / "home"),
        # Guards nothing: `readable` has put placeholders where the real stack has secrets.
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def readable(config: dict[str, Any]) -> dict[str, Any]:
    """Take a stack's encryption off its config: what only its owner can read becomes a placeholder."""
    kept = {
        key: value for key, value in config.items() if key not in ("encryptionsalt", "secretsprovider", "encryptedkey")
    }
    return {key: decrypted(value) for key, value in kept.items()}


def decrypted(value: Any) -> Any:
    """Replace every ``{secure: …}`` by a placeholder."""
    if isinstance(value, list):
        return [decrypted(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return PLACEHOLDER
        return {key: decrypted(item) for key, item in value.items()}
    return value


def left_out(folder: Path, within: str, names: list[str]) -> set[str]:
    """Names that are not copied: what is no part of a program, and the sandbox itself where it lies in the project."""
    return {name for name in names if name in LEFT_OUT or (Path(within) / name).resolve() == folder}


def inside(project: Path, part: Path) -> None:
    """Refuse a program or config folder outside the project: it would not be copied."""
    if part.is_absolute() or not (project / part).resolve().is_relative_to(project.resolve()):
        raise DeployError(
            str(project / "Pulumi.yaml"),
            f"{part} lies outside the project.",
            "Keep `main` and `stackConfigDir` within the folder of Pulumi.yaml.",
        )


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeployError(str(path), "there is no such file.", "Name the folder that holds Pulumi.yaml.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise DeployError(
            str(path), f"cannot be read: {reason}.", "Restore it, for example by emitting again."
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise DeployError(str(path), "is no mapping.", "Restore it, for example by emitting again.")
    return content


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write a YAML mapping."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
