"""The waves of a rollout, and the program that each of them is brought to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from generator.emit import SEEDS, emit
from generator.errors import InputError
from generator.journal import VersionRecord
from generator.model import Catalog, Emission, Fleet, Inputs, Layout, Program, workloads_by_name
from generator.project import MANIFEST, stack_file
from generator.provenance import provenance

NAMED = 5


@dataclass(frozen=True, slots=True)
class DraftedWave:
    """Stacks that are updated together, and what their workloads are asked for on the planning window, on average."""

    stacks: tuple[str, ...]
    rate_rps: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rollout would do.

    Parameters
    ----------
    changes : tuple of VersionRecord
        By wave, then by name.
    waves : tuple of DraftedWave
        The least traffic first: who goes first finds out for the others.
    programs : tuple of Program
        What each wave is brought to; the last is what everything comes to.
    """

    changes: tuple[VersionRecord, ...]
    waves: tuple[DraftedWave, ...]
    programs: tuple[Program, ...]


def draft(
    layout: Layout,
    recommendation: str,
    inputs: Inputs,
    promoted: Fleet,
    catalog: Catalog,
    emission: Emission,
    there: Mapping[str, bytes],
) -> Draft:
    """Emit what workloads at other versions come to, and cut the way there into waves, one region each.

    The load balancer before Cloud Run is one stack for all regions, and routes name artifacts: where several of its
    regions have a wave, each wave is brought to a program of its own, in which the later ones still have their old
    versions.

    Parameters
    ----------
    layout : Layout
        What runs.
    recommendation : str
        Text of the file beside the program.
    inputs : Inputs
        The fleet as it runs.
    promoted : Fleet
        The same, some workloads at another version.
    catalog : Catalog
    emission : Emission
        Of the program that runs.
    there : mapping of str to bytes
        Its files.

    Raises
    ------
    InputError
        No version differs, or the fleet's files say more than these versions: the program that lies there is another
        than the one they come to.
    EmitError
        An artifact cannot be served where its group is.
    """
    old, new = workloads_by_name(inputs.fleet.workloads), workloads_by_name(promoted.workloads)
    moving = [
        name for name, one in new.items() if (one.version, one.artifact) != (old[name].version, old[name].artifact)
    ]
    if not moving:
        raise InputError("VERSION", "is what they serve already.", "Name another version, or other workloads.")

    def program(fleet: Fleet) -> Program:
        origin = provenance(replace(inputs, fleet=fleet), catalog, recommendation)
        return emit(layout, fleet, catalog, origin, emission)

    _require_same(program(inputs.fleet), there)
    stacks = {
        name: f"{inputs.fleet.environment}-{group.cloud}-{group.region}"
        for group in layout.groups
        for name in group.workloads
    }
    rates = dict(zip(inputs.planned.workloads, inputs.planned.rate_rps.mean(axis=1).tolist(), strict=True))
    regions = _by_traffic({name: stacks[name] for name in moving}, rates)
    last = program(promoted)
    edge = f"{inputs.fleet.environment}-gcp-edge"
    at_edge = [stack for stack, _, _ in regions if "-gcp-" in stack and _data(last, edge) != _there(there, edge)]
    programs: list[Program] = []
    for number, _ in enumerate(regions, start=1):
        so_far = {name for _, names, _ in regions[:number] for name in names}
        programs.append(
            program(replace(promoted, workloads=tuple((new if n in so_far else old)[n] for n in sorted(new))))
            if len(at_edge) > 1 and number < len(regions)
            else last
        )
    return Draft(
        changes=tuple(
            VersionRecord(
                workload=name,
                stack=stack,
                before=old[name].version,
                after=new[name].version,
                artifact_before=old[name].artifact,
                artifact_after=new[name].artifact,
            )
            for stack, names, _ in regions
            for name in names
        ),
        waves=tuple(DraftedWave((stack, edge) if stack in at_edge else (stack,), rate) for stack, _, rate in regions),
        programs=tuple(programs),
    )


def _by_traffic(stacks: Mapping[str, str], rates: Mapping[str, float]) -> list[tuple[str, list[str], float]]:
    """Return each stack with its workloads and what they are asked for, the least first."""
    held = {stack: sorted(name for name in stacks if stacks[name] == stack) for stack in set(stacks.values())}
    found = [(stack, names, sum(rates[name] for name in names)) for stack, names in held.items()]
    return sorted(found, key=lambda one: (one[2], one[0]))


def _require_same(program: Program, there: Mapping[str, bytes]) -> None:
    """Refuse where the fleet's files come to another program than the one that lies there."""
    emitted = {path: text.encode() for path, text in program.files.items() if not path.startswith(SEEDS)}
    paths = sorted({*emitted, *there} - {MANIFEST})
    other = [path for path in paths if emitted.get(path) != there.get(path)]
    if other:
        what = f"come to another program than the one that lies there: {_some(other)}."
        remedy = "Restore them, or emit and bring up what they say first; a rollout changes versions and nothing else."
        raise InputError("the fleet's files", what, remedy)


def _data(program: Program, stack: str) -> str:
    return program.files.get(stack_file(stack), "")


def _there(there: Mapping[str, bytes], stack: str) -> str:
    return there.get(stack_file(stack), b"").decode("utf-8", "replace")


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:NAMED]) + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")


def tree_of(program: Program) -> dict[str, bytes]:
    """Return the files of a program that an approval is about: all but the configuration, which is its owner's."""
    return {path: text.encode() for path, text in _ours(program.files.items())}


def _ours(files: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((path, text) for path, text in files if not path.startswith(SEEDS))
