"""Time to write a plan down as a Pulumi project: `python -m benchmarks.emit [WORKLOADS ...] [--runs N]`.

The fleets are the synthetic ones of `benchmarks/scale.py`, planned first; every recommendation is emitted. All by the
clock and in one run: the digests of what the program was decided by, the program in memory, and its files in an empty
folder. Beside them, in turns, the floor: the same files parsed and copied as they lie there. Every emission has to be
the same, byte for byte.
"""

import argparse
import ast
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from joblib import cpu_count

from benchmarks.scale import inputs, peak_gib
from generator.catalog import read_catalog
from generator.emit import emit
from generator.files import write_tree
from generator.model import Catalog, Inputs, Profile
from generator.pipeline import plan
from generator.present.document import chosen_of, document, layout_of
from generator.present.plan_document import PlanDocument
from generator.provenance import provenance
from generator.side_by_side import side_by_side
from generator.stages import HERE


def main() -> None:
    """Plan a fleet of each size named on the command line, and emit it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("workloads", nargs="*", type=int, default=[1000, 10_000])
    asked.add_argument("--runs", type=int, default=3)
    given = asked.parse_args()
    catalog = read_catalog()
    for count in given.workloads:
        seen = inputs(count)
        with side_by_side(cpu_count()) as each:
            published = document(plan(seen, catalog, seed=0, work=replace(HERE, each=each)))
        for recommendation in published.recommendations:
            print(f"{count} workloads, {measured(seen, catalog, published, recommendation.profile, given.runs)}")  # noqa: T201 (a benchmark's output)
        print(f"peak {peak_gib():.2f} GiB, the plan's included")  # noqa: T201 (the same)


def measured(seen: Inputs, catalog: Catalog, published: PlanDocument, profile: Profile, runs: int) -> str:
    """Emit one recommendation some times over, and say what it took beside parsing and copying the same files."""
    took_s: defaultdict[str, list[float]] = defaultdict(list)

    @contextmanager
    def timed(step: str) -> Generator[None]:
        began_s = time.perf_counter()
        yield
        took_s[step].append(time.perf_counter() - began_s)

    trees: set[tuple[tuple[Path, bytes], ...]] = set()
    layout, recommended = layout_of(published, profile), chosen_of(published, profile).text()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            written, copied = Path(folder) / "written", Path(folder) / "copied"
            with timed("whole"):
                with timed("digests"):
                    origin = provenance(seen, catalog, recommended)
                with timed("program"):
                    program = emit(layout, seen.fleet, catalog, origin)
                with timed("files"):
                    write_tree(program, written)
            with timed("parsed"):
                for path in written.rglob("*.py"):
                    ast.parse(path.read_bytes())
            with timed("copied"):
                shutil.copytree(written, copied)
            files = sorted(path for path in written.rglob("*") if path.is_file())
            trees.add(tuple((path.relative_to(written), path.read_bytes()) for path in files))
    whole_s = took_s.pop("whole")
    steps = ", ".join(f"{step} {statistics.median(each):.2f} s" for step, each in took_s.items())
    sizes = [len(content) for _, content in min(trees)]
    return (
        f"{profile}: {len(layout.groups)} groups, {len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB; "
        f"{statistics.median(whole_s):.2f} s ({min(whole_s):.2f} to {max(whole_s):.2f}): {steps}; "
        f"{'the same' if len(trees) == 1 else 'NOT the same'} bytes in {runs} runs"
    )


if __name__ == "__main__":
    main()
