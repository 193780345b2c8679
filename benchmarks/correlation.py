"""Correlation beside one bare matrix product: `python -m benchmarks.correlation [WORKLOADS ...]`.

The series are the synthetic ones of `benchmarks/scale.py`. All in one run, in processor seconds of this process: the
bare product of the same numbers in the same precision, the search for the strongest partners block by block, and the
whole graph with its shrinkage and its edges in networkx. With `--scheduler ADDRESS` the blocks once more on a cluster.
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from benchmarks.scale import BINS, fleet, rates, window
from generator.cluster import cluster
from generator.correlate import NEIGHBOURS, correlate
from generator.partners import BLOCK_ROWS, partners


def main() -> None:
    """Measure every size that the command line names."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("workloads", nargs="*", type=int, default=[1000, 10_000])
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--scheduler", help="a Dask cluster that works through the blocks, too")
    given = asked.parse_args()
    for count in given.workloads:
        rng = np.random.default_rng(1)
        one, rate = fleet(count, rng), rates(count, rng)
        seen = window(tuple(w.name for w in one.workloads), rate, 0, BINS)
        precision = np.float64 if count <= BLOCK_ROWS else np.float32
        unit = (rate / np.linalg.norm(rate, axis=1, keepdims=True)).astype(precision)
        del rate
        correlate(one, seen)  # so that nobody pays for compilation, or for memory touched first
        for _ in range(given.runs):
            product = _seconds(lambda unit=unit: unit @ unit.T)
            blocks = _seconds(lambda unit=unit: partners(unit, NEIGHBOURS))
            whole = _seconds(lambda one=one, seen=seen: correlate(one, seen))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(  # noqa: T201 (a benchmark's output)
                f"{count} workloads x {BINS} bins, {precision.__name__}: product {product[0]:.2f} s, partners "
                f"{blocks[0]:.2f} s ({product[0] / blocks[0]:.2f} of its speed), graph {whole[0]:.2f} s; by the clock "
                f"{product[1]:.2f}, {blocks[1]:.2f}, {whole[1]:.2f} s; peak {peak:.2f} GiB, the product's included"
            )
        if given.scheduler:
            with cluster(given.scheduler) as over:
                spread = _seconds(lambda unit=unit, over=over: partners(unit, NEIGHBOURS, over))
            print(f"{count} workloads on {given.scheduler}: {spread[1]:.2f} s by the clock, {spread[0]:.2f} s here")  # noqa: T201


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of this process, and seconds by the clock."""
    began, at = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - began, time.perf_counter() - at


if __name__ == "__main__":
    main()
