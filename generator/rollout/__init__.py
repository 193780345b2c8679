"""Another program, region by region: prepared, watched, taken back by itself, and all of it from the journal."""

from generator.rollout.chronicle import Chronicle, Held, Restorable, project_name
from generator.rollout.draft import Draft, draft
from generator.rollout.prepare import prepare, prepare_back
from generator.rollout.progress import Progress, progress
from generator.rollout.regions import PulumiRegions
from generator.rollout.rollout import Regions, rollout

__all__ = [
    "Chronicle",
    "Draft",
    "Held",
    "Progress",
    "PulumiRegions",
    "Regions",
    "Restorable",
    "draft",
    "prepare",
    "prepare_back",
    "progress",
    "project_name",
    "rollout",
]
