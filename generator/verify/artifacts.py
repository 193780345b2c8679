"""Asks the buckets for artifacts: whether each is there, and which bytes it has, by the bucket's own digest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from generator.clouds.extras import extras
from generator.errors import DeployError
from generator.model import Cloud
from generator.verify.wanted import MODEL, SERVICE


def artifact_digests(state: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    """Look up artifacts in the bucket that a stack serves from.

    Parameters
    ----------
    state : mapping
        What `pulumi stack export` gives.
    keys : sequence of str

    Returns
    -------
    dict of str to str
        ``sha256:…`` or ``etag:…`` of S3, ``md5:…`` or ``crc32c:…`` of Cloud Storage, by key.

    Raises
    ------
    DeployError
        An artifact is not there, or the bucket cannot be asked; or the stack does not say which one it is.
    """
    cloud, bucket = _bucket((state.get("deployment") or {}).get("resources") or [])
    read = _reader(cloud, bucket)
    found: dict[str, str] = {}
    for key in keys:
        digest = read(key)
        if digest is None:
            where = f"{'s3' if cloud == 'aws' else 'gs'}://{bucket}/{key}"
            raise DeployError(where, "is not there.", "Upload it under that key, then try again.")
        found[key] = digest
    return found


def _bucket(resources: Iterable[Mapping[str, Any]]) -> tuple[Cloud, str]:
    for one in resources:
        if one.get("type") == MODEL:
            url = str(((one.get("inputs") or {}).get("primaryContainer") or {}).get("modelDataUrl"))
            if url.startswith("s3://"):
                return "aws", url.removeprefix("s3://").split("/", 1)[0]
        if one.get("type") == SERVICE:
            for volume in one["inputs"]["template"].get("volumes") or ():
                if "gcs" in volume:
                    return "gcp", volume["gcs"]["bucket"]
    raise DeployError(
        "the stack", "does not say which bucket its artifacts are in.", "Bring it up first: covey up DIR."
    )


def _reader(cloud: Cloud, bucket: str) -> Callable[[str], str | None]:
    with extras():
        if cloud == "aws":
            from generator.verify.s3 import s3_reader

            return s3_reader(bucket)
        from generator.verify.cloud_storage import cloud_storage_reader

        return cloud_storage_reader(bucket)
