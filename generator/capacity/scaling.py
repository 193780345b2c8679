"""How the number of replicas follows the load, per hosting kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

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
    """

    scale_out_delay_s: float
    hold_s: float
    scales_to_zero: bool
    start_s: float
    load_gib_per_s: float = 0.2


# SageMaker: target tracking looks at one-minute metrics, three of them in a row, and an instance takes minutes to serve;
# scale-in waits for fifteen quiet minutes (Application Auto Scaling's target tracking alarms).
_SAGEMAKER = Behaviour(scale_out_delay_s=420.0, hold_s=900.0, scales_to_zero=False, start_s=240.0)
# Cloud Run: instances start in seconds and idle ones are kept, and billed when billing is by instance, up to 15 minutes;
# an L4's driver is ready after about 5 s (Cloud Run documentation, "GPU support" and "instance autoscaling").
BEHAVIOUR: Mapping[Hosting, Behaviour] = {
    "sagemaker-multi-model": _SAGEMAKER,
    "sagemaker-single-model": _SAGEMAKER,
    "sagemaker-serverless": Behaviour(scale_out_delay_s=10.0, hold_s=300.0, scales_to_zero=True, start_s=10.0),
    "cloud-run-cpu": Behaviour(scale_out_delay_s=10.0, hold_s=900.0, scales_to_zero=True, start_s=10.0),
    "cloud-run-gpu": Behaviour(scale_out_delay_s=25.0, hold_s=900.0, scales_to_zero=True, start_s=25.0),
}
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
    lag = 0 if behaviour.scale_out_delay_s < bin_s / 2 else int(np.ceil(behaviour.scale_out_delay_s / bin_s))
    length = 1 + round(behaviour.hold_s / bin_s)
    # scipy's filter is centred; this origin makes it look at the `length` bins that end with the current one.
    seen = maximum_filter1d(load, size=length, axis=-1, mode="nearest", origin=(length - 1) // 2)
    if lag == 0:
        return seen
    first = np.repeat(load[..., :1], min(lag, load.shape[-1]), axis=-1)
    return np.concatenate([first, seen[..., : load.shape[-1] - lag]], axis=-1)


def replica_path(signal: FloatArray, target: float, minimum: int, maximum: int) -> FloatArray:
    """Replicas a target-tracking policy runs: the signal over the target, rounded up, within its bounds."""
    return np.clip(np.ceil(signal / target - 1e-9), minimum, maximum)


def idle_probability(rate_rps: FloatArray, hold_s: float, bin_s: float) -> FloatArray:
    """Probability that no request came during the last `hold_s` seconds, arrivals being Poisson at the measured rates.

    By PASTA it is also the share of a bin's requests that find a service scaled to zero, and the share of time it is.

    Parameters
    ----------
    rate_rps : ndarray, shape (T,)
    """
    length = max(1, round(hold_s / bin_s))
    sums = np.cumsum(np.concatenate([np.full(length, rate_rps[0]), rate_rps[1:]]))
    window = sums[length - 1 :] - np.concatenate([[0.0], sums[: len(rate_rps) - 1]])
    return np.exp(-np.maximum(window, 0.0) / length * hold_s)
