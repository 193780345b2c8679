"""What every vendor's client comes down to."""

from dataclasses import dataclass
from typing import Protocol

from generator.dialogue import Prompt

MOST_OUTPUT_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's text, and the tokens it took."""

    text: str
    input_tokens: int
    output_tokens: int


class RefusedError(Exception):
    """No completion came; the reason is in our own words, so that no key and no prompt can be in it.

    Parameters
    ----------
    reason : str
    passing : bool
        Whether the same request may succeed in a moment.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing


class Client(Protocol):
    """Completes one prompt, once."""

    @property
    def name(self) -> str:
        """Model and client, as people are told."""
        ...

    def complete(self, prompt: Prompt, timeout_s: float) -> Completion:
        """Complete a prompt, or raise `RefusedError`."""
        ...


def refused(status: int) -> RefusedError:
    """Say what an HTTP status of the model's service means."""
    if status == 429:
        return RefusedError("the model's quota is exhausted (HTTP 429)", passing=True)
    if status >= 500:
        return RefusedError(f"the model's service failed (HTTP {status})", passing=True)
    if status in (400, 401, 403):
        return RefusedError(f"the service refused the request or the key (HTTP {status})")
    return RefusedError(f"the service refused the request (HTTP {status})")


def completed(text: str | None, finish_reason: str, tokens: tuple[int, int], *, blocked: bool) -> Completion:
    """Return a completion that ended by itself, or say why it did not."""
    if blocked or finish_reason in ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"):
        raise RefusedError("the service blocked the prompt or the answer as unsafe")
    if finish_reason == "MAX_TOKENS":
        raise RefusedError("the answer was cut off at the most tokens it may have")
    if not text:
        raise RefusedError("the answer is empty")
    return Completion(text, *tokens)
