"""How long requests wait: a multi-server queue inside each bin, a fluid backlog between bins."""

import numpy as np
from scipy.special import gammaincc, gammaincinv

from generator.model import FloatArray

# Quantiles at which the service time of a request is sampled when waiting and service are added up.
SERVICE_QUANTILES: FloatArray = np.array([0.125, 0.375, 0.625, 0.875])
# A stationary queue is not reached within one bin above this utilisation; the fluid backlog takes over from there.
STATIONARY_UTILIZATION = 0.98
# A gamma distribution this narrow is as good as a constant.
LEAST_VARIATION = 0.01


def wait_tail(
    utilization: FloatArray, servers: FloatArray, service_s: FloatArray | float, variability: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """Describe the waiting time of a G/G/c queue by the probability of waiting and the rate of its exponential tail.

    ``P(W > x) = probability * exp(-rate * x)`` with Sakasegawa's approximation of the M/M/c delay,
    ``probability = utilization ** (sqrt(2 (c + 1)) - 1)``, and the Allen-Cunneen correction of the mean,
    ``(ca**2 + cs**2) / 2``.

    Parameters
    ----------
    utilization : ndarray
        Offered load over servers; values at or above 1 are held at `STATIONARY_UTILIZATION`.
    servers : ndarray
        Number of servers, c, at least 1.
    service_s : ndarray or float
        Mean service time in seconds.
    variability : ndarray or float
        ``(ca**2 + cs**2) / 2`` of interarrival and service times.

    Returns
    -------
    probability, rate_per_s : ndarray
        Probability of waiting at all; decay of the tail in 1/s.

    References
    ----------
    H. Sakasegawa, "An approximation formula L_q = alpha rho^beta / (1 - rho)", Ann. Inst. Stat. Math. 29 (1977).
    A. O. Allen, "Probability, Statistics and Queueing Theory", 2nd ed., Academic Press (1990), section 5.4.
    """
    held = np.minimum(utilization, STATIONARY_UTILIZATION)
    probability = held ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
    rate = servers * (1.0 - held) / (np.maximum(service_s, 1e-9) * np.maximum(variability, 1e-3))
    return probability, rate


def service_miss(
    budget_s: FloatArray | float, service_s: FloatArray | float, variation: FloatArray | float
) -> FloatArray:
    """Share of requests whose service alone takes longer than the budget, service times gamma-distributed.

    Parameters
    ----------
    budget_s, service_s : ndarray or float
        Time left for service; mean service time. Seconds.
    variation : ndarray or float
        Coefficient of variation of the service time; `LEAST_VARIATION` stands for anything steadier.
    """
    shape = np.maximum(variation, LEAST_VARIATION) ** -2.0
    in_means = np.maximum(budget_s, 0.0) / np.maximum(service_s, 1e-12)
    return np.where(np.asarray(budget_s) <= 0, 1.0, gammaincc(shape, in_means * shape))


def service_quantiles(service_s: float, variation: float) -> FloatArray:
    """Service times at `SERVICE_QUANTILES`, gamma-distributed with the given mean and coefficient of variation."""
    shape = max(variation, LEAST_VARIATION) ** -2.0
    return gammaincinv(shape, SERVICE_QUANTILES) * service_s / shape


def backlog(load: FloatArray, replicas: FloatArray, bin_s: float) -> FloatArray:
    """Work that waits at the end of each bin when load exceeds capacity, carried over until it is worked off.

    The fluid form of Lindley's recursion, ``b[t] = max(0, b[t-1] + (load[t] - replicas[t]) * bin_s)``, by
    ``b = s - min(0, running minimum of s)`` over the partial sums s. Nobody gives up waiting.

    Parameters
    ----------
    load, replicas : ndarray, shape (..., T)
        Replicas' worth of work offered, and replicas running.

    Returns
    -------
    ndarray, shape (..., T), replica-seconds
    """
    sums = np.cumsum((load - replicas) * bin_s, axis=-1)
    return sums - np.minimum(np.minimum.accumulate(sums, axis=-1), 0.0)


def overdue(backlog_s: FloatArray, replicas: FloatArray, budget_s: FloatArray | float) -> FloatArray:
    """Share of a bin's requests that a carried-over backlog delays by more than the budget.

    Within a bin the delay moves linearly from the previous bin's end to this one's.

    Parameters
    ----------
    backlog_s : ndarray, shape (T,), replica-seconds
    replicas : ndarray, shape (T,)
    budget_s : float
        Waiting time that still keeps the objective.
    """
    end = backlog_s / np.maximum(replicas, 1e-9)
    start = np.concatenate([[0.0], backlog_s[:-1]]) / np.maximum(replicas, 1e-9)
    low, high = np.minimum(start, end), np.maximum(start, end)
    spread = np.maximum(high - low, 1e-9)
    return np.where(high > 0, np.clip((high - budget_s) / spread, 0.0, 1.0), 0.0)
