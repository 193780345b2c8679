"""Asks the buckets for artifacts: whether each is there, and which bytes it has, by the bucket's own digest."""

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from generator.errors import DeployError
from generator.model import Cloud
from generator.verify.wanted import MODEL, SERVICE

# As gcloud takes it, for private endpoints: https://cloud.google.com/sdk/gcloud/reference/config/set
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
UPLOAD = "Upload it under that key, then try again."


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
    try:
        return _in_s3(bucket, keys) if cloud == "aws" else _in_cloud_storage(bucket, keys)
    except ImportError as error:
        what = f"{error.name} cannot be imported."
        raise DeployError("Python packages", what, "Run `pip install covey[aws,gcp]`.") from None


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


def _in_s3(bucket: str, keys: Sequence[str]) -> dict[str, str]:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
    client = boto3.Session().client("s3", config=config)
    found: dict[str, str] = {}
    for key in keys:
        where = f"s3://{bucket}/{key}"
        try:
            head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("404", "NoSuchKey"):
                raise DeployError(where, "is not there.", UPLOAD) from None
            what = f"AWS refuses to describe it: {code}."
            raise DeployError(where, what, "Allow s3:GetObject and s3:ListBucket.") from None
        except BotoCoreError as error:
            what = f"AWS cannot be asked: {str(error).rstrip('.')}."
            raise DeployError(where, what, "Log in to the account, or mend the connection, and try again.") from None
        sha256: str = head.get("ChecksumSHA256") or "-"
        # Of an object uploaded in parts the checksum is one of checksums, and says so by its ending.
        whole = "-" not in sha256
        found[key] = f"sha256:{base64.b64decode(sha256).hex()}" if whole else f"etag:{head['ETag'].strip(chr(34))}"
    return found


def _in_cloud_storage(bucket: str, keys: Sequence[str]) -> dict[str, str]:
    import google.auth
    import requests
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from google.auth.transport.requests import AuthorizedSession

    login = "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        raise DeployError("Google Cloud", "There are no credentials.", login) from None
    session = AuthorizedSession(credentials)
    base = os.environ.get(OVERRIDE, "https://storage.googleapis.com/").rstrip("/")
    found: dict[str, str] = {}
    for key in keys:
        where = f"gs://{bucket}/{key}"
        try:
            url = f"{base}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(key, safe='')}"
            reply = session.get(url, timeout=30, allow_redirects=False)
            answer: Any = reply.json() if reply.status_code == 200 else {}
        except (GoogleAuthError, requests.RequestException) as error:
            what = f"Google Cloud cannot be asked: {type(error).__name__}."
            raise DeployError(where, what, f"{login} Then try again.") from None
        if reply.status_code == 404:
            raise DeployError(where, "is not there.", UPLOAD)
        digest = _google_digest(answer)
        if digest is None:
            what = f"Google Cloud gives no usable answer: {reply.status_code}."
            raise DeployError(where, what, "Allow storage.objects.get (roles/storage.objectViewer), then try again.")
        found[key] = digest
    return found


def _google_digest(answer: object) -> str | None:
    """Read an object's digest; one composed of others has no MD5."""
    held = answer if isinstance(answer, dict) else {}
    for name, field in (("md5", "md5Hash"), ("crc32c", "crc32c")):
        try:
            if isinstance(held.get(field), str):
                return f"{name}:{base64.b64decode(held[field], validate=True).hex()}"
        except ValueError:
            return None
    return None
