"""What people rejected, as factors on what a group costs: which machines in which regions, and who shares a group."""

from collections.abc import Iterator, Sequence

import numpy as np

from generator.capacity.machines import Machines
from generator.model import CLOUD_OF_HOSTING, REJECTED_MARGIN, FloatArray, Objection


class Objections:
    """The objections of a fleet.

    A group of members M counts as dearer by `REJECTED_MARGIN` times

    - for the replicas of a machine in a region that some of them objected to, the share of M that did: for the reason
      "region" every machine there, for "machine" that one in every region, for "latency", "risk" and "other" that one
      there;
    - for all it costs, where workloads S were not to share a group, ``(|S & M| - 1) / (|S| - 1)``, of several the
      largest.

    "cost" and "timing" weigh nothing: costs are minimised anyway, and who is served where is no matter of time.

    Parameters
    ----------
    machines : Machines
    """

    def __init__(self, machines: Machines) -> None:
        self._shape = machines.price_usd_per_h.shape
        self._together: list[frozenset[int]] = []
        self._served: list[tuple[frozenset[int], FloatArray]] = []
        index = {workload.name: i for i, workload in enumerate(machines.fleet.workloads)}
        for one in machines.fleet.objections:
            concerned = frozenset(index[name] for name in one.workloads if name in index)
            if one.reason == "grouping" and len(concerned) > 1:
                self._together.append(concerned)
            mask = self._mask(one, machines)
            if concerned and mask is not None:
                self._served.append((concerned, mask))
        self._of: dict[int, list[int]] = {}
        for number, (concerned, _) in enumerate(self._served):
            for member in concerned:
                self._of.setdefault(member, []).append(number)

    def _mask(self, one: Objection, machines: Machines) -> FloatArray | None:
        """Which machines (rows) in which regions (columns) are meant; None where there is none to be had."""
        row = machines.machine_index.get((one.hosting, one.instance_type))
        column = machines.region_index.get((CLOUD_OF_HOSTING[one.hosting], one.region))
        mask = np.zeros(self._shape)
        if one.reason == "region" and column is not None:
            mask[:, column] = 1.0
        elif one.reason == "machine" and row is not None:
            mask[row] = 1.0
        elif one.reason in ("latency", "risk", "other") and row is not None and column is not None:
            mask[row, column] = 1.0
        return mask if mask.any() else None

    def dearer(self, members: Sequence[int]) -> FloatArray | None:
        """Return the factor on what machines cost a group, by machine and region, shape (K, R); None where it is 1."""
        if not self._served:
            return None
        share = np.zeros(self._shape)
        for weight, mask in self._about(members):
            share += weight * mask
        return 1.0 + REJECTED_MARGIN * np.minimum(share, 1.0) if share.any() else None

    def factor(self, members: Sequence[int], machine: int, region: int) -> float:
        """Return that factor for one machine in one region."""
        if not self._served:
            return 1.0
        share = sum(weight * float(mask[machine, region]) for weight, mask in self._about(members))
        return 1.0 + REJECTED_MARGIN * min(share, 1.0)

    def _about(self, members: Sequence[int]) -> Iterator[tuple[float, FloatArray]]:
        """The objections that members have, and the share of them that has it."""
        for number in sorted({number for member in members for number in self._of.get(member, ())}):
            concerned, mask = self._served[number]
            yield len(concerned.intersection(members)) / len(members), mask

    def together(self, members: Sequence[int]) -> float:
        """Return the factor on a group's cost for who is in it."""
        again = 0.0
        for apart in self._together:
            again = max(again, (len(apart.intersection(members)) - 1) / (len(apart) - 1))
        return 1.0 + REJECTED_MARGIN * again
