"""Every failure, named once: where it is, what it is, and what to do next.

A finding about a layout is a value (`model.Violation`); an exception here ends the step that raised it.
Rooms raise, `cli` prints three lines and exits with `exit_code`.
"""


class CoveyError(Exception):
    """A failure a person can act on.

    Parameters
    ----------
    where : str
        File, line, field, group or command the failure belongs to.
    what : str
        What is wrong, in one sentence.
    remedy : str
        What to do next.
    """

    exit_code = 1

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what} {remedy}")
        self.where = where
        self.what = what
        self.remedy = remedy


class InputError(CoveyError):
    """Something given to covey cannot be used as it is."""

    exit_code = 2


class InventoryError(InputError):
    """`fleet.yaml`: file, line and field."""


class TrafficError(InputError):
    """A traffic file: file, line and column."""


class CatalogError(InputError):
    """The SKU catalogue, or a name that is not in it."""


class SeriesError(InputError):
    """A file of observations: file, line and column."""


class JournalError(InputError):
    """A journal that cannot be opened, is of another version or another program, or is not what was written."""


class OvertakenError(InputError):
    """Somebody else was first: what a decision rests on is no longer what is there."""


class InfeasibleError(CoveyError):
    """No plan exists: the workload, the rule that binds, the nearest relaxation."""

    exit_code = 3


class EmitError(CoveyError):
    """The program could not be written: template and line, or the file in the way."""

    exit_code = 4


class ApprovalError(CoveyError):
    """What is to be deployed is not what somebody approved."""

    exit_code = 5


class DeployError(CoveyError):
    """The Pulumi engine, a plugin or a stack failed."""

    exit_code = 6


class BusyError(DeployError):
    """Somebody else is at this project right now, or has begun what is not at its end."""


class ObserveError(DeployError):
    """A source of observations gives no answer, or none that can be used."""
