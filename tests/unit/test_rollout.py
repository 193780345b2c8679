"""Waves over regions that are files: who goes first, what stops, what is taken back, and what a killed run leaves."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import DeployError, JournalError
from generator.journal import Journal, RolloutStepRecord, WaveRecord
from generator.rollout import Chronicle, Held, progress
from tests.rollouts import AT, NEW, OLD, STACKS, PaperRegions, chronicle, record, run

ROOT = Path(__file__).parents[2]
FIRST, SECOND, THIRD = STACKS


@pytest.fixture
def kept(tmp_path: Path) -> Chronicle:
    return chronicle(tmp_path)


def again(kept: Chronicle) -> Held:
    held = kept.latest("shop/prod", offline=True)
    assert held is not None
    return held


def steps(kept: Chronicle) -> list[tuple[str, int | None]]:
    return [(step.step, step.wave) for _, step in again(kept).log]


def test_each_region_is_updated_after_the_one_before_it_stayed_quiet(kept: Chronicle, tmp_path: Path) -> None:
    regions, waits = PaperRegions(tmp_path / "regions"), list[tuple[float, str]]()

    found = run(kept.begin(record()), regions, kept, lambda s: waits.append((s, regions.acts[-1])))

    assert "done" == found.phase
    assert [f"{stack} b" for stack in STACKS] == regions.acts
    assert [(30.0, f"{stack} b") for stack in STACKS for _ in range(2)] == waits
    assert NEW == regions.placed
    a_wave = ("updating", "updated", "passed")
    assert [("began", None), *((step, at) for at in range(3) for step in a_wave), ("done", None)] == steps(kept)


def test_what_was_rolled_out_is_recorded_by_the_digest_of_its_artifact(kept: Chronicle, tmp_path: Path) -> None:
    run(kept.begin(record()), PaperRegions(tmp_path / "regions"), kept)

    assert {stack: f"md5:{stack}" for stack in STACKS} == again(kept).now.artifacts


def test_an_artifact_that_is_missing_is_found_before_anybody_is_touched(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")
    regions.missing = (THIRD,)

    with pytest.raises(DeployError):
        run(kept.begin(record(bake_s=0.0)), regions, kept)

    assert ([], "prepared") == (regions.acts, again(kept).now.phase)


def test_an_alarm_of_the_canary_stops_the_rollout_before_anybody_else_is_touched(
    kept: Chronicle, tmp_path: Path
) -> None:
    regions = PaperRegions(tmp_path / "regions", bad=[FIRST])

    found = run(kept.begin(record()), regions, kept)

    assert ("rolled back", f"alarm {FIRST}-errors") == (found.phase, found.why)
    assert [f"{FIRST} b", f"{FIRST} a"] == regions.acts
    assert ("restored", "waiting", "waiting") == found.waves
    assert OLD == regions.placed


def test_the_newest_wave_is_taken_back_first_and_the_earlier_ones_after_it(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions", bad=[THIRD])

    found = run(kept.begin(record()), regions, kept)

    assert "rolled back" == found.phase
    assert [f"{stack} a" for stack in reversed(STACKS)] == regions.acts[3:]


def test_an_earlier_region_is_watched_while_the_later_ones_bake(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")

    def late(_: float) -> None:
        if regions.runs(SECOND) == NEW:
            regions.bad = [FIRST]

    found = run(kept.begin(record()), regions, kept, late)

    assert ("rolled back", f"alarm {FIRST}-errors") == (found.phase, found.why)
    assert OLD == regions.runs(FIRST)


def test_an_endpoint_that_does_not_serve_what_was_approved_stops_the_rollout(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")

    def gone(_: float) -> None:
        regions.missing = (SECOND,) if regions.runs(SECOND) == NEW else ()

    found = run(kept.begin(record()), regions, kept, gone)

    assert f"{SECOND} is missing" == found.why
    # It is still missing on the old program, so nobody may call it taken back.
    assert ("stopped", ("restored", "unrestored", "waiting")) == (found.phase, found.waves)


def test_an_alarm_that_is_known_to_fire_stops_nothing(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions", bad=[SECOND])

    assert "done" == run(kept.begin(record(despite=(f"{SECOND}-errors",))), regions, kept).phase


def test_where_an_alarm_fires_already_nothing_begins(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions", bad=[THIRD])
    (tmp_path / "regions" / THIRD).write_text("something else")

    with pytest.raises(DeployError, match=f"alarm {THIRD}-errors. Nothing was touched"):
        run(kept.begin(record()), regions, kept)

    assert [] == regions.acts
    assert "prepared" == again(kept).now.phase


@pytest.mark.parametrize("interrupted", [KeyboardInterrupt, MemoryError])
def test_an_interruption_and_even_a_defect_take_back_what_was_begun(
    interrupted: type[BaseException], kept: Chronicle, tmp_path: Path
) -> None:
    regions = PaperRegions(tmp_path / "regions")

    def pause(_: float) -> None:
        if regions.runs(SECOND) == NEW:
            raise interrupted

    held = kept.begin(record())
    if interrupted is KeyboardInterrupt:
        assert "it was interrupted" == run(held, regions, kept, pause).why
    else:
        with pytest.raises(interrupted):
            run(held, regions, kept, pause)

    assert "rolled back" == again(kept).now.phase
    assert [OLD] * 3 == [regions.runs(stack) for stack in STACKS]


def test_a_region_that_does_not_answer_is_named_and_the_others_are_taken_back(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions", bad=[THIRD])

    def dies(_: float) -> None:
        if regions.runs(SECOND) == NEW:
            regions.dead = [SECOND]

    found = run(kept.begin(record()), regions, kept, dies)

    assert "stopped" == found.phase
    assert ("restored", "unrestored", "restored") == found.waves
    assert f"stack {SECOND}: dial tcp: i/o timeout" == found.reasons[1]
    assert (OLD, NEW, OLD) == tuple(regions.runs(stack) for stack in STACKS)

    regions.dead = []
    assert "rolled back" == run(again(kept), regions, kept).phase
    assert f"{SECOND} a" == regions.acts[-1]
    assert OLD == regions.runs(SECOND)


def test_a_region_that_does_not_answer_at_its_turn_stops_the_rollout(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions", dead=[SECOND])

    found = run(kept.begin(record()), regions, kept)

    assert ("stopped", f"stack {SECOND}: dial tcp: i/o timeout") == (found.phase, found.why)
    assert ("restored", "unrestored", "waiting") == found.waves


def test_somebody_may_take_back_a_rollout_that_was_cut_off(kept: Chronicle, tmp_path: Path) -> None:
    regions, held = PaperRegions(tmp_path / "regions"), kept.begin(record())
    for step, wave in (("began", None), ("updating", 0), ("updated", 0), ("passed", 0), ("updating", 1)):
        kept.note(RolloutStepRecord.model_validate({"rollout": held.digest, "step": step, "wave": wave}))
    (tmp_path / "regions" / FIRST).write_text(NEW)

    found = run(again(kept), regions, kept, stop="grace asked for it")

    assert ("rolled back", "grace asked for it") == (found.phase, found.why)
    assert [f"{SECOND} a", f"{FIRST} a"] == regions.acts


def test_what_has_not_begun_is_withdrawn(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")

    assert "withdrawn" == run(kept.begin(record()), regions, kept, stop="not today").phase
    assert (OLD, []) == (regions.placed, regions.acts)
    assert again(kept).now.ended


def test_each_wave_has_a_program_of_its_own_to_go_to_and_back_from(kept: Chronicle, tmp_path: Path) -> None:
    between = "c" * 64
    waves = (
        WaveRecord(stacks=(FIRST, "prod-gcp-edge"), onto=between, back=OLD, rate_rps=0.0),
        WaveRecord(stacks=(SECOND, "prod-gcp-edge"), onto=NEW, back=between, rate_rps=1.0),
    )
    regions = PaperRegions(tmp_path / "regions", bad=[SECOND])

    run(kept.begin(record(waves=waves, changes=())), regions, kept)

    edge = "prod-gcp-edge"
    there = [f"{FIRST} c", f"{edge} c", f"{SECOND} b", f"{edge} b"]
    assert [*there, f"{edge} c", f"{SECOND} c", f"{edge} a", f"{FIRST} a"] == regions.acts


def test_a_rollback_brings_every_stack_to_the_program_asked_for(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")

    found = run(kept.begin(record(command="rollback", to=None, bake_s=0.0)), regions, kept, stop="ada asked for it")

    assert "rolled back" == found.phase
    assert [f"{stack} a" for stack in reversed(STACKS)] == regions.acts


def test_what_cannot_be_noted_is_not_done(kept: Chronicle, tmp_path: Path) -> None:
    regions = PaperRegions(tmp_path / "regions")

    def full(step: RolloutStepRecord) -> None:
        if step.step == "updating":
            raise JournalError("journal", "cannot be written: disk full.", "Make room.")
        kept.note(step)

    held = kept.begin(record())
    run(held, regions, kept, note=full)

    assert [] == regions.acts


@pytest.mark.engine
@pytest.mark.parametrize(("bad", "end"), [((), NEW), ((SECOND,), OLD)], ids=["good", "bad"])
def test_killed_at_any_moment_the_chain_holds_nothing_is_lost_and_the_next_run_ends_it(
    bad: tuple[str, ...], end: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.rollouts", str(tmp_path), *bad],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    killed = [json.loads(line) for line in done.stdout.splitlines()]

    assert len(killed) > 20
    assert [signal.SIGKILL] * (len(killed) - 1) == [one["signal"] for one in killed[:-1]]
    for one in killed:
        place = Path(one["folder"])
        kept, regions = chronicle(place), PaperRegions(place / "regions", bad=bad)
        held = kept.latest("shop/prod", offline=True) if one["promised"] else None
        if held is None:
            # Killed before, or while, the rollout itself was written down: nothing was touched.
            assert [] == regions.acts
            continue
        journal = Journal(place / "journal.sqlite")
        noted = 1 + len(held.log)
        assert noted - one["promised"] in (0, 1)
        told = {held.record.waves[step.wave].stacks[0] for _, step in held.log if step.wave is not None}
        assert {act.split()[0] for act in regions.acts} <= told

        found = run(held, regions, kept)

        assert ("done" if end == NEW else "rolled back") == found.phase
        assert [end] * 2 == [regions.runs(stack) for stack in STACKS[:2]]
        assert end == regions.placed
        assert again(kept).now == found
        assert [] == journal.verify()


def test_every_beginning_of_a_log_tells_how_far_it_came(kept: Chronicle, tmp_path: Path) -> None:
    run(kept.begin(record()), PaperRegions(tmp_path / "regions", bad=[SECOND]), kept)
    whole = [step for _, step in again(kept).log]

    seen = [progress(record(), whole[:length]) for length in range(len(whole) + 1)]

    assert ["prepared", "under way", "stopped", "rolled back"] == list(dict.fromkeys(one.phase for one in seen))
    # What is on the new program, or may be, is always among what would be taken back.
    assert [(), (), (0,), (0,), (0,), (1, 0), (1, 0), (1, 0), (1, 0), (0,), (0,), (), ()] == [
        one.to_restore for one in seen
    ]


def test_another_project_and_the_real_cloud_have_rollouts_of_their_own(kept: Chronicle) -> None:
    kept.begin(record())

    assert kept.latest("shop/prod", offline=False) is None
    assert kept.latest("shop/staging", offline=True) is None
    newer = kept.begin(record(to="3"))
    assert newer == kept.latest("shop/prod", offline=True)


def test_a_rollout_of_another_shape_is_refused_and_left_alone(kept: Chronicle, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.append("rollout", b'{"version": 9}', by="ada", at=AT)

    with pytest.raises(JournalError, match="not of the shape"):
        kept.latest("shop/prod", offline=True)
    assert 1 == len(journal.entries())


def test_a_program_comes_back_byte_by_byte(kept: Chronicle) -> None:
    files = {"Pulumi.yaml": b"name: shop\r\n", "stacks/odd.py": b"\xff\xfe \x00", "stacks/\xe9.py": "é".encode()}

    digest = kept.keep(files)

    assert files == kept.program(digest)[1]
    assert digest == kept.keep(files)
    assert kept.keep_unknown(files) is None
