"""Compiled loops say what plain numpy says."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generator.capacity.loops import first_kept, least_mean_replicas, mean_replicas
from generator.capacity.queueing import wait_tail
from generator.model import FloatArray

TARGETS = np.array([0.8, 0.4, 0.1])


def series(seed: int, bins: int = 200) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return loads, what an autoscaler saw of them, and weights."""
    rng = np.random.default_rng(seed)
    load = rng.gamma(0.5, 4.0, bins) * (rng.random(bins) < 0.9)
    weights = rng.random(bins) * (rng.random(bins) < 0.8)
    return load, np.maximum(load, np.roll(load, 1)), weights / weights.sum()


@pytest.mark.parametrize("seed", range(5))
def test_mean_replicas_are_those_of_plain_arrays(seed: int) -> None:
    load, signal, weights = series(seed)
    up = np.exp(-load)
    minima = np.array([[0.0, 3.0], [0.0, 5.0], [1.0, 9.0]])
    highest = minima + np.array([[1.0, 4.0], [2.0, 90.0], [7.0, 8.0]])
    wanted = np.ceil(signal / TARGETS[:, None] - 1e-9)[:, None, :]
    running = np.clip(wanted, minima[:, :, None], highest[:, :, None])
    running = np.where((minima[:, :, None] == 0) & (wanted <= 1), up, running)

    assert running @ weights == pytest.approx(mean_replicas(signal, up, weights, TARGETS, minima, highest), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_leanest_means_are_those_of_plain_arrays(seed: int) -> None:
    load, signal, weights = series(seed)
    ups, signals = np.array([np.ones(len(load)), np.exp(-load)]), np.array([load, signal])
    rows, idle = np.array([0, 1, 1]), np.array([0, 1, 0])
    carried, least = np.array([1.6, 0.8, 3.2]), np.array([2.0, 0.0, 1.0])
    wanted = np.ceil(signals[rows] / carried[:, None] - 1e-9)
    running = np.where(least[:, None] > 0, np.maximum(wanted, least[:, None]), np.where(wanted <= 1, ups[idle], wanted))

    assert running @ weights == pytest.approx(
        least_mean_replicas(signals, ups, weights, rows, idle, carried, least), rel=1e-12
    )


def missed(load: FloatArray, signal: FloatArray, policy: FloatArray, waits: FloatArray, share: float) -> FloatArray:
    """Return the late share of each bin as the queueing model has it, in plain numpy."""
    replicas = np.clip(np.ceil(signal / policy[0] - 1e-9), max(policy[1], 1.0), policy[2])
    busy = load * 1.2 / replicas
    probability, decay = wait_tail(busy, replicas * 4.0, 0.05, 1.5)
    late = (probability * np.exp(-waits[:, None] * decay)).mean(axis=0)
    late[busy >= 1.0] = 1.0
    if share > 0:
        late[1:] = np.maximum(late[1:], (load[1:] > replicas[:-1]) * share)
    return late


@pytest.mark.parametrize("late_share", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(8))
def test_the_first_policy_kept_is_that_of_plain_arrays(seed: int, late_share: float) -> None:
    load, signal, weights = series(seed)
    rng = np.random.default_rng(seed)
    weighted = weights * rng.random((3, 1)) * load
    bearable = weighted.sum(axis=1) * rng.choice([0.01, 0.1, 0.5], 3)
    starting = 0.5 * bearable * rng.choice([0.0, 1.0, 3.0], 3)
    waits = np.array([0.05, 0.1, 0.2, 0.3])
    policies = np.array([[t, fewest, 40.0] for t in TARGETS for fewest in (0.0, 2.0, 9.0, 20.0)])
    kept = [
        (weighted @ missed(load, signal, policy, waits, late_share) + starting * (policy[1] == 0) <= bearable).all()
        for policy in policies
    ]
    expected = kept.index(True) if any(kept) else -1
    busiest = np.argsort(-load, kind="stable")

    assert expected == first_kept(
        policies, load, signal, busiest, weighted, bearable, starting, 1.2, 4.0, 0.05, 1.5, waits, late_share
    )


@pytest.mark.parametrize("writable", [True, False])
def test_compiled_code_is_kept_where_one_says_or_nowhere(tmp_path: Path, *, writable: bool) -> None:
    folder = tmp_path / "kept"
    if not writable:
        folder.write_text("a file where the folder should be")
    program = (
        "import numpy as np\n"
        "from generator.capacity.loops import mean_replicas as f\n"
        "one = np.ones(2)\n"
        "print(f(one, one, one, one, np.ones((2, 1)), np.ones((2, 1))).sum())"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    )

    assert said.stdout == "4.0\n"
    assert any(folder.rglob("*.nbi")) == writable
