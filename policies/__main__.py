"""The pack the engine runs: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

from pulumi_policy import PolicyPack

# The engine runs this file from within its folder, so the folder's own name has to be made known first.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.engine import policy
from policies.rules import RULES

PolicyPack("covey", [policy(rule) for rule in RULES])
