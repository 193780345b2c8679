"""``pytest tests/… --update-golden`` rewrites what is expected; a person reads the difference.

Tests neither remember what was decided beside an example before, nor leave a journal there.
"""

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected trees and lists")


@pytest.fixture(scope="session", autouse=True)
def _no_journal() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVEY_JOURNAL", "none")
        yield
