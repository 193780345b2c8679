"""Puts an emitted project before the Pulumi engine: preview, up, refresh, destroy; with real plugins, or offline."""

import importlib.util
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from generator.errors import DeployError
from generator.model import ResourceOperation, StackReport
from generator.offline.child import child
from generator.offline.plugins import write_language_host
from generator.offline.sandbox import read_yaml, sandbox
from generator.offline.values import HIDDEN, UNKNOWN
from generator.project import stack_file
from generator.pulumi_cli import CLI_VERSION, Cli, find_cli, run_cli, version_of
from generator.recover import has_stale_lock, recover

Progress = Callable[[ResourceOperation], None]

PINNED = ".".join(map(str, CLI_VERSION))
# A replacement shows as three steps; the one in the middle stands for all.
PARTS_OF_REPLACEMENT = ("create-replacement", "delete-replaced")
TRACEBACK = "Traceback (most recent call last):"
# How language hosts introduce what a program died of.
PREFACES = (
    r"^(error: |an unhandled error occurred: |python inline source runtime error: "
    r"|Program failed with an unhandled exception:)*"
)
# What the engine's complaint asks for. The first pattern that is found wins.
REMEDIES: tuple[tuple[str, str], ...] = (
    (r"no stack named", "Create it once with `pulumi stack init {stack}` in {project}."),
    (r"PULUMI_ACCESS_TOKEN|pulumi login", "Run `pulumi login`, or set PULUMI_BACKEND_URL to where the state is kept."),
    (r"passphrase", "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the stack's passphrase."),
    (
        r"currently locked|another update",
        "Wait for the other update; where its process is gone, free the stack: `pulumi cancel {stack}` in {project}.",
    ),
    (r"ended by signal", "Run it again: it takes up what was begun."),
    # Before what speaks of connections: where there are no credentials, AWS's provider asks the metadata of a machine.
    (
        r"credential|authenticat|ExpiredToken|security token|invalid_grant",
        "Log in to the cloud account (`aws sso login`, `gcloud auth application-default login`) and run it again, or "
        "work with --offline.",
    ),
    (r"protect", "Unprotect on purpose: `pulumi config set protect false --stack {stack}`, update, then destroy."),
    (
        r"already exists|AlreadyExists|EntityAlreadyExists|ResourceInUse|alreadyExists",
        "It is in the cloud and not in the stack. If it is this stack's, take it in with `pulumi import TYPE NAME ID "
        "--stack {stack}` in {project}; if not, name yours differently.",
    ),
    (
        r"error reading from server|transport is closing|connection refused|Unavailable|plugin exited|EOF",
        "A plugin ended in the middle of its work. The state is whole: run it again; if it ends again, "
        "`pulumi plugin install --reinstall` in {project}.",
    ),
    (r"could not load plugin|no resource plugin", "Run `pulumi plugin install` in {project}, or work offline."),
    (r"Missing required configuration variable", "Set it: `pulumi config set KEY VALUE --stack {stack}` in {project}."),
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where and with which environment the CLI runs, and a folder that is gone afterwards."""

    cli: Cli
    project: Path
    environment: dict[str, str]
    temporary: Path

    def run(self, arguments: Sequence[str], on_line: Callable[[str], None]) -> tuple[int, str]:
        """Run the CLI; returns exit code and standard error."""
        return run_cli(self.cli, arguments, folder=self.project, environment=self.environment, on_line=on_line)

    def locks(self, offline: Path, stack: str) -> Path:
        """Folder in which the file backend of an offline run keeps a stack's locks."""
        name = str(read_yaml(self.project / "Pulumi.yaml").get("name"))
        return offline.resolve() / "state" / ".pulumi" / "locks" / "organization" / name / stack


def preview(project: Path, stack: str, *, offline: Path | None = None, progress: Progress | None = None) -> StackReport:
    """Ask the engine what an update of a stack would do.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml.
    stack : str
        Name of the stack.
    offline : Path, optional
        Work offline: stand-in providers, state and a pretend cloud in this folder, on a copy of the project. Given
        again, it continues where the last run ended. None takes the project as it is, real plugins and credentials.
    progress : callable, optional
        Called with each resource as the engine comes to it.

    Raises
    ------
    DeployError
        No CLI that fits, or what the engine complained about.
    """
    return operate("preview", project, stack, offline, progress)


def up(project: Path, stack: str, *, offline: Path | None = None, progress: Progress | None = None) -> StackReport:
    """Create and change a stack's resources, without asking. Parameters and errors are those of `preview`."""
    return operate("up", project, stack, offline, progress)


def destroy(project: Path, stack: str, *, offline: Path | None = None, progress: Progress | None = None) -> StackReport:
    """Delete a stack's resources, without asking. Parameters and errors are those of `preview`."""
    return operate("destroy", project, stack, offline, progress)


def refresh(
    project: Path,
    stack: str,
    *,
    offline: Path | None = None,
    progress: Progress | None = None,
    look_only: bool = False,
) -> StackReport:
    """Read the cloud, and tell what differs from the stack's state: ``update`` has changed, ``delete`` is gone.

    The state takes the cloud's side unless `look_only`; either way the next preview says what puts it right again.
    The other parameters and the errors are those of `preview`.
    """
    return operate("refresh", project, stack, offline, progress, look_only=look_only)


def exported(project: Path, stack: str, *, offline: Path | None = None) -> dict[str, Any]:
    """Return a stack's state as Pulumi exports it; its secrets stay encrypted.

    Raises
    ------
    DeployError
        No CLI that fits, no such stack, or a state that is none.
    """
    cli = required_cli()
    lines: list[str] = []
    with workplace(cli, project, stack, offline) as place:
        exit_code, errors = place.run(["stack", "export", "--stack", stack], lines.append)
    state = parsed("".join(lines))
    if exit_code != 0 or not state:
        complaint = last_complaint(errors, exit_code)
        raise DeployError(f"stack {stack}", complaint, remedy(complaint, project, stack))
    return state


def preview_in_process(project: Path, stack: str) -> StackReport:
    """Run a stack's program against mocks and count what it registers, for want of a CLI.

    The stand-in providers' checks are made. What only an engine knows is not: what is there already, plugins.

    Raises
    ------
    DeployError
        Where the program fails, or registers what a provider would refuse.
    """
    require_sdks()
    found = child("in_process", str(project.resolve()), stack)
    if found["error"] is not None:
        raise DeployError(f"stack {stack}", found["error"]["message"], look_yourself(project, stack))
    refused = [
        f"{one['type']} {one['name']}: {refusal['path'] and refusal['path'] + ': '}{refusal['reason']}"
        for one in found["resources"]
        for refusal in one["refusals"]
    ]
    if refused:
        raise DeployError(f"stack {stack}", "; ".join(refused) + ".", look_yourself(project, stack))
    created = [ResourceOperation("create", one["type"], one["name"]) for one in found["resources"]]
    return StackReport(stack, "in process", in_order(created), {})


def operate(
    command: Literal["preview", "up", "refresh", "destroy"],
    project: Path,
    stack: str,
    offline: Path | None,
    progress: Progress | None,
    *,
    look_only: bool = False,
) -> StackReport:
    """Run one of the engine's operations and read its events into a report."""
    cli = required_cli()
    changes_state = command != "preview" and not look_only
    options = ("--yes", "--skip-preview") if changes_state else ("--preview-only",) if look_only else ()
    # A refresh knows what it found only when it has looked.
    telling = "resOutputsEvent" if command == "refresh" else "resourcePreEvent"
    resources: list[ResourceOperation] = []
    outputs: dict[str, object] = {}
    complaints: list[str] = []

    def listen(line: str) -> None:
        event = parsed(line)
        if telling in event:
            operation = operation_of(event[telling]["metadata"])
            if operation is not None:
                resources.append(operation)
                if progress is not None:
                    progress(operation)
        if "resOutputsEvent" in event:
            outputs.update(outputs_of(event["resOutputsEvent"]["metadata"]))
        elif event.get("diagnosticEvent", {}).get("severity") == "error":
            complaints.append(complaint_of(event["diagnosticEvent"]))

    with workplace(cli, project, stack, offline) as place:
        notes = settled(place, project, stack, offline) if changes_state else ()
        exit_code, errors = place.run([command, "--json", "--stack", stack, *options], listen)
    if exit_code != 0:
        complaint = " ".join(dict.fromkeys(complaints)) or last_complaint(errors, exit_code)
        raise DeployError(f"stack {stack}", complaint, remedy(complaint, project, stack))
    return StackReport(stack, f"pulumi {cli.version}", in_order(resources), outputs, notes)


def settled(place: Workplace, project: Path, stack: str, offline: Path | None) -> tuple[str, ...]:
    """Settle what a run that was cut off left behind, and say what it was.

    Raises
    ------
    DeployError
        Where there is no such stack, or no way to its state.
    """

    def run(arguments: Sequence[str]) -> tuple[int, str, str]:
        lines: list[str] = []
        exit_code, errors = place.run(arguments, lines.append)
        return exit_code, "".join(lines), errors

    notes: list[str] = []
    # Elsewhere a process that is not here may live in another container: there only its owner may free the lock.
    if offline is not None and has_stale_lock(place.locks(offline, stack)):
        run(["cancel", "--yes", stack])
        notes.append("Freed the lock of a run that was killed.")
    exit_code, exported, errors = run(["stack", "export", "--stack", stack])
    if exit_code != 0:
        complaint = last_complaint(errors, exit_code)
        raise DeployError(f"stack {stack}", complaint, remedy(complaint, project, stack))
    recovery = recover(run, exported, stack, place.temporary)
    if recovery is not None and recovery.looked_for:
        notes.append(f"A run was cut off; looked for what it had begun: {', '.join(recovery.looked_for)}.")
    if recovery is not None and recovery.taken_back:
        begun = ", ".join(recovery.taken_back)
        notes.append(f"A run was cut off while it replaced {begun}: what it had made of that is taken back first.")
    if recovery is not None and recovery.unknown:
        begun = ", ".join(recovery.unknown)
        notes.append(f"A run was cut off while it created {begun}: look for a second one of these in the cloud.")
    return tuple(notes)


def required_cli() -> Cli:
    """Find the CLI or say how to come by one."""
    cli = find_cli()
    if cli is None:
        on_path = shutil.which("pulumi")
        there = f", only {version_of(Path(on_path)) or 'one that does not answer'}" if on_path else ""
        raise DeployError(
            "pulumi",
            f"There is no Pulumi CLI {PINNED} or newer of its major version on PATH{there}.",
            "Install it from pulumi.com, or run `make pulumi`, which builds it from Go modules.",
        )
    return cli


def require_sdks() -> None:
    """Refuse to go on without the packages that the program and the stand-in providers are made of."""
    absent = [name for name in ("pulumi", "pulumi_aws", "pulumi_gcp") if importlib.util.find_spec(name) is None]
    if absent:
        raise DeployError(
            "Python packages", f"{', '.join(absent)} cannot be imported.", "Run `pip install covey[deploy]`."
        )


@contextmanager
def workplace(cli: Cli, project: Path, stack: str, offline: Path | None) -> Generator[Workplace]:
    """Yield where to run, with a Python language host where the CLI came without one."""
    with tempfile.TemporaryDirectory(prefix="covey-") as temporary:
        if offline is None:
            read_yaml(project / "Pulumi.yaml")
            folder, environment, exists = project, dict(os.environ), True
        else:
            require_sdks()
            copy = sandbox(project, stack, offline)
            folder, environment, exists = copy.project, copy.environment, copy.stack_exists
        environment |= {
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # One event a line as it happens, for a preview too; `up` and `destroy` do so by themselves.
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
        }
        if not cli.has_python:
            write_language_host(Path(temporary))
            environment["PATH"] = os.pathsep.join([temporary, environment.get("PATH", os.defpath)])
        place = Workplace(cli, folder, environment, Path(temporary))
        if not exists:
            exit_code, errors = place.run(["stack", "init", stack, "--no-select"], lambda _: None)
            if exit_code != 0:
                complaint = last_complaint(errors, exit_code)
                raise DeployError(f"stack {stack}", complaint, remedy(complaint, project, stack))
        yield place


def parsed(line: str) -> dict[str, Any]:
    """Read one line of the engine's event stream; a line that is none is no event."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def operation_of(step: dict[str, Any]) -> ResourceOperation | None:
    """Read what happens to one resource; None for the stack itself and for parts of a replacement."""
    if step["type"] == "pulumi:pulumi:Stack" or step["op"] in PARTS_OF_REPLACEMENT:
        return None
    paths = tuple(sorted(step.get("detailedDiff") or step.get("diffs") or ()))
    return ResourceOperation(step["op"], step["type"], step["urn"].rsplit("::", 1)[1], step["urn"], paths)


def outputs_of(step: dict[str, Any]) -> dict[str, object]:
    """Read the stack's outputs that are known and no secret."""
    if step["type"] != "pulumi:pulumi:Stack":
        return {}
    given = (step.get("new") or {}).get("outputs") or {}
    return {name: value for name, value in given.items() if UNKNOWN not in str(value) and HIDDEN not in str(value)}


def complaint_of(diagnostic: dict[str, Any]) -> str:
    """Turn a diagnostic into a sentence: the resource it is about, and the engine's words on one line."""
    text, _, trace = re.sub(r"<\{%.*?%\}>", "", diagnostic.get("message", "")).partition(TRACEBACK)
    text = re.sub(PREFACES, "", " ".join(text.split()))
    if trace and not text:
        # All it said was the trace: its last line is the error.
        text = trace.strip().splitlines()[-1].strip()
    # The engine quotes the whole refused value, or <nil> for a nested one.
    text = re.sub(r" value \{.*?\} has a problem:", ":", text)
    name = (diagnostic.get("urn") or "").rsplit("::", 1)[-1]
    about = "" if not name or name in text or "pulumi:pulumi:Stack" in diagnostic["urn"] else f"{name}: "
    return f"{about}{text}".rstrip(".") + "."


def last_complaint(errors: str, exit_code: int) -> str:
    """Find the CLI's own complaint where there was no event yet, or say what ended it."""
    if exit_code < 0:
        return f"The engine was ended by signal {-exit_code}."
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("warning:")]
    for at, line in enumerate(lines):
        if line.startswith("error:"):
            # Who holds a lock stands on the lines after the complaint.
            holders = [after for after in lines[at + 1 :] if "created by" in after]
            return " ".join([line.removeprefix("error: "), *holders]).rstrip(".") + "."
    return (lines or ["The engine ended without a word"])[-1].rstrip(".") + "."


def remedy(complaint: str, project: Path, stack: str) -> str:
    """Say what to do about a complaint."""
    for pattern, advice in REMEDIES:
        if re.search(pattern, complaint, re.IGNORECASE):
            return advice.format(stack=stack, project=project)
    return look_yourself(project, stack)


def look_yourself(project: Path, stack: str) -> str:
    """Point to what describes the stack's resources, the one place where it can be put right."""
    data = project / stack_file(stack)
    return f"Correct it in {data if data.exists() else project} or in the stack's config."


def in_order(resources: list[ResourceOperation]) -> tuple[ResourceOperation, ...]:
    """Sort by type and name: the engine works in parallel and reports in any order."""
    return tuple(sorted(resources, key=lambda resource: (resource.type, resource.name, resource.operation)))
