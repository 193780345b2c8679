"""What a preview costs in the real engine with stand-in providers: `python -m benchmarks.preview`.

growth: fleets of 25 to 200 groups in one region. handwritten: a small emitted stack beside the same resources written
without components, in turns. CPU seconds are those of engine, program and plugins together; they say more than the
clock where the machine does other things as well.
"""

import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from generator import deploy
from generator.catalog import read_catalog
from generator.emit import emit
from generator.files import write_tree
from generator.model import (
    CLOUD_OF_HOSTING,
    Cloud,
    Environment,
    Fleet,
    Group,
    Hosting,
    Image,
    Layout,
    Limits,
    Objective,
    OwnPrices,
    Runtime,
    ServiceTime,
    Workload,
)

HERE = Path(__file__).parent
SIZES = (25, 50, 100, 200)
ROUNDS = 3
PAIRS = 5
SAMPLE_S = 0.1
PLACES: dict[Cloud, tuple[Hosting, str, str]] = {
    "aws": ("sagemaker-multi-model", "us-east-1", "ml.m5.large"),
    "gcp": ("cloud-run-cpu", "europe-west1", "run-1cpu-4gib"),
}


def project(cloud: Cloud, groups: int, models: int, into: Path) -> str:
    """Emit `groups` groups of `models` models each in one region of a cloud, and return the region's stack."""
    hosting, region, machine = PLACES[cloud]
    images = {
        "aws": Image("{account}.dkr.ecr.{region}.amazonaws.com/server:1", 8080, "/ping", "/invocations", (hosting,)),
        "gcp": Image("{region}-docker.pkg.dev/{account}/models/server:1", 8080, "/ping", "/predict", (hosting,)),
    }
    workloads = [
        Workload(
            name=f"m{i:04d}",
            version="1",
            artifact=f"m{i:04d}/1.tar.gz",
            runtime="server",
            size_gib=0.1,
            memory_gib=0.2,
            accelerator="none",
            service=ServiceTime("ml.m5.large", 0.02),
            objective=Objective(0.99, 0.5),
            path=f"/m{i:04d}",
        )
        for i in range(groups * models)
    ]
    names = [workload.name for workload in workloads]
    layout = Layout(
        tuple(
            Group(
                name=f"group-{i:03d}",
                workloads=tuple(names[i * models : (i + 1) * models]),
                hosting=hosting,
                region=region,
                instance_type=machine,
                min_replicas=1,
                max_replicas=4,
                target_utilization=0.7,
                slots=4,
                replica_rps=100.0,
            )
            for i in range(groups)
        ),
        "solver",
        "made up for the benchmark",
    )
    account = {"aws": "123456789012", "gcp": "models-prod"}[cloud]
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/5b1d2c3e-0000-4000-8000-000000000000"
    fleet = Fleet(
        name="bench",
        workloads=tuple(workloads),
        runtimes={"server": Runtime("server", {cloud: images[cloud]})},
        environment="prod",
        environments={
            cloud: Environment(
                "prod",
                cloud,
                account,
                "bench-models",
                "Z0123456789ABCDEFGHIJ" if cloud == "aws" else "models-zone",
                "models.example.com",
                certificate if cloud == "aws" else "models-map",
                alarm_email="oncall@example.com",
            )
        },
        regions=((CLOUD_OF_HOSTING[hosting], region),),
        places={},
        limits=Limits(),
        prices=OwnPrices(),
        assumptions=("Everything is made up.",),
    )
    write_tree(emit(layout, fleet, read_catalog()), into)
    return f"prod-{cloud}-{region}"


class Peak:
    """Largest proportional set size of all descendants of this process together, in MiB: engine, program, plugins."""

    mib = 0.0


@contextmanager
def measured() -> Generator[Peak]:
    """Sample the memory of what this process starts until the block ends."""
    peak, ended = Peak(), threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_S):
            peak.mib = max(peak.mib, sum(map(proportional_mib, descendants(os.getpid()))))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peak
    finally:
        ended.set()
        sampler.join()


def descendants(root: int) -> list[int]:
    """Processes below a process, read from /proc."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                status = (folder / "stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue  # ended while we looked
            children[int(status.rpartition(")")[2].split()[1])].append(int(folder.name))
    found, ahead = list[int](), [root]
    while ahead:
        ahead += (below := children[ahead.pop()])
        found += below
    return found


def proportional_mib(process: int) -> float:
    """Memory of a process, what it shares counted in parts."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@dataclass(frozen=True)
class Run:
    """One preview of a stack that has no state yet."""

    took_s: float
    cpu_s: float
    peak_mib: float
    resources: int


def previewed(folder: Path, stack: str) -> Run:
    """Preview a stack and measure it."""
    with tempfile.TemporaryDirectory(prefix="covey-bench-") as offline, measured() as peak:
        began, cpu = time.perf_counter(), children_s()
        report = deploy.preview(folder, stack, offline=Path(offline))
        took, cpu = time.perf_counter() - began, children_s() - cpu
    return Run(took, cpu, peak.mib, len(report.resources))


def children_s() -> float:
    """CPU seconds of all processes that this one started and that have ended, with those they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spread(values: Iterable[float], digits: int) -> str:
    """Median, and from where to where."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.{digits}f} ({ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f})"


def growth() -> None:
    """Preview fleets of growing size, smallest to largest and again, so that a busy minute hits all of them."""
    for cloud in PLACES:
        with tempfile.TemporaryDirectory(prefix="covey-bench-") as temporary:
            stacks = {size: project(cloud, size, 2, Path(temporary) / str(size)) for size in SIZES}
            seen: dict[int, list[Run]] = defaultdict(list)
            for _ in range(ROUNDS):
                for size, stack in stacks.items():
                    seen[size].append(previewed(Path(temporary) / str(size), stack))
                    sys.stderr.write(f"{cloud} {size} {seen[size][-1]}\n")
        for size, runs in seen.items():
            resources = runs[0].resources
            cpu = statistics.median(run.cpu_s for run in runs)
            say(
                f"{cloud} {size:>4} groups, {resources:>5} resources: {spread((run.took_s for run in runs), 1)} s, "
                f"CPU {spread((run.cpu_s for run in runs), 1)} s, {1000 * cpu / resources:.1f} ms a resource, "
                f"peak {spread((run.peak_mib for run in runs), 0)} MiB"
            )


def handwritten() -> None:
    """Preview the emitted stack and its hand-written twin in turns, and compare each pair."""
    for twin in sorted((HERE / "handwritten").glob("*/Pulumi.yaml")):
        cloud: Cloud = "aws" if twin.parent.name == "aws" else "gcp"
        with tempfile.TemporaryDirectory(prefix="covey-bench-") as temporary:
            folder = Path(temporary)
            stack = project(cloud, 2, 2, folder)
            for warmed in (folder, twin.parent):
                previewed(warmed, stack)
            pairs: list[tuple[Run, Run]] = []
            for _ in range(PAIRS):
                pairs.append((previewed(folder, stack), previewed(twin.parent, stack)))
                sys.stderr.write(f"{cloud} {pairs[-1]}\n")
        emitted, by_hand = [one for one, _ in pairs], [one for _, one in pairs]
        for what, runs in (("emitted", emitted), ("by hand", by_hand)):
            took, cpu = spread((run.took_s for run in runs), 2), spread((run.cpu_s for run in runs), 2)
            say(f"{cloud} {what}, {runs[0].resources} resources and components: {took} s, CPU {cpu} s")
        took = spread((one.took_s / other.took_s for one, other in pairs), 3)
        cpu = spread((one.cpu_s / other.cpu_s for one, other in pairs), 3)
        say(f"{cloud} emitted over by hand: {took}, of CPU {cpu}, {len(pairs)} pairs")


def say(line: str) -> None:
    """Print a result as soon as it is known."""
    print(line, flush=True)  # noqa: T201 (a benchmark's output)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["growth", "handwritten"]:
        {"growth": growth, "handwritten": handwritten}[name]()
