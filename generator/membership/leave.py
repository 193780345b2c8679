"""A workload leaves: its group stays as it is, shrinks, or goes with it."""

from generator.capacity.machines import machines
from generator.errors import InputError
from generator.membership.running import Running, cost_alone, judged_before
from generator.model import BarredOption, Catalog, CostInterval, Inputs, Layout, Membership, MembershipOption, Profile


def leave(before: Inputs, after: Inputs, catalog: Catalog, layout: Layout, name: str, profile: Profile) -> Membership:
    """Find what becomes of a workload's group when it leaves, other groups staying as they are.

    Parameters
    ----------
    before, after : Inputs
        Fleet and traffic with the workload and without it.
    catalog : Catalog
    layout : Layout
        What runs now.
    name : str
        Who leaves.
    profile : Profile
        Which recommendation runs.

    Returns
    -------
    Membership
        One option, "removed", where it was alone; else "as-is" and "resized", or what bars the latter.

    Raises
    ------
    InputError
        The layout holds no such workload, or nobody else.
    """
    former = next((group for group in layout.groups if name in group.workloads), None)
    if former is None:
        raise InputError(f"workload {name}", "is in no group of this project.", "Name one that covey show lists.")
    if not after.fleet.workloads:
        raise InputError(f"workload {name}", "is the last of its fleet.", "Take everything down: covey destroy DIR.")
    judged = judged_before(before, catalog, layout)
    alone = cost_alone(before, machines(before.fleet, catalog), layout, name) or CostInterval(0.0, 0.0, 0.0)
    running = Running(after, machines(after.fleet, catalog), layout, profile)
    members = running.members([other for other in former.workloads if other != name])
    if not members:
        return Membership(name, judged, (running.option("removed", former, None, judged),), (), alone)
    options: list[MembershipOption] = []
    barred: list[BarredOption] = []
    kept = running.kept(former, members)
    if kept is None:
        message = f"{former.instance_type} is not to be had in {former.region}."
        barred.append(BarredOption("as-is", "SKU001", message))
    else:
        options.append(running.option("as-is", former, kept, judged))
    sizing = running.sized(members, former)
    resized = None if sizing is None else running.spelled(members, sizing, former.name)
    if resized is None:
        message = f"no {former.hosting} in {former.region} keeps every objective."
        barred.append(BarredOption("resized", "SLO001", message))
    elif resized == kept:
        barred.append(BarredOption("resized", "COV000", "it is the same as the group as it is."))
    else:
        options.append(running.option("resized", former, resized, judged))
    return Membership(name, judged, tuple(options), tuple(barred), alone)
