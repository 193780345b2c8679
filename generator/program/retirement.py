"""What an earlier emission serves and this layout does not: it stays until nothing leads to it any more.

A group that was split, merged or moved away, and a model that left a group, may be called until the routes before them
have changed and, where they moved to another region or cloud, until their callers have. So both are emitted on, marked,
and left out only when somebody says that this has happened: an emission cannot know what was deployed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from generator.errors import EmitError
from generator.model import Emission, EmittedGroup, Group
from generator.program.stacks.components import values
from generator.program.succession import Succession
from generator.program.written import written
from generator.project import stack_file

# Endpoints of these kinds load models as requests name them, so one that leaves can still be asked for.
SEVERAL = ("sagemaker-multi-model", "cloud-run-cpu", "cloud-run-gpu")


@dataclass(frozen=True, slots=True)
class Retirement:
    """What goes on being served beside the layout.

    Parameters
    ----------
    aws, gcp : mapping of str to sequence of group
        Groups that retire, by stack.
    leaving : mapping of str to tuple of Model
        By group of the layout, models that it served and another one serves now.
    stacks : mapping of str to AwsRegion or GcpRegion
        Stacks in which all groups retire.
    dropped : bool
        Whether something is left out now that retired before: its routes have to go first.
    """

    aws: Mapping[str, Sequence[values.AwsGroup]]
    gcp: Mapping[str, Sequence[values.CloudRunGroup]]
    leaving: Mapping[str, tuple[values.Model, ...]]
    stacks: Mapping[str, values.AwsRegion | values.GcpRegion]
    dropped: bool


def retirement(
    stacks: Mapping[str, Sequence[Group]], succession: Succession, earlier: Emission | None, *, drop: bool
) -> Retirement:
    """Find what retires.

    Parameters
    ----------
    stacks : mapping of str to sequence of Group
        The groups to emit, by stack.
    succession : Succession
        Which group of the earlier emission each of them carries on.
    earlier : Emission, optional
        What lies where the program is going to be written.
    drop : bool
        Leave out what retires in the earlier emission already.

    Raises
    ------
    EmitError
        If `drop` comes with a change that makes something else retire, or with a new group: what is left out loses its
        routes before its services, what is new gets its services before its routes.
    """
    aws: dict[str, list[values.AwsGroup]] = {}
    gcp: dict[str, list[values.CloudRunGroup]] = {}
    leaving: dict[str, tuple[values.Model, ...]] = {}
    whole: dict[str, values.AwsRegion | values.GcpRegion] = {}
    served = {name for groups in stacks.values() for group in groups for name in group.workloads}
    dropped = drop and any(one.retiring or one.leaving for one in (earlier.groups if earlier else ()))
    new = [group.name for groups in stacks.values() for group in groups if succession.ancestors[group.name] is None]
    if dropped and new:
        raise not_alone(f"groups are new: {', '.join(sorted(new)[:10])}")
    for stack, ancestors in by_stack(earlier).items():
        groups = {succession.ancestors[group.name]: group for group in stacks.get(stack, ())}
        ending = [one for one in ancestors if one.name not in groups and not (drop and one.retiring)]
        left = {
            one.name: names
            for one in ancestors
            if one.name in groups and (names := set(left_by(one, groups[one.name], served, drop=drop)))
        }
        if not ending and not left:
            continue
        if dropped:
            others = sorted({one.name for one in ending} | set(left))
            raise not_alone(f"of {stack}, {', '.join(others[:10])} would begin to retire")
        path = stack_file(stack)
        region = written(path, (earlier.data if earlier else {}).get(path))
        named = {group.name for group in groups.values()}
        for group in region.groups:
            if group.name in left:
                models = (*group.models, *group.leaving)
                leaving[groups[group.name].name] = tuple(
                    replace(model, path=public_path(model.path, region))
                    for model in models
                    if model.name in left[group.name]
                )
        kept = [
            replace(
                group,
                retiring=True,
                formerly=tuple(name for name in group.formerly if name not in named),
                models=tuple(replace(model, path=public_path(model.path, region)) for model in group.models),
            )
            for group in region.groups
            if group.name in {one.name for one in ending}
        ]
        aws[stack] = [group for group in kept if isinstance(group, values.AwsGroup)]
        gcp[stack] = [group for group in kept if isinstance(group, values.CloudRunGroup)]
        if not stacks.get(stack):
            whole[stack] = retired(region, {one.name for one in ending})
    return Retirement(aws, gcp, leaving, whole, dropped)


def not_alone(what: str) -> EmitError:
    """Say why nothing can be left out now."""
    return EmitError(
        "--drop-retiring",
        f"is for an emission that changes nothing else, and {what}.",
        "Emit without it and deploy that first.",
    )


def by_stack(earlier: Emission | None) -> dict[str, list[EmittedGroup]]:
    """Return the groups of an emission by their stack."""
    found: dict[str, list[EmittedGroup]] = {}
    for group in earlier.groups if earlier else ():
        found.setdefault(group.stack, []).append(group)
    return found


def left_by(ancestor: EmittedGroup, group: Group, served: Collection[str], *, drop: bool) -> Iterator[str]:
    """Yield the models that a group served and another serves now. Who takes one out of the fleet wants it gone."""
    if group.hosting in SEVERAL:
        before = ancestor.workloads if drop else (*ancestor.workloads, *ancestor.leaving)
        yield from (name for name in before if name in served and name not in group.workloads)


def retired(
    region: values.AwsRegion | values.GcpRegion, ending: Collection[str]
) -> values.AwsRegion | values.GcpRegion:
    """Return a stack as it was, of its groups those that retire."""
    if isinstance(region, values.AwsRegion):
        groups = tuple(replace(group, retiring=True) for group in region.groups if group.name in ending)
        return replace(region, groups=groups)
    services = tuple(replace(group, retiring=True) for group in region.groups if group.name in ending)
    return replace(region, groups=services)


def public_path(path: str, region: values.AwsRegion | values.GcpRegion) -> str:
    """Return a path without the part that says which of several REST APIs serves it."""
    if isinstance(region, values.AwsRegion) and region.split_paths:
        return "/" + path.split("/", 2)[2]
    return path
