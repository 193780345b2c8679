"""Names that outsiders gave, as names that clouds accept."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256


def slug(text: str, length: int = 40) -> str:
    """Reduce any text to ``[a-z][a-z0-9-]*`` of at most `length` characters.

    >>> slug("United Kingdom/cat22")
    'united-kingdom-cat22'
    >>> slug("1+1")
    'm-1-1'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not words:
        words = "m-" + sha256(text.encode()).hexdigest()[:8]
    elif not words[0].isalpha():
        words = "m-" + words
    return words[:length].rstrip("-")


def distinct_slugs(texts: Iterable[str], length: int = 40) -> dict[str, str]:
    """Slugs of distinct texts; where several would share one, all of them carry a digest of their text.

    >>> distinct_slugs(["a b", "a-b"])
    {'a b': 'a-b-c8687a08', 'a-b': 'a-b-d44362d6'}
    """
    slugs = {text: slug(text, length) for text in texts}
    while shared := {short for short, count in Counter(slugs.values()).items() if count > 1}:
        digested = {text: _digested(text, length) for text, short in slugs.items() if short in shared}
        if digested.items() <= slugs.items():
            break
        # A digest may be another text's own slug, which then takes one, too.
        slugs |= digested
    return slugs


def _digested(text: str, length: int) -> str:
    return f"{slug(text, length)[: length - 9].rstrip('-')}-{sha256(text.encode()).hexdigest()[:8]}"
