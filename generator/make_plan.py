"""A fleet to its plan, with what its journal remembers: who sits in the seat, what is recorded."""

from collections.abc import Callable
from pathlib import Path

from generator.history import history_of_plans
from generator.model import Catalog, Inputs, Plan
from generator.pipeline import plan
from generator.present.document import document
from generator.present.plan_document import PlanDocument
from generator.seat import Seat
from generator.stages import HERE, Work


def make_plan(
    fleet: Path,
    inputs: Inputs,
    catalog: Catalog,
    *,
    seed: int,
    seat: Seat | None,
    journal: str | None,
    progress: Callable[[str, float], None],
    work: Work = HERE,
) -> tuple[Plan, PlanDocument]:
    """Plan as past decisions and whoever is asked suggest, and record what was asked and what came of it.

    Parameters
    ----------
    fleet : Path
        Where it was read; its journal lies beside it.
    inputs : Inputs
    catalog : Catalog
    seed : int
    seat : Seat, optional
        As `seated` returns it: None seats the offline proposer.
    journal : str, optional
        As `JournalAt` says.
    progress : callable
        Called with a stage and the share of it that is done.
    work : Work
        Where series are correlated, how long it may take, and what an interrupted run has finished.

    Returns
    -------
    Plan
    PlanDocument
        The same plan as it is published.

    Raises
    ------
    InfeasibleError
        There is no plan.
    """
    history = history_of_plans(fleet, journal)
    memory = history.remembered()
    model, notes = (history.overheard(seat[0]), seat[1]) if seat else (None, None)
    found = plan(inputs, catalog, seed=seed, model=model, memory=memory, notes=notes, progress=progress, work=work)
    published = document(found)
    history.try_to_keep(published, inputs, catalog)
    return found, published
