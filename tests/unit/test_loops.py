"""Compiled loops say what plain numpy says."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.capacity.demand import mean_replicas, signal_rank, summed_by
from generator.capacity.scaling import BEHAVIOUR, acts_within, scaling_signal
from generator.model import FloatArray


def series(seed: int, bins: int = 200) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return loads, what an autoscaler saw of them, and weights."""
    rng = np.random.default_rng(seed)
    load = rng.gamma(0.5, 4.0, bins) * (rng.random(bins) < 0.9)
    weights = rng.random(bins) * (rng.random(bins) < 0.8)
    return load, np.maximum(load, np.roll(load, 1)), weights / weights.sum()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("scale_out_delay_s", "hold_s"), [(420.0, 900.0), (10.0, 900.0), (10.0, 300.0), (4000.0, 0.0)])
def test_a_signals_ranks_stand_for_what_an_autoscaler_sees(seed: int, scale_out_delay_s: float, hold_s: float) -> None:
    load, _, _ = series(seed)
    behaviour = replace(BEHAVIOUR["sagemaker-multi-model"], scale_out_delay_s=scale_out_delay_s, hold_s=hold_s)
    busiest = np.argsort(-load, kind="stable")
    lag = 0 if acts_within(behaviour, 300.0) else int(np.ceil(scale_out_delay_s / 300.0))
    rank = signal_rank(busiest, lag, 1 + round(hold_s / 300.0))

    assert scaling_signal(load, behaviour, 300.0).tolist() == load[busiest][rank].tolist()


@pytest.mark.parametrize("fewest", [0.0, 1.0, 3.0, 9.0])
@pytest.mark.parametrize("target", [0.8, 0.4, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_mean_replicas_are_those_of_plain_arrays(seed: int, target: float, fewest: float) -> None:
    load, signal, weights = series(seed)
    up = np.exp(-load)
    wanted = np.ceil(signal / target - 1e-9)
    busiest = np.argsort(-load, kind="stable")
    rank = np.searchsorted(-load[busiest], -signal)
    for most in (fewest + 1.0, 40.0, np.inf):
        running = np.clip(wanted, max(fewest, 1.0), max(most, 1.0))
        running = np.where((fewest == 0) & (wanted <= 1), up, running)
        heavier, upward = summed_by(rank, weights), summed_by(rank, weights * up)

        assert running @ weights == pytest.approx(
            mean_replicas(load[busiest], heavier, upward, target, fewest, most), rel=1e-12
        )


@pytest.mark.engine
@pytest.mark.parametrize("writable", [True, False])
def test_compiled_code_is_kept_where_one_says_or_nowhere(tmp_path: Path, *, writable: bool) -> None:
    folder = tmp_path / "kept"
    if not writable:
        folder.write_text("a file where the folder should be")
    program = (
        "import numpy as np\n"
        "from generator.capacity.loops import stepped\n"
        "print(stepped(np.array([4.0, 4.0]), 1, 1).max())"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    )

    assert said.stdout == "4.0\n"
    assert any(folder.rglob("*.nbi")) == writable
