"""Holds recorded resources to a project's own policy pack, in a process of its own, and writes the findings as JSON."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Judge the resources in the file named by the second argument by the pack of the project named by the first."""
    project, given, result = (Path(argument) for argument in sys.argv[1:4])
    asked = json.loads(given.read_text(encoding="utf-8"))
    sys.path.insert(0, str(project))
    # The pack is the project's, not ours: it is found only now, and has no types here.
    rule: Any = importlib.import_module("policies.rule")
    rules: Any = importlib.import_module("policies.rules")
    evaluation: Any = importlib.import_module("policies.evaluate")
    settings = importlib.import_module("policies.settings").read_settings(project=project, config=asked["config"])
    resources = [
        rule.Resource(
            type=one["type"],
            name=one["name"],
            urn=one["urn"],
            props=one["inputs"],
            provider=one["provider"],
            protect=one["protect"],
            delete_before_replace=one["delete_before_replace"],
            ignore_changes=tuple(one["ignore_changes"]),
            depends_on=tuple(one["depends_on"]),
        )
        for one in asked["resources"]
    ]
    # An approval is given after the check, of what was checked; `up` and the engine hold the program to it.
    held = [one for one in rules.RULES if one.domain != "approval"]
    fields = ("id", "domain", "severity", "title", "incident", "remedy", "link")
    found = [
        {"rule": one.id, "urn": finding.urn, "message": finding.message}
        for one in held
        for finding in evaluation.judge(one, resources, settings).violations
    ]
    written = {"rules": [{field: str(getattr(one, field)) for field in fields} for one in held], "findings": found}
    result.write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main()
