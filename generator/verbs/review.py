"""The verbs of a review, for people and for CI: what a change costs, and whether the program keeps the rules."""

from json import loads
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from generator.errors import InputError
from generator.options import Json, ProfileOption, ProjectPath, Stacks
from generator.project import RECOMMENDATION
from generator.shell import must_be_writable, put, put_drawn, say, write_whole

if TYPE_CHECKING:
    from generator.present.plan_document import ChosenDocument

Old = Annotated[
    Path, typer.Argument(metavar="OLD", help="A saved plan, a recommendation.json, or the folder it is in.")
]
New = Annotated[Path, typer.Argument(metavar="NEW", help="The same, of what is proposed.")]
POLICY_VIOLATION = 5  # covey's own; `pulumi preview --policy-pack` of 3.259 ends in 1


def check(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    severity: Annotated[
        Literal["low", "medium", "high", "critical"], typer.Option("--severity", help="The least that fails the check.")
    ] = "low",
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Findings that are known and do not count.")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write what is found to --baseline instead of failing.")
    ] = False,
    policy_config: Annotated[
        Path | None, typer.Option("--policy-config", metavar="FILE", help="As Pulumi's --policy-pack-config.")
    ] = None,
    sarif_file: Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="Also as SARIF 2.1.0.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Also as JUnit XML.")] = None,
    json: Json = False,
) -> None:
    """Hold a project to the clouds' limits and its own policies: no account, no network, no Pulumi CLI."""
    from generator.check import check as inspect
    from generator.check import known_fingerprints, written_baseline
    from generator.deploy import require_sdks
    from generator.present.review import review, show_review
    from generator.project import stacks_of

    for option, path in (("--sarif", sarif_file), ("--junit", junit_file)):
        if path is not None:
            must_be_writable(path, option)
    if write_baseline and baseline is None:
        raise InputError("--write-baseline", "needs a file.", "Name it with --baseline FILE.")
    known = known_fingerprints(baseline) if baseline is not None and not write_baseline else frozenset[str]()
    config = {} if policy_config is None else _policy_config(policy_config)
    require_sdks()
    inspection = inspect(project, stacks_of(project, stack), config=config)
    if write_baseline and baseline is not None:
        must_be_writable(baseline, "--baseline")
        write_whole(baseline, written_baseline(inspection.findings))
        known = frozenset(one.fingerprint for one in inspection.findings)
        say(f"Wrote {len(known)} findings to {baseline}; they no longer count.")
    found = review(inspection, known, severity)
    if sarif_file is not None:
        from generator.present.sarif import sarif

        write_whole(sarif_file, sarif(found, _in_repository(project)))
    if junit_file is not None:
        from generator.present.junit import junit

        write_whole(junit_file, junit(found))
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_review(found, console))
    if found.counted:
        raise typer.Exit(POLICY_VIOLATION)


def diff(
    old: Old,
    new: New,
    *,
    profile: ProfileOption = None,
    min_change_usd: Annotated[
        float, typer.Option("--min-change-usd", min=0, help="A smaller change of cost a month is not material.")
    ] = 0.0,
    min_change_percent: Annotated[
        float, typer.Option("--min-change-percent", min=0, help="The same, as a share of the old cost.")
    ] = 0.0,
    json: Json = False,
) -> None:
    """Write the difference between two plans as Markdown for a pull request: cost, service level, groups, moves."""
    from generator.present.comment import comment
    from generator.present.difference import difference

    found = difference(
        _recommendation(old, profile),
        _recommendation(new, profile),
        min_change_usd=min_change_usd,
        min_change_percent=min_change_percent,
    )
    put(found.text() if json else comment(found))


def _policy_config(path: Path) -> dict[str, dict[str, Any]]:
    """Read the parameters of rules as Pulumi takes them: enforcement levels are the engine's affair."""
    remedy = 'Write {"rule-id": {"parameter": value}}, as for pulumi preview --policy-pack-config.'
    try:
        content: object = loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"cannot be read: {error}.", remedy) from None
    known = cast("dict[str, object]", content) if isinstance(content, dict) else {"": None}
    if not all(isinstance(value, dict | str) for value in known.values()):
        raise InputError(str(path), "is no mapping of rules to their parameters.", remedy)
    return {rule: cast("dict[str, Any]", value) for rule, value in known.items() if isinstance(value, dict)}


def _in_repository(project: Path) -> PurePosixPath:
    """Where the project lies in its repository, which is what a code host knows; where there is none, at its top."""
    project = project.resolve()
    top = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), project)
    return PurePosixPath(project.relative_to(top).as_posix())


def _recommendation(path: Path, profile: Literal["cheapest", "balanced", "resilient"] | None) -> "ChosenDocument":
    from generator.present.document import MOST_BYTES, saved_recommendation

    file = path / RECOMMENDATION if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        remedy = "Name a file that covey plan FLEET --save FILE wrote, or a folder that covey emit wrote."
        raise InputError(str(file), f"cannot be read: {error.strerror}.", remedy) from None
    return saved_recommendation(content, str(file), profile)
