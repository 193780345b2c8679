"""A real Prometheus on loopback over a past that is written for it; it is Debian's package `prometheus`."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import requests

STARTS_WITHIN_S = 60.0


@contextlib.contextmanager
def prometheus(folder: Path, openmetrics: str) -> Generator[str]:
    """Yield the URL of a Prometheus that scrapes nothing and holds the samples given.

    Parameters
    ----------
    folder : Path
        Empty, for its data.
    openmetrics : str
        Samples with their times, as OpenMetrics text.
    """
    server, tool = shutil.which("prometheus"), shutil.which("promtool")
    if server is None or tool is None:
        raise AssertionError("There is no Prometheus here: apt-get install prometheus.")
    samples, data, config = folder / "samples.txt", folder / "data", folder / "prometheus.yml"
    samples.write_text(openmetrics, encoding="utf-8")
    config.write_text("global: {scrape_interval: 1m}\n", encoding="utf-8")
    subprocess.run(
        [tool, "tsdb", "create-blocks-from", "openmetrics", samples, data], check=True, capture_output=True, timeout=120
    )
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [
                server,
                f"--config.file={config}",
                f"--storage.tsdb.path={data}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _await_ready(f"http://127.0.0.1:{port}", running, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(timeout=30)


def _await_ready(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(round(STARTS_WITHIN_S / 0.1)):
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/-/ready", timeout=5).status_code == 200:
                return
        if running.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"Prometheus does not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
