"""What a language model is asked, how it is spelled, how its answer is read, and who answers where there is none."""

from generator.dialogue.offline_proposer import OfflineProposer
from generator.dialogue.precedent import APPROVED_MARGIN, nearest, precedent
from generator.dialogue.prompt import Prompt, prompt, read
from generator.dialogue.prose import checked
from generator.dialogue.questions import Answer, Brief, Example, LanguageModel, Option, Question, unanswered

__all__ = [
    "APPROVED_MARGIN",
    "Answer",
    "Brief",
    "Example",
    "LanguageModel",
    "OfflineProposer",
    "Option",
    "Prompt",
    "Question",
    "checked",
    "nearest",
    "precedent",
    "prompt",
    "read",
    "unanswered",
]
