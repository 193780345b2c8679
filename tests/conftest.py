"""``pytest tests/… --update-golden`` rewrites what is expected; a person reads the difference.

Property tests draw the same examples in every run, so that what fails has changed; `make explore` draws others. Tests
neither remember what was decided beside an example before, nor leave a journal there.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("alike", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("alike")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected trees and lists")


@pytest.fixture(scope="session", autouse=True)
def _no_journal() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVEY_JOURNAL", "none")
        yield


@pytest.fixture(scope="session", autouse=True)
def _catalogue_is_read_once() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Verbs read the catalogue that came with covey each time they are called; it does not change between two tests."""
    from generator import catalog  # noqa: PLC0415 - what reads no catalogue needs none of what reads it

    read, own = catalog.read_catalog, cache(catalog.read_catalog)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "read_catalog", lambda folder=None: own() if folder is None else read(folder))
        yield


@pytest.fixture(scope="session")
def amazon_address() -> Iterator[str]:
    from tests.amazon_server import amazon_server  # noqa: PLC0415 - seconds, and few tests meet it

    with amazon_server() as address:
        yield address


@pytest.fixture
def amazon(amazon_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients of AWS meet the one that moto plays."""
    from tests.amazon_server import log_in  # noqa: PLC0415 - the same

    log_in(monkeypatch, amazon_address)


@pytest.fixture
def silent_amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients of AWS find nobody there."""
    from tests.amazon_server import log_in  # noqa: PLC0415 - the same

    log_in(monkeypatch, "http://127.0.0.1:9")


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as `tests.starters.started` fills it, to be read."""
    from tests.starters import started  # noqa: PLC0415 - the same

    return started(tmp_path_factory.mktemp("started"))


@pytest.fixture(scope="session")
def spread_starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as `tests.starters.spread` fills it, to be copied."""
    from tests.starters import spread  # noqa: PLC0415 - the same

    return spread(tmp_path_factory.mktemp("spread"))
