"""covey as a person calls it, in this process, and what came of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from typer.testing import CliRunner, Result

from generator.cli import app
from generator.schemas import schemas


def covey(*arguments: str | Path) -> Result:
    """Run a verb."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answered(result: Result, code: int = 0, *, schema: str) -> dict[str, Any]:
    """Return the JSON that was printed, held to its published schema."""
    assert code == result.exit_code, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(answer, published(schema))
    return answer


@cache
def published(schema: str) -> dict[str, Any]:
    """Return a schema by its name, as covey publishes it."""
    return json.loads(schemas()[f"{schema}.schema.json"])


def three_lines(result: Result) -> list[str]:
    """Check that a failure says where, what and what to do, and nothing else."""
    assert "" == result.stdout
    lines = result.stderr.splitlines()
    assert 3 == len(lines)
    assert "Traceback" not in result.stderr
    return lines


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
