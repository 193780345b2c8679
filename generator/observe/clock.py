"""Whether a source's clock and ours agree: what is asked for by time is only then what is meant."""

from datetime import datetime

from generator.errors import ObserveError

# Clocks kept by NTP agree far better; below this nobody has to be told.
UNREMARKABLE_S = 5.0


def skew_note(where: str, theirs: datetime, ours: datetime, bin_s: float) -> str | None:
    """Return what is to be said of two clocks, None where they agree.

    Raises
    ------
    ObserveError
        They are more than a bin apart.
    """
    skew_s = (theirs - ours).total_seconds()
    if abs(skew_s) > bin_s:
        what = f"its clock is {skew_s:+.0f} s off the one here, more than a bin of {bin_s:g} s."
        raise ObserveError(where, what, "Set the clock that is wrong, then ask again.")
    if abs(skew_s) > UNREMARKABLE_S:
        return f"clock skew: the clock of {where} is {skew_s:+.0f} s off the one here."
    return None
