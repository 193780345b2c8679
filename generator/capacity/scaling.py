"""How the number of replicas follows the load, per hosting kind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from generator.compiled import compiled
from generator.model import FloatArray, Hosting


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a hosting kind's autoscaler does. All figures are estimates until observations replace them.

    Parameters
    ----------
    scale_out_delay_s : float
        From the load's rise to the new replica's first request.
    hold_s : float
        How long capacity stays after the load has gone.
    scales_to_zero : bool
    start_s : float
        From a request that finds no replica to a container ready to load its model.
    load_gib_per_s : float
        Rate at which a model is fetched and loaded.
    worker_per_request : bool
        Every request has a replica of its own, which is billed while it works and at no other time.
    """

    scale_out_delay_s: float
    hold_s: float
    scales_to_zero: bool
    start_s: float
    load_gib_per_s: float = 0.2
    worker_per_request: bool = False


# SageMaker: target tracking looks at one-minute metrics, three of them in a row, and an instance takes minutes to
# serve; scale-in waits for fifteen quiet minutes (Application Auto Scaling's target tracking alarms).
_SAGEMAKER = Behaviour(scale_out_delay_s=420.0, hold_s=900.0, scales_to_zero=False, start_s=240.0)
# Cloud Run: instances start in seconds and idle ones are kept, and billed when billing is by instance, up to 15
# minutes; an L4's driver is ready after about 5 s (Cloud Run documentation, "GPU support" and "instance autoscaling").
BEHAVIOUR: Mapping[Hosting, Behaviour] = {
    "sagemaker-multi-model": _SAGEMAKER,
    "sagemaker-single-model": _SAGEMAKER,
    # SageMaker documentation, "Serverless Inference": billed by the millisecond of processing; concurrent requests
    # beyond those of late start cold. How long a worker stays is not said.
    "sagemaker-serverless": Behaviour(
        scale_out_delay_s=10.0, hold_s=300.0, scales_to_zero=True, start_s=10.0, worker_per_request=True
    ),
    "cloud-run-cpu": Behaviour(scale_out_delay_s=10.0, hold_s=900.0, scales_to_zero=True, start_s=10.0),
    "cloud-run-gpu": Behaviour(scale_out_delay_s=25.0, hold_s=900.0, scales_to_zero=True, start_s=25.0),
}
# A count this little above a whole number is that number: sums of rates end on it by rounding.
WHOLE = 1e-9
# Where so many arrivals are expected, one comes: without any there would be one window in 10^17.
CERTAIN = 40.0
SCALING_TARGETS: FloatArray = np.array([0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.12, 0.06, 0.03])


def scaling_signal(load: FloatArray, behaviour: Behaviour, bin_s: float) -> FloatArray:
    """Load the autoscaler acts on: the highest it has seen between its delay and its hold time ago.

    A delay shorter than half a bin acts within the bin. Before the first bin the load is taken to have been as in it.

    Parameters
    ----------
    load : ndarray, shape (..., T)
    bin_s : float

    Returns
    -------
    ndarray, shape (..., T)
    """
    lag = 0 if acts_within(behaviour, bin_s) else int(np.ceil(behaviour.scale_out_delay_s / bin_s))
    length = 1 + round(behaviour.hold_s / bin_s)
    # scipy's filter is centred; this origin makes it look at the `length` bins that end with the current one.
    seen = maximum_filter1d(load, size=length, axis=-1, mode="nearest", origin=(length - 1) // 2)
    if lag == 0:
        return seen
    first = np.repeat(load[..., :1], min(lag, load.shape[-1]), axis=-1)
    return np.concatenate([first, seen[..., : max(load.shape[-1] - lag, 0)]], axis=-1)


def replica_path(signal: FloatArray, target: float, minimum: int | FloatArray, maximum: int) -> FloatArray:
    """Replicas a target-tracking policy runs: the signal over the target, rounded up, within its bounds.

    The minimum may be one for all bins, or one for each.
    """
    return np.clip(np.ceil(signal / target - WHOLE), minimum, maximum)


def idle_probability(rate_rps: FloatArray, hold_s: float, bin_s: float, *, start_s: float = 0.0) -> FloatArray:
    """Probability that no request came between `hold_s` and `start_s` seconds ago, averaged over each bin.

    Arrivals are Poisson at the bins' rates. With ``start_s = 0`` it is the share of time a service that may scale to
    zero is at zero. With the time a replica takes to start it is the share of requests that meet none ready: whoever
    comes while the first one starts waits too. Before the first bin the rate is taken to have been as in it.

    Parameters
    ----------
    rate_rps : ndarray, shape (T,)
    hold_s, start_s, bin_s : float

    Notes
    -----
    At the time u into a bin the expected number of arrivals in the window is ``L(u) = F(u - start) - F(u - hold)``, F
    being the summed rate. L is linear but where one of its ends passes from one bin to the next; between those times
    the mean of ``exp(-L)`` has a closed form.
    """
    return idle_share(np.ascontiguousarray(rate_rps), hold_s, start_s, bin_s)


@compiled
def idle_share(rate_rps: FloatArray, hold_s: float, start_s: float, bin_s: float) -> FloatArray:
    """`idle_probability`, compiled."""
    hold_s = max(hold_s, start_s)
    first, second = min(start_s % bin_s, hold_s % bin_s), max(start_s % bin_s, hold_s % bin_s)
    times = np.array([0.0, first, second, bin_s])
    back = math.ceil(hold_s / bin_s) + 1
    count = len(rate_rps)
    summed = np.zeros(back + count + 1)
    for t in range(back + count):
        summed[t + 1] = summed[t] + rate_rps[max(t - back, 0)] * bin_s
    idle = np.zeros(count)
    # Where the two ends of the window lie at each of the times, in whole bins and a part of one.
    ends = np.empty((2, len(times)), dtype=np.int64)
    parts = np.empty((2, len(times)))
    for i in range(len(times)):
        for j in range(2):
            at = (times[i] - (start_s if j == 0 else hold_s)) / bin_s
            ends[j, i] = math.floor(at)
            parts[j, i] = at - ends[j, i]
    previous = previous_idle = 0.0
    for t in range(count):
        # A bin begins as the one before it ended.
        for i in range(0 if t == 0 else 1, len(times)):
            if i > 0 and times[i] == times[i - 1]:
                continue
            newest, oldest = t + back + ends[0, i], t + back + ends[1, i]
            # At the end of the window's last bin the part is 0, and there is no bin beyond it.
            upper = summed[newest] + parts[0, i] * (summed[min(newest + 1, len(summed) - 1)] - summed[newest])
            lower = summed[oldest] + parts[1, i] * (summed[oldest + 1] - summed[oldest])
            expected = max(upper - lower, 0.0)
            nobody = math.exp(-expected) if expected < CERTAIN else 0.0
            if i > 0:
                apart = expected - previous
                mean = (previous_idle - nobody) / apart if abs(apart) > 1e-9 else previous_idle
                idle[t] += mean * (times[i] - times[i - 1]) / bin_s
            previous, previous_idle = expected, nobody
    return idle


def late_share(behaviour: Behaviour, bin_s: float) -> float:
    """Part of a bin that passes before an autoscaler that acts within the bin has added what the bin needs."""
    return behaviour.scale_out_delay_s / bin_s if acts_within(behaviour, bin_s) else 0.0


def acts_within(behaviour: Behaviour, bin_s: float) -> bool:
    """Tell whether the autoscaler reacts to a bin's load within that bin."""
    return behaviour.scale_out_delay_s < bin_s / 2
