"""Which journal a verb writes to, and what it writes: plans and what they rest on, a model's words, operations.

A plan is made whether or not it can be recorded: what hinders that is said once, and planning goes on without. What
people decide and what changes a cloud is done only where it can be recorded.
"""

from generator.history.history import History, actor, history_of_decisions, history_of_plans
from generator.history.journal_at import NOWHERE, JournalAt, folder_of, journal_at, refer, without_harm
from generator.history.undertakings import change, operation

__all__ = [
    "NOWHERE",
    "History",
    "JournalAt",
    "actor",
    "change",
    "folder_of",
    "history_of_decisions",
    "history_of_plans",
    "journal_at",
    "operation",
    "refer",
    "without_harm",
]
