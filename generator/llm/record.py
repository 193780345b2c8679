"""Answers kept by the content of what was asked: a cache, a record, and with no client a replay."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.dialogue import Prompt
from generator.llm.client import Completion

MOST_BYTES = 2**20


class _Kept(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: str
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class Record:
    """A folder of answers, one file for each prompt and model.

    Parameters
    ----------
    folder : Path
        Made when the first answer is kept. Files hold answers, not prompts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, model: str, prompt: Prompt) -> Completion | None:
        """Return what a model answered to a prompt; None where that is not known, or its file is damaged."""
        try:
            with self._file(model, prompt).open("rb") as opened:
                kept = _Kept.model_validate_json(opened.read(MOST_BYTES))
        except (OSError, ValidationError):
            return None
        return Completion(kept.text, kept.input_tokens, kept.output_tokens)

    def keep(self, model: str, prompt: Prompt, completion: Completion) -> None:
        """Keep an answer, whole or not at all. A folder that cannot be written to costs the next call, not this one."""
        file = self._file(model, prompt)
        aside = file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            content = {
                "text": completion.text,
                "input_tokens": completion.input_tokens,
                "output_tokens": completion.output_tokens,
            }
            aside.write_text(json.dumps(content), encoding="utf-8")
            aside.replace(file)

    def _file(self, model: str, prompt: Prompt) -> Path:
        digest = hashlib.sha256(f"{model}\n{prompt.text()}".encode()).hexdigest()
        return self._folder / f"{digest}.json"
