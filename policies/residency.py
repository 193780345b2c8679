"""Where data may be processed."""

from .rule import Rule

RULES: tuple[Rule, ...] = ()
