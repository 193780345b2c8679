"""What is deployed is what was approved."""

from .rule import Rule

RULES: tuple[Rule, ...] = ()
