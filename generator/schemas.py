"""Publish the JSON Schemas of what people and programs exchange with covey: ``python -m generator.schemas FOLDER``."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from generator.approval.approval_document import approval_schema
from generator.inventory.fleet_document import fleet_schema
from generator.inventory.newcomer import newcomer_schema
from generator.present.answers import answer_schemas, published
from generator.present.calibration import CalibrationAnswer
from generator.present.drift import DriftAnswer
from generator.present.ledger import LedgerReport
from generator.present.log import Log, LogVerification
from generator.present.membership import MembershipAnswer
from generator.present.observations import ObservationsAnswer
from generator.present.plan_document import chosen_schema, plan_schema
from generator.present.regroup import RegroupAnswer
from generator.present.rollout import RestorablePrograms, RolloutAnswer


def schemas() -> Mapping[str, str]:
    """Give every published schema as text, by the name of its file."""
    documents = {
        "approval.schema.json": approval_schema(),
        "fleet.schema.json": fleet_schema(),
        "plan.schema.json": plan_schema(),
        "recommendation.schema.json": chosen_schema(),
        "drift.schema.json": published("drift", DriftAnswer),
        "ledger.schema.json": published("ledger", LedgerReport),
        "membership.schema.json": published("membership", MembershipAnswer),
        "newcomer.schema.json": newcomer_schema(),
        "regroup.schema.json": published("regroup", RegroupAnswer),
        "log.schema.json": published("log", Log),
        "log-verification.schema.json": published("log-verification", LogVerification),
        "calibration.schema.json": published("calibration", CalibrationAnswer),
        "observations.schema.json": published("observations", ObservationsAnswer),
        "rollout.schema.json": published("rollout", RolloutAnswer),
        "restorable.schema.json": published("restorable", RestorablePrograms),
        **answer_schemas(),
    }
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}


if __name__ == "__main__":
    for _name, _text in schemas().items():
        (Path(sys.argv[1]) / _name).write_text(_text, encoding="utf-8")
