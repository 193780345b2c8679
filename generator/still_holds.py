"""A saved plan before the fleet as it is now: the same fleet, and no rule broken that its readers were not told of."""

from generator.admit import admit
from generator.capacity.machines import machines
from generator.errors import InputError
from generator.model import Catalog, Inputs, Profile, Verdict
from generator.present.document import layout_of
from generator.present.plan_document import PlanDocument

PLAN_ANEW = "Plan anew: covey plan FLEET --save FILE."


def still_holds(saved: PlanDocument, profile: Profile, inputs: Inputs, catalog: Catalog, where: str) -> Verdict:
    """Judge a recommendation of a saved plan again: prices, limits and traffic may have changed since, or the file.

    Parameters
    ----------
    saved : PlanDocument
        A plan of this fleet.
    profile : str
        Which recommendation.
    inputs : Inputs
    catalog : Catalog
    where : str
        The plan's name, for the error.

    Returns
    -------
    Verdict
        On the scored window, as it was found now.

    Raises
    ------
    InputError
        No such recommendation, or one that breaks a rule it did not break when it was saved.
    """
    known = {(v.rule, v.subject) for r in saved.recommendations if r.profile == profile for v in r.violations}
    verdict = admit(layout_of(saved, profile), machines(inputs.fleet, catalog), inputs.scored)
    for found in verdict.violations:
        if (found.rule, found.subject) not in known:
            raise InputError(f"{where}, {profile}, {found.subject}", f"breaks {found.rule}: {found.message}", PLAN_ANEW)
    return verdict
