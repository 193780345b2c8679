"""The window that a change of what runs is found on, and the one that decides: neither is the one it is scored on."""

from dataclasses import replace

from generator.backtest import split
from generator.errors import InputError
from generator.model import Inputs

# The last quarter of the planning window decides: of four weeks, one.
FOUND_ON = 0.75
LEAST_BINS = 4


def held_back(inputs: Inputs) -> Inputs:
    """Cut the planning window in two: its early part takes its place, its last quarter that of the later window.

    Parameters
    ----------
    inputs : Inputs

    Returns
    -------
    Inputs
        The later window of `inputs` is in neither, so that it can score what they decide.

    Raises
    ------
    InputError
        The planning window is too short to be cut.
    """
    bins = inputs.planned.window.bins
    if bins < LEAST_BINS:
        what = f"has {bins} bins, too few to decide on another part than the one that was searched."
        raise InputError("the planning window", what, "Give more traffic, or a longer planning window.")
    early, late = split(inputs.planned, FOUND_ON)
    return replace(inputs, planned=early, scored=late)
