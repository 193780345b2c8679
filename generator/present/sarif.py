"""A check as SARIF 2.1.0, the format that code hosts show beside the lines of a change.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

import json
from importlib.metadata import version
from pathlib import PurePosixPath
from urllib.parse import quote

from generator.present.answers import Review, ReviewFinding, ReviewRule
from generator.present.figures import plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# What a root is called that whoever reads the file knows: the top of the repository.
ROOT = "%SRCROOT%"


def sarif(found: Review, folder: PurePosixPath) -> str:
    """Spell a review as SARIF.

    Parameters
    ----------
    found : Review
    folder : PurePosixPath
        The project's folder, relative to the top of the repository.

    Returns
    -------
    str
        JSON in ASCII. A finding of the baseline is there too, as suppressed.
    """
    order = {rule.id: index for index, rule in enumerate(found.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "covey",
                "version": version("covey"),
                "rules": [_rule(rule) for rule in found.rules],
            }
        },
        "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, order[one.rule], folder) for one in found.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _rule(rule: ReviewRule) -> dict[str, object]:
    told: dict[str, object] = {
        "id": rule.id,
        "shortDescription": {"text": plain(rule.title)},
        "fullDescription": {"text": plain(rule.incident)},
        "help": {"text": plain(f"{rule.incident} {rule.remedy} {rule.link}".strip())},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": [plain(rule.domain)], "severity": rule.severity},
    }
    return told | ({"helpUri": rule.link} if rule.link.startswith("https://") else {})


def _result(one: ReviewFinding, index: int, folder: PurePosixPath) -> dict[str, object]:
    place: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(str(folder / one.file)), "uriBaseId": ROOT},
            "region": {"startLine": one.line},
        }
    }
    if one.resource:
        place["logicalLocations"] = [{"fullyQualifiedName": plain(f"{one.stack}::{one.resource}"), "kind": "resource"}]
    found: dict[str, object] = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": LEVELS[one.severity],
        "message": {"text": plain(f"{one.message} {one.remedy}")},
        "locations": [place],
        "partialFingerprints": {"covey/v1": one.fingerprint},
        "baselineState": "unchanged" if one.known else "new",
    }
    return found | ({"suppressions": [{"kind": "external"}]} if one.known else {})
