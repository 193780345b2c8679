"""The pretend cloud's own memory: one file a resource, so that a refresh finds it and a test can take it away.

``operations.jsonl`` tells what was done and in which order: a creation or change when it is done, a deletion when it
begins, so that of two lines the first was over before the second could harm it.
"""

import hashlib
import json
import os
from pathlib import Path

from generator.offline.values import Properties


class Cloud:
    """Resources by type and id under one folder, and a log of what was done to them.

    Parameters
    ----------
    folder : Path
        Where the files lie; made when missing. Secrets never reach it: callers pass `values.hidden` ones.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "resources"
        self.log = folder / "operations.jsonl"
        self.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, token: str, scope: str, identity: str, urn: str, inputs: Properties, outputs: Properties) -> None:
        """Create or change a resource; `scope` is where its id is unique, such as a region."""
        record = {"type": token, "id": identity, "urn": urn, "inputs": inputs, "outputs": outputs}
        path = self.path(token, scope, identity)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
        unfinished.replace(path)

    def note(self, operation: str, token: str, label: str, inputs: Properties) -> None:
        """Add a line to the log; `label` is the name in the program."""
        given = {name: value for name, value in inputs.items() if not name.startswith("__")}
        entry = {"operation": operation, "type": token, "name": label, "inputs": given}
        # One write to a descriptor opened for appending: the two providers' lines never mix.
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"{json.dumps(entry, sort_keys=True)}\n".encode())
        finally:
            os.close(descriptor)

    def find(self, token: str, scope: str, identity: str) -> tuple[Properties, Properties] | None:
        """Inputs and outputs of a resource, or None where it is gone."""
        try:
            record = json.loads(self.path(token, scope, identity).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return record["inputs"], record["outputs"]

    def remove(self, token: str, scope: str, identity: str) -> None:
        """Delete a resource; one that is gone already is no failure, as with the real providers."""
        self.path(token, scope, identity).unlink(missing_ok=True)

    def path(self, token: str, scope: str, identity: str) -> Path:
        """File of one resource; ids hold slashes and more, so their digest names it."""
        return self.folder / f"{hashlib.sha256(f'{token} {scope} {identity}'.encode()).hexdigest()[:32]}.json"
