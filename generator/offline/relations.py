"""What properties of a resource say about each other: one table of choices and one of statements for each cloud."""

from generator.offline import amazon_relations, google_relations
from generator.offline.choices import chosen
from generator.offline.values import Properties

CHOICES = (*amazon_relations.CHOICES, *google_relations.CHOICES)
STATEMENTS = {**amazon_relations.STATEMENTS, **google_relations.STATEMENTS}


def relations(token: str, inputs: Properties) -> list[tuple[str, str]]:
    """List the (property path, reason) at which properties of a resource contradict each other."""
    found: list[tuple[str, str]] = []
    for choice in CHOICES:
        if choice.token == token:
            found += chosen(choice, inputs)
    for judge in STATEMENTS.get(token, ()):
        found += judge(inputs)
    return found
