"""What was read, planned, asked, decided and deployed: contents by their digest, on a log that only grows."""

from generator.journal.chain import Break as Break
from generator.journal.chain import Entry as Entry
from generator.journal.store import Journal as Journal
from generator.journal.store import Kind as Kind
