"""What an inventory's entries are made of: kinds of text, number and time. What is hostile or meaningless ends here."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LONGEST_NAME = 128


def _name(text: str) -> str:
    """Normalise to NFC; refuse what cannot be printed (control and direction marks) or does not show (outer spaces)."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    if text != text.strip():
        raise ValueError("must not begin or end with a space")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"must have at most {LONGEST_NAME} characters")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must hold printable characters only, on one line")
    return text


def _key(text: str) -> str:
    if any(set(part) == {"."} for part in text.split("/")):
        raise ValueError("must not hold the parts '.' or '..'")
    return text


def _instant(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a date and time in quotes, such as '2026-01-31T00:00:00'")  # noqa: TRY004 (pydantic's contract)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            "must be a date and time such as '2026-01-31T00:00:00' or '2026-01-31T00:00:00+01:00'"
        ) from None


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as 'UTC' or 'Europe/London'") from None
    return text


def template(*placeholders: str) -> AfterValidator:
    """Allow these words in braces, and no other braces."""

    def check(text: str) -> str:
        unknown = sorted(set(re.findall(r"\{([^{}]*)\}", text)) - set(placeholders))
        stripped = re.sub(r"\{[^{}]*\}", "", text)
        if unknown or "{" in stripped or "}" in stripped:
            words = " and ".join("{" + word + "}" for word in placeholders)
            raise ValueError(f"may hold the placeholders {words} only")
        return text

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(min_length=1, max_length=4 * LONGEST_NAME), AfterValidator(_name)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_printable)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9 :._-]{0,62}$")]
CatalogName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
UrlPath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9][A-Za-z0-9._~-]*)+$", max_length=128)]
ArtifactKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._=+-]*(/[A-Za-z0-9._=+-]+)*$", max_length=512),
    AfterValidator(_key),
]
FileName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*\.(csv|parquet)$", max_length=256),
    AfterValidator(_key),
]
ImageTemplate = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9{][a-z0-9{}._/:@-]*$", max_length=512),
    template("region", "account"),
]
BucketTemplate = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9{][a-z0-9{}._-]{1,100}$"), template("region", "account")
]
Domain = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=180)
]
Email = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,63}$")]
Instant = Annotated[datetime, BeforeValidator(_instant)]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_time_zone)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e12)]
NotNegative = Annotated[float, Field(ge=0, le=1e12)]


def as_utc(instant: datetime, time_zone: str) -> datetime:
    """Give an instant in UTC; without an offset it is a wall clock's in `time_zone`.

    Raises
    ------
    ValueError
        The clock shows that time twice or never (daylight saving).
    """
    if instant.tzinfo is None:
        first = instant.replace(tzinfo=ZoneInfo(time_zone))
        if first.utcoffset() != first.replace(fold=1).utcoffset():
            raise ValueError(f"{instant.isoformat()} is no single instant in {time_zone}")
        instant = first
    return instant.astimezone(UTC)


class Entry(BaseModel):
    """A mapping in the document: every field known, every type as written."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
