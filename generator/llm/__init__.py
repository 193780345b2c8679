"""The language model's seat: vendors' clients behind one port, with a budget, retries and a record."""

from generator.llm.connect import CLIENTS, connect
from generator.llm.prompted import Budget, PayloadRecorder

__all__ = ["CLIENTS", "Budget", "PayloadRecorder", "connect"]
