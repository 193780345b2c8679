"""What the clouds refuse or cut off, found before they are asked."""

from .rule import Rule

RULES: tuple[Rule, ...] = ()
