"""What a stack may cost, and who hears of it."""

from .rule import Rule

RULES: tuple[Rule, ...] = ()
