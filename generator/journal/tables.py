"""The tables, in types that every database has."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table

# Raised whenever a table changes. An older journal is then brought up to date, a newer one refused.
VERSION = 1

METADATA = MetaData()

# One row. Writers lock it, so that they come one after another in databases that let several begin at once.
FORMAT = Table("covey_journal", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

CONTENT = Table(
    "content",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# The two unique hashes are what keeps a chain from forking, whatever else fails.
LOG = Table(
    "log",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("content", String(64), ForeignKey(CONTENT.c.digest), nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),
)
