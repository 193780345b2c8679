"""A program as one content of the journal, and back again."""

import base64
import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from generator.errors import JournalError
from generator.journal.records import ProgramRecord

# An emission of 10,000 workloads takes some 40 MB.
MOST_BYTES = 256 * 2**20


def tree_digest(digests: Mapping[str, str]) -> str:
    """Take a program's digest: SHA-256 over the JSON of its files' own by path, sorted, without spaces.

    Parameters
    ----------
    digests : mapping of str to str
        SHA-256 by path, as an approval lists them.
    """
    return sha256(json.dumps(dict(digests), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack a program's files into a content of kind "program".

    Parameters
    ----------
    files : mapping of str to bytes
        Content by path; what is not UTF-8 comes back as it was all the same.
    """
    texts = {path: content.decode("utf-8", "surrogateescape") for path, content in files.items()}
    spelled = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    deflated = base64.b64encode(zlib.compress(spelled, 9)).decode("ascii")
    return ProgramRecord(tree=_tree(files), files=deflated).content()


def unpacked(content: bytes) -> tuple[str, dict[str, bytes]]:
    """Return a program's digest and files.

    Raises
    ------
    JournalError
        It is no program that this covey wrote.
    """
    try:
        record = ProgramRecord.model_validate_json(content)
        # What is larger is cut off, and then no JSON.
        spelled = zlib.decompressobj().decompress(base64.b64decode(record.files, validate=True), MOST_BYTES)
        texts: Any = json.loads(spelled)
        files = {path: text.encode("utf-8", "surrogateescape") for path, text in texts.items()}
    except (ValidationError, ValueError, AttributeError, zlib.error):
        what = "holds a program that is not of the shape this covey writes."
        raise JournalError("the journal", what, "Use the covey that wrote it.") from None
    if _tree(files) != record.tree:
        what = f"holds a program whose files are not those of its digest, {record.tree}."
        raise JournalError("the journal", what, "Look: covey log verify.")
    return record.tree, files


def _tree(files: Mapping[str, bytes]) -> str:
    return tree_digest({path: sha256(content).hexdigest() for path, content in files.items()})
