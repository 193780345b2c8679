"""The window that a change of what runs is found on, and the one that decides: neither is the one it is scored on."""

from dataclasses import replace

from generator.backtest import split
from generator.errors import InputError
from generator.model import Inputs

# What is longer ago says little about the level that a change has to pay at.
RECENT_S = 5 * 7 * 86_400.0
# The last fifth of that decides: of five weeks, one.
FOUND_ON = 0.8
LEAST_BINS = 4


def held_back(inputs: Inputs) -> Inputs:
    """Cut the recent part of the planning window in two: the early one takes its place, the last fifth decides.

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
    recent = inputs.planned
    if bins * recent.window.bin_s > RECENT_S:
        _, recent = split(recent, 1.0 - RECENT_S / (bins * recent.window.bin_s))
    early, late = split(recent, FOUND_ON)
    return replace(inputs, planned=early, scored=late)
