"""A run that is stopped half way leaves no process behind, and the next run finds the stack free."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generator import deploy
from tests.engine.conftest import WriteProject

pytestmark = pytest.mark.engine

# Has a provider started, says that it runs, then waits for what only the interrupt brings.
WAITING = """
    import pathlib, time
    import pulumi_aws as aws
    aws.sns.Topic("topic").arn.apply(lambda _: (pathlib.Path({ready!r}).touch(), time.sleep(300)))
"""
RUN = """
from pathlib import Path
from generator import deploy
deploy.up(Path({project!r}), "test", offline=Path({sandbox!r}))
"""


@contextmanager
def running(write_project: WriteProject, folder: Path) -> Generator[subprocess.Popen[str]]:
    """An update in a process of its own, as soon as a resource is there and the program waits."""
    project = write_project(WAITING.format(ready=str(folder / "ready")))
    program = RUN.format(project=str(project), sandbox=str(folder / "sandbox"))
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) as run:
        try:
            assert comes_true((folder / "ready").exists)
            assert processes(str(folder))
            yield run
        finally:
            # An interrupt, so that a test that fails leaves nothing behind either.
            run.send_signal(signal.SIGINT)
            run.wait(timeout=60)


def processes(word: str) -> list[str]:
    listed = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if word in line]


def comes_true(claim: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_leaves_no_process_behind(write_project: WriteProject, tmp_path: Path) -> None:
    with running(write_project, tmp_path) as run:
        run.send_signal(signal.SIGINT)
        errors = run.communicate(timeout=60)[1]
    assert run.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
    assert comes_true(lambda: not processes(str(tmp_path)))


def test_plugins_end_with_an_engine_that_is_killed(write_project: WriteProject, tmp_path: Path) -> None:
    with running(write_project, tmp_path) as run:
        (engine,) = subprocess.check_output(["pgrep", "-P", str(run.pid)], text=True).split()
        os.kill(int(engine), signal.SIGKILL)
        errors = run.communicate(timeout=60)[1]
    assert "DeployError" in errors
    assert comes_true(lambda: not processes(str(tmp_path)))


def test_after_an_interrupt_the_stack_can_be_updated_and_destroyed(write_project: WriteProject, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    with running(write_project, tmp_path) as run:
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)

    project = write_project("import pulumi_aws as aws\naws.sns.Topic('topic')\naws.sns.Topic('second')\n")
    assert {"create": 1, "same": 1} == deploy.up(project, "test", offline=sandbox).counts
    assert {"delete": 2} == deploy.destroy(project, "test", offline=sandbox).counts
