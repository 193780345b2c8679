"""Who sits in the language model's seat, by configuration."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from generator.dialogue import LanguageModel, OfflineProposer
from generator.errors import InputError
from generator.llm.client import Client
from generator.llm.prompted import Budget, Prompted
from generator.llm.record import Record

# By the word people use: module and class of the client. A module is imported only where its client is asked for.
CLIENTS: Mapping[str, tuple[str, str]] = {
    "gemini": ("generator.llm.gemini", "GeminiClient"),
    "google-genai": ("generator.llm.google_genai", "GoogleGenaiClient"),
}
USUAL_MODEL = "gemini-2.5-flash"


def connect(
    wanted: str,
    *,
    key: str | None,
    endpoint: str | None = None,
    record: Path,
    replay: bool = False,
    budget: Budget | None = None,
) -> tuple[LanguageModel, str | None]:
    """Seat a language model, or the offline proposer where that cannot be.

    Parameters
    ----------
    wanted : str
        A word of `CLIENTS`, with a colon and the vendor's name of a model where it is not the usual one:
        ``gemini:gemini-2.5-pro``.
    key : str or None
        The vendor's key.
    endpoint : str or None
        Another address than the vendor's.
    record : Path
        Folder of the answers kept.
    replay : bool
        Answer from the record alone.
    budget : Budget, optional

    Returns
    -------
    LanguageModel
    str or None
        Why it is not the one that was asked for, and what to do.

    Raises
    ------
    InputError
        No such client.
    """
    client_name, _, model = wanted.partition(":")
    if client_name not in CLIENTS:
        raise InputError(f"--llm {wanted[:60]}", "is no client that covey knows.", f"Choose {' or '.join(CLIENTS)}.")
    model = model or USUAL_MODEL
    name = f"{model} through {client_name}"
    kept = Record(record)
    terms = budget or Budget()
    if replay:
        return Prompted(name, None, terms, kept), None
    if not key:
        return OfflineProposer(), "GEMINI_API_KEY is not set; export it to ask the language model"
    try:
        client = _client(client_name, model, key, endpoint)
    except ImportError:
        return OfflineProposer(), f"the client {client_name} is not installed: pip install 'covey[gemini]'"
    return Prompted(name, client, terms, kept), None


def _client(client_name: str, model: str, key: str, endpoint: str | None) -> Client:
    module, made = CLIENTS[client_name]
    maker: Callable[[str, str, str | None], Client] = getattr(import_module(module), made)
    return maker(model, key, endpoint)
