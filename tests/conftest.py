"""``pytest tests/… --update-golden`` rewrites what is expected; a person reads the difference."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected trees and lists")
