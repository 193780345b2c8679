"""What is deployed is what was approved: the files and configs that `covey approve` wrote down, until it expires.

The same rule about files as `generator/approval/on_disk.py` of covey follows, written again because the pack imports
none of it: the four files at the top, and every file below ``stacks/`` and ``policies/`` but ``stacks/config/``,
``__pycache__`` and names that begin with a dot. What a preview would do is not compared here; `covey up` does that.
"""

import json
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from .rule import STACK, Resource, Rule, Stack

APPROVAL = "approval.json"
AT_THE_TOP = (".covey.json", "CUTOVER.md", "Pulumi.yaml", "recommendation.json")
BELOW = ("policies", "stacks")
CONFIG = "stacks/config"
PULUMIS_OWN = (b"encryptionsalt:", b"secretsprovider:", b"encryptedkey:")
MOST_BYTES = 32 * 2**20
SKEW = timedelta(minutes=5)
NAMED = 5


def digests(project: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the program by its path.

    Raises
    ------
    OSError
        If a file cannot be read, or is a link or something else that is no file.
    """
    paths = [name for name in AT_THE_TOP if _is_there(project / name)]
    for folder in BELOW:
        if _is_there(project / folder):
            paths += _below(project, folder)
    return {path: sha256(_content(project / path)).hexdigest() for path in sorted(paths)}


def config_digest(project: Path, stack: str) -> str:
    """Return the SHA-256 of a stack's config without the keys that Pulumi writes; of nothing where it has none."""
    place = project / CONFIG / f"Pulumi.{stack}.yaml"
    lines = _content(place).splitlines(keepends=True) if _is_there(place) else []
    return sha256(b"".join(line for line in lines if not line.startswith(PULUMIS_OWN))).hexdigest()


def digest_of(rest: Mapping[str, Any]) -> str:
    """Return the digest an approval carries of the rest of itself."""
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _is_approved(resource: Resource, stack: Stack) -> Iterator[str]:
    now, project = stack.settings.now, stack.settings.project
    if now is None:
        return
    if not _is_there(project / APPROVAL):
        yield f"Nobody has approved this program: there is no {APPROVAL}."
        return
    try:
        document = json.loads(_content(project / APPROVAL))
        rest = {key: value for key, value in document.items() if key != "digest"}
        if document["format"] != 1 or document["digest"] != digest_of(rest):
            yield f"{APPROVAL} was changed after it was given."
            return
        begins, ends = (datetime.fromisoformat(document[key]) for key in ("approved_at", "expires_at"))
        files, stacks = dict(document["files"]), dict(document["stacks"])
        found = digests(project)
        # The engine's id of the stack begins with urn:pulumi: and its name; a recording of mocks has none.
        name = resource.urn.removeprefix("urn:pulumi:").partition("::")[0]
        config = config_digest(project, name) if name in stacks else None
        expired, early = now >= ends, begins > now + SKEW
    except OSError as error:
        yield f"{error}."
        return
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield f"{APPROVAL} is no approval."
        return
    if expired:
        yield f"The approval expired on {ends:%Y-%m-%d %H:%M} UTC."
    if early:
        yield f"It was approved in the future, on {begins:%Y-%m-%d %H:%M} UTC."
    other = [path for path in sorted({*files, *found}) if files.get(path) != found.get(path)]
    if other:
        rest_of_them = f" and {len(other) - NAMED} more" if len(other) > NAMED else ""
        yield f"Files differ from the approved ones: {', '.join(other[:NAMED])}{rest_of_them}."
    if name and name not in stacks:
        yield f"Stack {name} was not approved."
    if name in stacks and config != stacks[name].get("config"):
        yield f"The config of {name} differs from the approved one."


def _below(project: Path, folder: str) -> Iterator[str]:
    if (project / folder).is_symlink():
        raise OSError(f"{project / folder} is a link")
    for place in (project / folder).iterdir():
        path = f"{folder}/{place.name}"
        if place.name.startswith(".") or place.name == "__pycache__" or path == CONFIG:
            continue
        if place.is_dir() and not place.is_symlink():
            yield from _below(project, path)
        else:
            yield path


def _is_there(place: Path) -> bool:
    return place.exists() or place.is_symlink()


def _content(place: Path) -> bytes:
    if place.is_symlink() or not stat.S_ISREG(place.lstat().st_mode):
        raise OSError(f"{place} is a link or no file")
    if place.stat().st_size > MOST_BYTES:
        raise OSError(f"{place} is larger than {MOST_BYTES // 2**20} MiB")
    return place.read_bytes()


IS_APPROVED = Rule(
    id="deployment-is-approved",
    domain="approval",
    severity="critical",
    title="Somebody approved these files and this config, and the approval still holds.",
    incident="An approval given for one plan let another be applied: runatlantis/atlantis#1508; Pulumi too applies "
    "what was changed after the preview: pulumi/pulumi#16806.",
    remedy="Look at the preview, then `covey approve DIR --by WHO`, and commit approval.json.",
    link="https://github.com/runatlantis/atlantis/issues/1508",
    types=(STACK,),
    check=_is_approved,
    # Of one resource, the stack itself: the engine asks before it makes the first of the others, with a preview or
    # without. What looks at all of a stack is asked when an update has made them.
    scope="resource",
)

RULES: tuple[Rule, ...] = (IS_APPROVED,)
