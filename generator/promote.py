"""A fleet in which some workloads are at another version."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from generator.errors import InputError
from generator.inventory.fields import ArtifactKey, Name
from generator.model import Fleet, Workload

VERSION = TypeAdapter[str](Name)
KEY = TypeAdapter[str](ArtifactKey)


def promote(
    fleet: Fleet, version: str, *, cohort: str | None, names: Sequence[str], artifacts: Mapping[str, str]
) -> Fleet:
    """Put workloads at a version, each with the artifact of that version.

    An artifact's key is the old one with the old version replaced, where that stands in it once and by itself:
    ``shop/1.tar.gz`` becomes ``shop/2.tar.gz``. Any other key has to be given.

    Parameters
    ----------
    fleet : Fleet
    version : str
    cohort : str, optional
        All of its workloads.
    names : sequence of str
        These as well.
    artifacts : mapping of str to str
        Keys by workload, where the version does not tell.

    Returns
    -------
    Fleet
        The same but for `version` and `artifact` of those workloads.

    Raises
    ------
    InputError
        No such cohort or workload, a version or key that cannot be one, or a key that does not follow.
    """
    _checked(VERSION, version, "VERSION")
    known = {workload.name for workload in fleet.workloads}
    for option, asked in (("--workload", names), ("--artifact", artifacts)):
        for name in asked:
            if name not in known:
                raise InputError(f"{option} {name}", f"is no workload of {fleet.name}.", "Name one of its workloads.")
    chosen = {one.name for one in fleet.workloads if one.name in names or (cohort and one.cohort == cohort)}
    if cohort and not any(one.cohort == cohort for one in fleet.workloads):
        cohorts = sorted({one.cohort for one in fleet.workloads if one.cohort})
        raise InputError(f"--cohort {cohort}", "has no workload.", f"There are {', '.join(cohorts) or 'none'}.")
    if not chosen:
        raise InputError("--cohort", "is not given, nor any --workload.", "Say what is rolled out.")
    for name in artifacts:
        if name not in chosen:
            raise InputError(f"--artifact {name}", "is of a workload that is not rolled out.", "Leave it out.")
    return replace(
        fleet,
        workloads=tuple(
            replace(one, version=version, artifact=_artifact(one, version, artifacts)) if one.name in chosen else one
            for one in fleet.workloads
        ),
    )


def _artifact(workload: Workload, version: str, artifacts: Mapping[str, str]) -> str:
    option = f"--artifact {workload.name}"
    if workload.name in artifacts:
        key = artifacts[workload.name]
    elif workload.version == version:
        return workload.artifact
    else:
        alone = rf"(?<![0-9A-Za-z]){re.escape(workload.version)}(?![0-9A-Za-z])"
        key, times = re.subn(alone, lambda _: version, workload.artifact)
        if times != 1:
            what = f"has to be given: version {workload.version} stands {times} times in {workload.artifact}."
            raise InputError(option, what, f"Give the new key: {option}=KEY.")
    if key == workload.artifact and workload.version != version:
        what = f"is that of version {workload.version}, and keys are immutable: callers would get either."
        raise InputError(option, what, "Upload the new version under a key of its own.")
    return _checked(KEY, key, option)


def _checked(kind: TypeAdapter[str], text: str, where: str) -> str:
    try:
        return kind.validate_python(text)
    except ValidationError:
        raise InputError(where, "is not what one can be called.", "Use what fleet.yaml accepts.") from None
