"""Gemini through google-generativeai."""

import json
import warnings

from generator.dialogue import Prompt
from generator.llm.client import MOST_OUTPUT_TOKENS, Completion, RefusedError, completed, refused

with warnings.catch_warnings():
    # Its maker has ended its support and says so on import; google_genai.py is the successor.
    warnings.simplefilter("ignore", FutureWarning)
    from google.generativeai.client import configure
    from google.generativeai.generative_models import GenerativeModel
    from google.generativeai.types import GenerationConfig, RequestOptions

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.protobuf.json_format import ParseError


class GeminiClient:
    """One model of the Gemini API over REST.

    Parameters
    ----------
    model, key : str
    endpoint : str or None
        Another address than the public one.
    """

    def __init__(self, model: str, key: str, endpoint: str | None) -> None:
        self.name = f"{model} (google-generativeai)"
        self._model = model
        options = {"api_endpoint": endpoint} if endpoint else None
        configure(api_key=key, transport="rest", client_options=options)

    def complete(self, prompt: Prompt, timeout_s: float) -> Completion:
        """Complete a prompt, or raise `RefusedError`."""
        model = GenerativeModel(self._model, system_instruction=prompt.instruction)
        settings = GenerationConfig(
            candidate_count=1,
            temperature=0.0,
            max_output_tokens=MOST_OUTPUT_TOKENS,
            response_mime_type="application/json",
            # The client changes the schema it is given.
            response_schema=json.loads(json.dumps(prompt.schema)),
        )
        try:
            reply = model.generate_content(
                prompt.payload,
                generation_config=settings,
                request_options=RequestOptions(timeout=timeout_s, retry=None),
            )
        except GoogleAPICallError as error:
            raise refused(int(error.code or 0)) from None
        except requests.Timeout:
            raise RefusedError(f"no answer came within {timeout_s:.0f} s", passing=True) from None
        except requests.RequestException:
            raise RefusedError("the connection failed or broke off", passing=True) from None
        except (ParseError, ValueError):
            raise RefusedError("the service answered with something that is not its protocol") from None
        usage = reply.usage_metadata
        tokens = (usage.prompt_token_count, usage.candidates_token_count)
        blocked = bool(reply.prompt_feedback.block_reason)
        if not reply.candidates:
            return completed(None, "", tokens, blocked=blocked)
        first = reply.candidates[0]
        text = "".join(part.text for part in first.content.parts)
        return completed(text, first.finish_reason.name, tokens, blocked=blocked)
