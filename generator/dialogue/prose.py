"""Prose of a model, held to the verdict: a sentence with a figure that is not there is dropped."""

import re
from collections.abc import Iterable

MOST_CHARACTERS = 600
# 1,234.5  .85  12  85%: digits with thousands' commas, an optional fraction, an optional percent sign.
FIGURE = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s?(%|percent\b)?", re.IGNORECASE)
# What looks like a figure in letters cannot be checked, so it does not pass.
SPELLED = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|"
    r"ninety|hundred|thousand|million|billion|half|halve[sd]?|thirds?|quarters?|double[sd]?|twice|triple[sd]?|thrice|dozen|tenfold)\b",
    re.IGNORECASE,
)
# Nothing that a reader could follow, run or be steered by.
UNSAFE = re.compile(r"https?:|www\.|[<>`\[\]{}|\\@#$]|\b[a-z]+\(\)", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\d\s])")


def checked(text: str, figures: Iterable[float]) -> str:
    """Keep the sentences whose every figure is one of the verdict's.

    Parameters
    ----------
    text : str
        What a model wrote.
    figures : iterable of float
        What it may cite, shares as fractions. A figure is cited rightly if it is what rounding to the digits shown
        gives; a percentage may cite a share.

    Returns
    -------
    str
        The sentences that hold, of at most `MOST_CHARACTERS` together; empty where none does.
    """
    known = tuple(figures)
    flat = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MOST_CHARACTERS]).split())
    kept: list[str] = []
    for sentence in SENTENCE_END.split(flat):
        holds = sentence.endswith((".", "!", "?")) and sentence.isascii()
        if holds and not UNSAFE.search(sentence) and not SPELLED.search(sentence) and _cites_rightly(sentence, known):
            kept.append(sentence)
    while kept and len(" ".join(kept)) > MOST_CHARACTERS:
        kept.pop()
    return " ".join(kept)


def _cites_rightly(sentence: str, known: tuple[float, ...]) -> bool:
    spans = [found.span() for found in FIGURE.finditer(sentence)]
    digits = {i for i, c in enumerate(sentence) if c.isdigit()}
    if digits - {i for start, end in spans for i in range(start, end)}:
        return False  # digits within a word: a name, a version, an id
    return all(_is_cited(found[1], known, scale=100.0 if found[2] else 1.0) for found in FIGURE.finditer(sentence))


def _is_cited(written: str, known: tuple[float, ...], *, scale: float) -> bool:
    figure = float(written.replace(",", ""))
    decimals = len(written.partition(".")[2])
    tolerance = 0.5 * 10.0**-decimals * (1.0 + 1e-9)
    return any(abs(abs(scale * value) - figure) <= tolerance for value in known)
