"""What a stack of an emitted project asks for, recorded in a process of its own and kept for the rest of the run."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]


@cache
def recorded(project: Path, stack: str, operation: Literal["update", "preview"]) -> list[dict[str, Any]]:
    """Return type, name, provider and inputs of every resource; callers must not change them."""
    command = [sys.executable, "-B", "-m", "tests.program_inventory", str(project), stack, operation]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
