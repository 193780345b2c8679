"""Which group of an earlier emission each group carries on: what serves keeps its names when groups are renamed.

A group carries on the one of its name in its stack, else the one there with which it shares more than half of all
workloads of the two: two groups cannot both share that much with a third, so there is never a choice to make. What has
another region or cloud is another group: it is made beside the old one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from generator.model import Emission, EmittedGroup, Group
from generator.program.cloud_names import short

# Emissions that carry a former name, the one that changes it included: who skips one still finds the next.
CARRIED = 2


@dataclass(frozen=True, slots=True)
class Succession:
    """What groups inherit.

    Parameters
    ----------
    physical : mapping of str to mapping of str to str
        By group, its names in the cloud by their role; empty where a group is new.
    formerly : mapping of str to tuple of (str, int)
        By group, former names still carried, each with the number of the emission that changed it.
    ancestors : mapping of str to str or None
        By group, the name in the earlier emission of the group it carries on; None where it is new.
    taken : frozenset of (str, str)
        Names in the cloud that nobody new may have, each with its stack, or with nothing where it is one per project.
    """

    physical: Mapping[str, Mapping[str, str]]
    formerly: Mapping[str, tuple[tuple[str, int], ...]]
    ancestors: Mapping[str, str | None]
    taken: frozenset[tuple[str, str]]

    def name(self, stack: str, group: Group, role: str, wanted: str, length: int) -> str:
        """Return a group's name in the cloud: the inherited one, else the one wanted, told apart where it is taken.

        Parameters
        ----------
        role : str
            ``endpoint``, ``service`` or ``identity``.
        wanted : str
            What a group that inherits nothing is called.
        length : int
            The most characters this kind of name may have.
        """
        inherited = self.physical[group.name].get(role)
        if inherited is not None:
            return inherited
        name = short(wanted, length)
        # Another group carries that name on, or is still to be deleted under it.
        while (scope(role, stack), name) in self.taken:
            name = short(f"{wanted}-{sha256(f'{stack} {name}'.encode()).hexdigest()[:7]}", length)
        return name


def succession(stacks: Mapping[str, Sequence[Group]], earlier: Emission | None, number: int) -> Succession:
    """Find what each group carries on.

    Parameters
    ----------
    stacks : mapping of str to sequence of Group
        The groups to emit, by stack.
    earlier : Emission, optional
        What lies where the program is going to be written.
    number : int
        Of the emission at hand.
    """
    physical: dict[str, Mapping[str, str]] = {}
    formerly: dict[str, tuple[tuple[str, int], ...]] = {}
    ancestors: dict[str, str | None] = {}
    emitted: dict[str, list[EmittedGroup]] = {}
    # What retires is carried on only where nothing else is: the same workloads may have a successor already.
    for ancestor in sorted(earlier.groups if earlier else (), key=lambda group: group.retiring):
        emitted.setdefault(ancestor.stack, []).append(ancestor)
    for stack, groups in stacks.items():
        names = {group.name for group in groups}
        by_name = {ancestor.name: ancestor for ancestor in emitted.get(stack, ())}
        renamed = [ancestor for ancestor in by_name.values() if ancestor.name not in names]
        for group in groups:
            ancestor = by_name.get(group.name) or next(
                (ancestor for ancestor in renamed if mostly_the_same(group.workloads, ancestor.workloads)), None
            )
            physical[group.name] = ancestor.physical if ancestor else {}
            formerly[group.name] = tuple(former_names(group.name, ancestor, names, number)) if ancestor else ()
            ancestors[group.name] = ancestor.name if ancestor else None
    taken = frozenset(
        (scope(role, ancestor.stack), name)
        for groups in emitted.values()
        for ancestor in groups
        for role, name in ancestor.physical.items()
    )
    return Succession(physical, formerly, ancestors, taken)


def mostly_the_same(workloads: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two groups share more than half of all their workloads."""
    return 2 * len(set(workloads) & set(others)) > len(set(workloads) | set(others))


def former_names(name: str, ancestor: EmittedGroup, used: set[str], number: int) -> Iterator[tuple[str, int]]:
    """Yield the former names to carry, newest first. One that another group has now belongs to that group."""
    if ancestor.name != name:
        yield ancestor.name, number
    for former, since in ancestor.formerly:
        if number - since < CARRIED and former not in used:
            yield former, since


def scope(role: str, stack: str) -> str:
    """Return within what a name must be the only one: service accounts are one per project, all else one per region."""
    return "" if role == "identity" else stack
