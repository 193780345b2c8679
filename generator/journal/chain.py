"""The chain: every entry of the log carries the hash of the one before it, and its own over all its fields.

What a chain shows: any field of any entry, and any content, that is not as it was written; an entry that is missing,
was put in between or changed its place. What it cannot show by itself: that its newest entries were deleted, or that
somebody who may write to the journal wrote all of it anew. For both, the hash of a newest entry must be known from
elsewhere: `Journal.verify` takes one.
"""

import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

# What the first entry follows.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    Parameters
    ----------
    sequence : int
        1 for the first.
    at : datetime
        When, in UTC, by the clock of whoever wrote it.
    actor : str
        Who wrote it; covey takes their word for it.
    kind : str
        What the content is.
    content : str
        SHA-256 of the content.
    previous : str
        Hash of the entry before this one; 64 zeros for the first.
    digest : str
        Hash of all other fields.
    """

    sequence: int
    at: datetime
    actor: str
    kind: str
    content: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as its row has it, whatever somebody may have made of that."""

    sequence: Any
    at: Any
    actor: Any
    kind: Any
    content: Any
    previous: Any
    digest: Any

    @property
    def hash(self) -> str:
        """What `digest` has to be: the SHA-256 of the other fields as JSON in ASCII, without spaces."""
        fields = [self.sequence, self.at, self.actor, self.kind, self.content, self.previous]
        return sha256(json.dumps(fields, separators=(",", ":"), default=repr).encode()).hexdigest()

    def entry(self) -> Entry:
        """Return the entry.

        Raises
        ------
        ValueError
            A field is of another kind than was written.
        """
        texts = (self.actor, self.kind, self.content, self.previous, self.digest)
        if not isinstance(self.sequence, int) or not all(isinstance(text, str) for text in (self.at, *texts)):
            raise ValueError("a field of it is of another type")
        return Entry(self.sequence, datetime.fromisoformat(self.at).astimezone(UTC), *texts)


@dataclass(frozen=True, slots=True)
class Break:
    """Where the journal is not as it was written: at an entry, or, where `sequence` is None, beside the log."""

    sequence: int | None
    what: str


def link(last: Stored | None, at: datetime, actor: str, kind: str, content: str) -> Stored:
    """Put a new entry behind the last.

    Parameters
    ----------
    last : Stored or None
        None for the first.
    at : datetime
        Aware of its zone.
    actor, kind, content : str
        See `Entry`.
    """
    sequence, previous = (1, GENESIS) if last is None else (last.sequence + 1, last.digest)
    open_ended = Stored(sequence, spelled(at), actor, kind, content, previous, "")
    return Stored(sequence, open_ended.at, actor, kind, content, previous, open_ended.hash)


def spelled(at: datetime) -> str:
    """Spell a moment in UTC at a fixed width, so that texts sort as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def breaks(rows: Iterable[Stored], contents: Set[str], damaged: Set[str], head: str | None) -> Iterator[Break]:
    """Find where a log is not as it was written.

    Parameters
    ----------
    rows : iterable of Stored
        By sequence.
    contents : set of str
        Digests under which contents are held.
    damaged : set of str
        Those among them whose content is another.
    head : str, optional
        Hash of an entry that is known to have been written.
    """
    expected, previous = 1, GENESIS
    named: set[str] = set()
    met = False
    for row in rows:
        if row.sequence != expected:
            yield Break(expected, f"is missing: entry {row.sequence!r} comes in its place")
        elif row.previous != previous:
            yield Break(row.sequence, "does not follow the entry before it")
        if row.digest != row.hash:
            yield Break(row.sequence, "is not what was written: its hash is another")
        if row.content in damaged:
            yield Break(row.sequence, f"names content that is not what was written: {row.content}")
        elif row.content not in contents:
            yield Break(row.sequence, f"names content that is missing: {row.content!r}")
        named.add(row.content)
        met = met or row.digest == head
        expected = row.sequence + 1 if isinstance(row.sequence, int) else expected + 1
        previous = row.digest
    for digest in sorted(contents - named, key=repr):
        yield Break(None, f"content that no entry names: {digest!r}")
    if head is not None and not met:
        yield Break(None, f"no entry has the hash {head}: entries were deleted, or this is another journal")
