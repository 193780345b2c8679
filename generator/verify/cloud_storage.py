"""Looks at artifacts in Cloud Storage: one GET each of the JSON API.

https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

import base64
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field

from generator.clouds.google import GoogleApi, GoogleReply

Digest = Annotated[str, AfterValidator(lambda text: base64.b64decode(text, validate=True).hex())]


class _Object(GoogleReply):
    # One composed of others has no MD5.
    md5: Digest | None = Field(None, alias="md5Hash")
    crc32c: Digest


def cloud_storage_reader(bucket: str) -> Callable[[str], str | None]:
    """Return a function that gives an object's digest by its key, and None where there is none.

    Raises
    ------
    DeployError
        Nobody is logged in; from the function: no permission, no answer, a strange one.
    """
    storage = GoogleApi("storage", "devstorage.read_only")

    def read(key: str) -> str | None:
        where = f"gs://{bucket}/{key}"
        path = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(key, safe='')}"
        allow = "storage.objects.get (roles/storage.objectViewer)"
        answer = storage.get(where, path, doing="describe it", allow=allow)
        if answer.status == 404:
            return None
        found = storage.read(where, answer, _Object)
        return f"crc32c:{found.crc32c}" if found.md5 is None else f"md5:{found.md5}"

    return read
