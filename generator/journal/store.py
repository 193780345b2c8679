"""The journal in a database: SQLite in a file, or whatever else SQLAlchemy has a URL for."""

import contextlib
from collections.abc import Generator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from generator.errors import JournalError, OvertakenError
from generator.journal.chain import GENESIS, Break, Entry, Stored, breaks, link, spelled
from generator.journal.tables import CONTENT, FORMAT, LOG, METADATA, VERSION

Kind = Literal[
    "inventory",
    "catalogue",
    "plan",
    "recommendations",
    "prompt",
    "reply",
    "claim",
    "approval",
    "rejection",
    "retraction",
    "deployment",
    "membership",
    "series",
    "observations",
    "calibration",
    "program",
    "rollout",
    "rollout-step",
]

# How long one process waits for another's entry, which takes milliseconds.
BUSY_S = 30.0
ROWS_AT_ONCE = 500
# Of PostgreSQL's advisory locks, the one of whoever makes the tables; any number will do.
MAKING = 0xC07E1

Record = TypeVar("Record", bound=BaseModel)


class Journal:
    """Contents by their SHA-256, and a hash-chained log of who added which, when. It only grows.

    Nothing is opened before the first call, and nothing stays open after one. Each entry with its content is one
    transaction, on disk when `append` returns, so a process that is killed loses at most the entry it was writing; and
    writers come one after another, so several processes add to one chain.

    Parameters
    ----------
    place : Path or str
        A file of SQLite, or a URL as SQLAlchemy has it: ``sqlite:///journal.sqlite``,
        ``postgresql://who:secret@host/database``. The first entry makes the file or the tables, and neither the file's
        folder nor the database.

    Raises
    ------
    JournalError
        It is no such URL, or nothing here speaks to such a database.
    """

    def __init__(self, place: Path | str) -> None:
        try:
            self._url: URL = make_url(place) if isinstance(place, str) else URL.create("sqlite", database=str(place))
            if self._url.drivername == "postgresql":
                self._url = self._url.set(drivername="postgresql+psycopg")
            self._engine = create_engine(self._url, poolclass=NullPool, connect_args=_connect_arguments(self._url))
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            remedy = "Name a file, or a URL such as sqlite:///journal.sqlite; PostgreSQL needs covey[postgresql]."
            raise JournalError("--journal", f"is no database that can be spoken to: {error}.", remedy) from None
        if self._url.get_backend_name() == "sqlite":
            if self._url.database in (None, "", ":memory:"):
                raise JournalError("--journal", "names no file, so nothing would be kept.", "Name a file.")
            event.listen(self._engine, "connect", _prepared)
            event.listen(self._engine, "begin", _begun)

    def __str__(self) -> str:
        """Where it is, without the password."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            return self._url.database
        return self._url.render_as_string(hide_password=True)

    def require_writable(self) -> None:
        """Refuse now what could not be recorded later; the journal is made where there is none.

        Raises
        ------
        JournalError
        """
        with self._opened(writes=True):
            pass

    def append(self, kind: Kind, content: bytes, *, by: str, at: datetime, follows: str | None = None) -> Entry:
        """Add an entry.

        Parameters
        ----------
        kind : str
        content : bytes
            Kept once, however often it is added.
        by : str
            Who adds it.
        at : datetime
            Now.
        follows : str, optional
            Hash of the newest entry of this kind that the writer knows of, `GENESIS` where there was none.

        Returns
        -------
        Entry
            It is on disk.

        Raises
        ------
        OvertakenError
            Another entry of this kind is the newest.
        JournalError
            It cannot be written. In both cases the journal is as it was before.
        """
        digest = sha256(content).hexdigest()
        with self._opened(writes=True) as connection:
            if follows is not None:
                same = select(LOG.c.digest).where(LOG.c.kind == kind).order_by(LOG.c.sequence.desc()).limit(1)
                if (connection.execute(same).scalar() or GENESIS) != follows:
                    what = "Somebody else was faster."
                    raise OvertakenError(f"journal {self}, {kind}", what, "Look again, then decide.")
            found = connection.execute(select(LOG).order_by(LOG.c.sequence.desc()).limit(1)).first()
            added = link(None if found is None else Stored(*found), at, by, kind, digest)
            if connection.execute(select(CONTENT.c.digest).where(CONTENT.c.digest == digest)).first() is None:
                connection.execute(insert(CONTENT).values(digest=digest, body=content))
            row = (added.sequence, added.at, added.actor, added.kind, added.content, added.previous, added.digest)
            connection.execute(insert(LOG).values(dict(zip(LOG.c.keys(), row, strict=True))))
        return added.entry()

    def entries(
        self, *, kind: str | None = None, since: datetime | None = None, newest: int | None = None
    ) -> list[Entry]:
        """List entries, oldest first.

        Parameters
        ----------
        kind : str, optional
            Only those.
        since : datetime, optional
            Only those written then or later, by their own word.
        newest : int, optional
            Only that many of the newest.

        Raises
        ------
        JournalError
        """
        wanted = select(LOG).order_by(LOG.c.sequence.desc()).limit(newest)
        if kind is not None:
            wanted = wanted.where(LOG.c.kind == kind)
        if since is not None:
            wanted = wanted.where(LOG.c.at >= spelled(since))
        with self._opened() as connection:
            rows = [Stored(*row) for row in connection.execute(wanted)]
        try:
            return [row.entry() for row in reversed(rows)]
        except ValueError:
            raise self._error("holds entries that are not what was written.", "Look: covey log verify.") from None

    def holds(self, digest: str) -> bool:
        """Whether a content of this digest was ever added.

        Raises
        ------
        JournalError
        """
        with self._opened() as connection:
            found = connection.execute(select(CONTENT.c.digest).where(CONTENT.c.digest == digest)).first()
        return found is not None

    def content(self, digest: str) -> bytes:
        """Return a content.

        Raises
        ------
        JournalError
            There is none of that digest, or it is not what was written.
        """
        with self._opened() as connection:
            body = connection.execute(select(CONTENT.c.body).where(CONTENT.c.digest == digest)).scalar()
        if body is None:
            raise self._error(f"holds no content {digest[:64]!r}.", "covey log lists what it holds.")
        if not isinstance(body, bytes) or sha256(body).hexdigest() != digest:
            raise self._error(f"content {digest} is not what was written.", "Look: covey log verify.")
        return body

    def record(self, digest: str, kind: type[Record]) -> Record:
        """Return a content as the record it is.

        Parameters
        ----------
        digest : str
        kind : type
            One of `generator.journal.records`, or a part of one.

        Raises
        ------
        JournalError
            As `content` does; or it is no such record.
        """
        try:
            return kind.model_validate_json(self.content(digest))
        except ValidationError:
            what = f"content {digest} is not of the shape that this covey writes."
            raise self._error(what, "Use the covey that wrote it.") from None

    def verify(self, head: str | None = None) -> list[Break]:
        """Find what is not as it was written; see `generator.journal.chain` for what that can show.

        Parameters
        ----------
        head : str, optional
            The hash of an entry that is known from elsewhere: that entry, and all before it, must be there.

        Raises
        ------
        JournalError
        """
        contents: set[str] = set()
        damaged: set[str] = set()
        # One transaction, so that what others write meanwhile is in neither half.
        with self._opened() as connection:
            for digest, body in connection.execution_options(yield_per=1).execute(select(CONTENT)):
                contents.add(digest)
                if not isinstance(body, bytes) or sha256(body).hexdigest() != digest:
                    damaged.add(digest)
            rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(LOG).order_by(LOG.c.sequence))
            return list(breaks((Stored(*row) for row in rows), contents, damaged, head))

    def is_absent(self) -> bool:
        """Whether there is no file, or one that its first writer was killed over: a reader would make it."""
        place = Path(self._url.database or "")
        return self._url.get_backend_name() == "sqlite" and not (place.exists() and place.stat().st_size)

    @contextlib.contextmanager
    def _opened(self, *, writes: bool = False) -> Generator[Connection]:
        """One transaction on tables of this version; a writer's makes them where there are none at all."""
        try:
            if not writes and self.is_absent():
                raise self._error("does not exist: nothing was recorded there.", "Name another: --journal.")
            options: dict[str, Any] = {"writes": writes}
            if self._url.get_backend_name() != "sqlite":
                # Whoever reads sees one moment; a writer, once it has its lock, what others wrote while it waited.
                options["isolation_level"] = "READ COMMITTED" if writes else "REPEATABLE READ"
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                self._require_tables(connection, writes=writes)
                yield connection
        except (SQLAlchemyError, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
            what = f"cannot be {'written' if writes else 'read'}: {reason}."
            raise self._error(what, "Make it accessible, or name another: --journal.") from None

    def _require_tables(self, connection: Connection, *, writes: bool) -> None:
        found = set(inspect(connection).get_table_names())
        if not found and writes and self._url.get_backend_name() == "postgresql":
            # Of two that would make them at once, the second waits and finds them.
            connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
            found = set(inspect(connection).get_table_names())
        if not found and writes:
            METADATA.create_all(connection)
            connection.execute(insert(FORMAT).values(version=VERSION))
            return
        if FORMAT.name not in found:
            raise self._error("is a database of something else.", "Name another file: --journal.")
        asked = select(FORMAT.c.version)
        versions = [*connection.execute(asked.with_for_update() if writes else asked).scalars()]
        if versions != [VERSION]:
            what = f"is of version {', '.join(map(repr, versions)) or 'none'}; this covey reads {VERSION}."
            raise self._error(what, "Use the covey that wrote it, or name another file: --journal.")
        if missing := METADATA.tables.keys() - found:
            raise self._error(f"lacks its tables {', '.join(sorted(missing))}.", "Restore it from a copy.")

    def _error(self, what: str, remedy: str) -> JournalError:
        return JournalError(f"journal {self}", what, remedy)


def _connect_arguments(url: URL) -> dict[str, Any]:
    # With no isolation level the driver begins no transaction of its own: `_begun` does.
    return {"timeout": BUSY_S, "isolation_level": None} if url.get_backend_name() == "sqlite" else {}


def _prepared(connection: Any, _record: object) -> None:
    # It lasts, and nobody else's database is to be changed before it is found to be that.
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begun(connection: Connection) -> None:
    # A writer takes its lock before it reads the head: two that had read the same one could not both follow it.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
