"""What observations say of machine types: by group and day, how much of something was taken over what was predicted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from generator.capacity.machines import Machines
from generator.capacity.queueing import LEAST_VARIATION, wait_tail
from generator.model import FloatArray, Group, Observations, Quantity

DAY = timedelta(days=1)
# A day counts with so many bins, and so many requests in them: below that its mean is mostly chance.
LEAST_BINS = 3
LEAST_REQUESTS = 200.0
# Below this share of busy processors what the machine does for itself is no longer small beside the requests.
LEAST_BUSY = 0.05
# With fewer requests waiting than this, the median of what they take is that of their service.
MOST_WAITING = 0.05
BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class Evidence:
    """One day of one group.

    Parameters
    ----------
    members : tuple of str
        The group's workloads, which tell it from others whatever it is called.
    log_ratio : float
        Logarithm of what was measured over what the model predicts of the same requests.
    bins : int
        How many bins it rests on.
    """

    quantity: Quantity
    instance_type: str
    members: tuple[str, ...]
    day: datetime
    log_ratio: float
    bins: int


# From the bins of a day, its log ratio and how many of them it rests on.
_Ratio = Callable[[NDArray[np.intp]], tuple[float, int] | None]


def evidence(observations: Sequence[Observations], machines: Machines) -> tuple[Evidence, ...]:
    """Compare what was measured with what the model predicts, by group and day.

    Work is what processors were busy with over what the requests should have kept busy. Service time is the median
    latency, where hardly a request had to wait, over the median of the service times that should have been. Cost is
    what was paid over replicas times price.

    Parameters
    ----------
    observations : sequence of Observations
        Of several that have the same day of a group, the one that knows more of it counts.
    machines : Machines
        Without any calibration.
    """
    best: dict[tuple[Quantity, str, tuple[str, ...], datetime], Evidence] = {}
    for one in observations:
        for row, group in enumerate(one.served):
            for found in _of_group(one, row, group, machines):
                key = (found.quantity, found.instance_type, found.members, found.day)
                if key not in best or best[key].bins < found.bins:
                    best[key] = found
    return tuple(best[key] for key in sorted(best))


def _of_group(one: Observations, row: int, group: Group, machines: Machines) -> Iterator[Evidence]:
    machine = machines.machine_index.get((group.hosting, group.instance_type))
    region = machines.region_index.get((group.cloud, group.region))
    number = {workload.name: i for i, workload in enumerate(machines.fleet.workloads)}
    if machine is None or region is None or any(name not in number for name in group.workloads):
        return
    members = np.array([number[name] for name in group.workloads], dtype=np.intp)
    rates = _rates(one, row, group)
    seen = _Seen(one, row, machines, machine, region, members, rates)
    days = _days(one)
    ratios: tuple[tuple[Quantity, _Ratio], ...] = (("work", seen.work), ("service", seen.service), ("cost", seen.cost))
    for quantity, ratio in ratios:
        for day, bins in days:
            found = ratio(bins)
            if found is not None and np.isfinite(found[0]):
                yield Evidence(quantity, group.instance_type, tuple(sorted(group.workloads)), day, *found)


def _rates(one: Observations, row: int, group: Group) -> FloatArray:
    """Return the members' rates, shape (M, T); whoever is alone has all of the group's."""
    at = {name: i for i, name in enumerate(one.workloads.names)}
    rates = np.array([one.workloads.rate_rps[at[name]] for name in group.workloads])
    if len(rates) == 1:
        rates = np.where(np.isnan(rates), one.groups.rate_rps[row], rates)
    return rates


def _days(one: Observations) -> list[tuple[datetime, NDArray[np.intp]]]:
    """Split the window's bins by the day in UTC that they begin on."""
    window = one.window
    begins = [window.start + timedelta(seconds=window.bin_s) * t for t in range(window.bins)]
    bins: dict[datetime, list[int]] = {}
    for t, begin in enumerate(begins):
        bins.setdefault(begin.replace(hour=0, minute=0, second=0, microsecond=0), []).append(t)
    return [(day, np.array(found, dtype=np.intp)) for day, found in bins.items()]


class _Seen:
    """One group of one observation, beside what the model says of it."""

    def __init__(
        self,
        one: Observations,
        row: int,
        machines: Machines,
        machine: int,
        region: int,
        members: NDArray[np.intp],
        rates: FloatArray,
    ) -> None:
        processor = machines.processor_class[machine]
        self._bin_s = one.window.bin_s
        self._rates = rates
        self._replicas, self._utilization = one.replicas[row], one.utilization[row]
        self._median_s, self._cost = one.groups.latency_p50_ms[row] / 1e3, one.cost_usd_per_h[row]
        self._processors = float(machines.processors[machine])
        self._price = float(machines.price_usd_per_h[machine, region])
        self._busy = machines.work_s[members, processor] @ rates
        self._service_s = machines.service_s[members, processor]
        services = [machines.fleet.workloads[i].service for i in members]
        self._variation = np.array([max(service.variation, LEAST_VARIATION) for service in services])
        self._batched = any(service.max_batch > 1 for service in services)
        self._slots = float(machines.slots[members, processor].min())

    def work(self, bins: NDArray[np.intp]) -> tuple[float, int] | None:
        """Log ratio of busy processors, measured over predicted."""
        there = self._replicas[bins] * self._processors
        measured, predicted = self._utilization[bins] * there, self._busy[bins]
        # By what was predicted, not by what was measured: else chance would choose.
        kept = ~np.isnan(measured) & (predicted >= LEAST_BUSY * np.where(there > 0, there, np.inf))
        if not self._enough(bins, kept) or measured[kept].sum() <= 0:
            return None
        return float(np.log(measured[kept].sum() / predicted[kept].sum())), int(kept.sum())

    def service(self, bins: NDArray[np.intp]) -> tuple[float, int] | None:
        """Log ratio of median service times; none where requests are batched, for their time depends on the batch."""
        if self._batched:
            return None
        servers = np.maximum(self._replicas[bins] * self._processors * self._slots, 1.0)
        busy = np.where(
            np.isnan(self._utilization[bins]), self._busy[bins] / servers * self._slots, self._utilization[bins]
        )
        known = ~np.isnan(busy) & ~np.isnan(servers) & ~np.isnan(self._median_s[bins]) & ~np.isnan(self._busy[bins])
        waiting, _ = wait_tail(np.where(known, busy, 1.0), np.where(known, servers, 1.0), 1.0, 1.0)
        kept = known & (waiting <= MOST_WAITING)
        if not self._enough(bins, kept):
            return None
        mix = self._rates[:, bins[kept]].sum(axis=1)
        requests = self._rates[:, bins[kept]].sum(axis=0)
        measured = float(np.average(self._median_s[bins[kept]], weights=requests))
        if measured <= 0:
            return None
        return float(np.log(measured / _median(mix / mix.sum(), self._service_s, self._variation))), int(kept.sum())

    def cost(self, bins: NDArray[np.intp]) -> tuple[float, int] | None:
        """Log ratio of cost."""
        paid, due = self._cost[bins], self._replicas[bins] * self._price
        kept = ~np.isnan(paid) & np.isfinite(due) & (due > 0)
        if kept.sum() < LEAST_BINS or paid[kept].sum() <= 0:
            return None
        return float(np.log(paid[kept].sum() / due[kept].sum())), int(kept.sum())

    def _enough(self, bins: NDArray[np.intp], kept: NDArray[np.bool_]) -> bool:
        requests = self._rates[:, bins[kept]].sum() * self._bin_s
        return bool(kept.sum() >= LEAST_BINS and requests >= LEAST_REQUESTS)


def _median(mix: FloatArray, service_s: FloatArray, variation: FloatArray) -> float:
    """Median of a mixture of gamma distributions, by bisection."""
    shape = variation**-2.0
    low, high = 0.0, float(service_s.max() * 20.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        below = float(mix @ gammainc(shape, middle * shape / service_s))
        low, high = (middle, high) if below < 0.5 else (low, middle)
    return (low + high) / 2.0
