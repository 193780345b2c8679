"""Workloads that nobody asked in a window are asked some day: the rate to plan them for."""

from dataclasses import replace

import numpy as np

from generator.model import Traffic

# Requests that a window without any is taken to have had: the mean of a Poisson rate after none was seen, with the
# prior of H. Jeffreys, Proceedings of the Royal Society A 186 (1946).
EXPECTED_REQUESTS = 0.5


def never_silent(traffic: Traffic) -> Traffic:
    """Give workloads without a request the rate that half a request in the window would be; others stay as they are.

    Without it every hosting that scales to zero would serve them for nothing and keep any objective.
    """
    asked = traffic.rate_rps.any(axis=1, keepdims=True)
    if asked.all():
        return traffic
    window_s = traffic.window.bins * traffic.window.bin_s
    return replace(traffic, rate_rps=np.where(asked, traffic.rate_rps, EXPECTED_REQUESTS / window_s))
