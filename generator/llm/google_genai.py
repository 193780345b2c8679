"""Gemini through google-genai, the successor of google-generativeai."""

import json

import httpx2
from google import genai as vendor
from google.genai import types
from google.genai.errors import APIError

from generator.dialogue import Prompt
from generator.llm.client import MOST_OUTPUT_TOKENS, Completion, RefusedError, completed, refused


class GoogleGenaiClient:
    """One model of the Gemini API.

    Parameters
    ----------
    model, key : str
    endpoint : str or None
        Another address than the public one.
    """

    def __init__(self, model: str, key: str, endpoint: str | None) -> None:
        self.name = f"{model} (google-genai)"
        self._model = model
        # The version that has had system instructions and response schemas longest, as the other client's.
        options = types.HttpOptions(base_url=endpoint, api_version="v1beta")
        self._client = vendor.Client(api_key=key, http_options=options)

    def complete(self, prompt: Prompt, timeout_s: float) -> Completion:
        """Complete a prompt, or raise `RefusedError`."""
        settings = types.GenerateContentConfig(
            system_instruction=prompt.instruction,
            candidate_count=1,
            temperature=0.0,
            max_output_tokens=MOST_OUTPUT_TOKENS,
            response_mime_type="application/json",
            response_schema=json.loads(json.dumps(prompt.schema)),
            http_options=types.HttpOptions(timeout=max(1, round(timeout_s * 1000))),
        )
        try:
            reply = self._client.models.generate_content(model=self._model, contents=prompt.payload, config=settings)
        except APIError as error:
            raise refused(error.code) from None
        except httpx2.TimeoutException:
            raise RefusedError(f"no answer came within {timeout_s:.0f} s", passing=True) from None
        except httpx2.HTTPError:
            raise RefusedError("the connection failed or broke off", passing=True) from None
        except ValueError:
            raise RefusedError("the service answered with something that is not its protocol") from None
        usage = reply.usage_metadata
        tokens = (usage.prompt_token_count or 0, usage.candidates_token_count or 0) if usage else (0, 0)
        blocked = bool(reply.prompt_feedback and reply.prompt_feedback.block_reason)
        if not reply.candidates:
            return completed(None, "", tokens, blocked=blocked)
        first = reply.candidates[0]
        parts = (first.content.parts if first.content else None) or []
        reason = first.finish_reason.name if first.finish_reason else ""
        return completed("".join(part.text or "" for part in parts), reason, tokens, blocked=blocked)
