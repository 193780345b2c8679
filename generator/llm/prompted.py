"""Any client in the language model's seat: within a budget, patient for a while, never raising."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from generator.dialogue import Answer, Brief, OfflineProposer, Prompt, prompt, read, unanswered
from generator.llm.client import Client, Completion, RefusedError
from generator.llm.record import Record
from generator.model import Source, Usage

ATTEMPTS = 3
# Seconds before the second attempt; twice as many before the third.
PAUSE_S = 1.0
# Four characters make a token of English or JSON, roughly (the Gemini documentation's own rule of thumb).
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """What one plan may ask for in all: calls, tokens in and out, and seconds of waiting."""

    calls: int = 12
    tokens: int = 200_000
    seconds: float = 90.0


class Prompted:
    """Spells briefs as prompts, and reads what a client answers.

    Parameters
    ----------
    name : str
        Model and client, as people are told and answers are kept.
    client : Client or None
        None replays: only what is on record is answered.
    budget : Budget
    record : Record
    clock : callable
        Seconds since some moment.
    """

    source: Source = "model"

    def __init__(
        self,
        name: str,
        client: Client | None,
        budget: Budget,
        record: Record,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._client = client
        self._budget = budget
        self._record = record
        self._clock = clock
        self._spent = Usage()
        self._waited_s = 0.0

    def answer(self, brief: Brief) -> Answer:
        """Choose an option for every question of a brief, or say why not."""
        asked = prompt(brief)
        kept = self._record.find(self.name, asked)
        before = self._spent
        try:
            completion = kept or self._completed(asked)
        except RefusedError as refusal:
            return unanswered(refusal.reason, _since(before, self._spent))
        usage = Usage(cached=1) if kept else _since(before, self._spent)
        try:
            choices, reasons = read(completion.text, brief)
        except ValueError as unreadable:
            return unanswered(str(unreadable), usage)
        if not kept:
            self._record.keep(self.name, asked, completion)
        return Answer(choices, reasons, usage)

    def _completed(self, asked: Prompt) -> Completion:
        if self._client is None:
            raise RefusedError("this prompt is not on record")
        attempts = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, RefusedError) and error.passing),
            stop=self._stop,
            wait=wait_exponential(multiplier=PAUSE_S),
            reraise=True,
        )
        return attempts(self._once, self._client, asked)

    def _once(self, client: Client, asked: Prompt) -> Completion:
        left_s = self._budget.seconds - self._waited_s
        estimate = len(asked.text()) // CHARACTERS_PER_TOKEN
        tokens = self._spent.input_tokens + self._spent.output_tokens + estimate
        if self._spent.calls >= self._budget.calls:
            raise RefusedError(f"the budget of {self._budget.calls} calls is used up")
        if tokens > self._budget.tokens:
            raise RefusedError(f"the budget of {self._budget.tokens:,} tokens is used up")
        if left_s <= 0:
            raise RefusedError(f"the budget of {self._budget.seconds:.0f} seconds is used up")
        self._spent += Usage(calls=1)
        started = self._clock()
        try:
            completion = client.complete(asked, left_s)
        finally:
            self._waited_s += self._clock() - started
        self._spent += Usage(input_tokens=completion.input_tokens, output_tokens=completion.output_tokens)
        return completion

    def _stop(self, state: RetryCallState) -> bool:
        spent = self._waited_s >= self._budget.seconds or self._spent.calls >= self._budget.calls
        return spent or stop_after_attempt(ATTEMPTS)(state)


def _since(before: Usage, after: Usage) -> Usage:
    return Usage(
        calls=after.calls - before.calls,
        input_tokens=after.input_tokens - before.input_tokens,
        output_tokens=after.output_tokens - before.output_tokens,
    )


class PayloadRecorder:
    """Sits in the seat to show what would leave: keeps every prompt, and answers by the offline proposer's rules."""

    name: str = "nobody: prompts are only shown"
    source: Source = "offline"

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self._proposer = OfflineProposer()

    def answer(self, brief: Brief) -> Answer:
        """Keep the prompt of a brief."""
        self.prompts.append(prompt(brief))
        return self._proposer.answer(brief)
