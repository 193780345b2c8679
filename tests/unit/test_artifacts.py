"""Artifacts are looked up in S3 as moto plays it and in Cloud Storage on loopback, by the buckets' own digests."""

import base64
import hashlib
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends

from generator.errors import DeployError
from generator.verify import artifact_digests
from tests.amazon_server import ACCOUNT
from tests.google_server import Replies, google_api

KEY, BODY = "shop/2.tar.gz", b"a model"
MODEL = {"type": "aws:sagemaker/model:Model", "inputs": {"primaryContainer": {"modelDataUrl": "s3://models-usa/"}}}
SERVICE = {
    "type": "gcp:cloudrunv2/service:Service",
    "inputs": {"template": {"volumes": [{"name": "models", "gcs": {"bucket": "models-europe"}}]}},
}
OBJECT = "/storage/v1/b/models-europe/o/shop%2F2.tar.gz"


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, *resources]}}


@pytest.fixture
def s3(amazon: None, monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    del amazon
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="models-usa")
    yield client
    s3_backends[ACCOUNT]["aws"].reset()


def test_an_artifact_in_s3_is_known_by_its_checksum_or_else_its_tag(s3: Any) -> None:
    s3.put_object(Bucket="models-usa", Key=KEY, Body=BODY, ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket="models-usa", Key="plain.tar.gz", Body=BODY, ChecksumAlgorithm="CRC32")

    found = artifact_digests(state(MODEL), [KEY, "plain.tar.gz"])

    assert f"sha256:{hashlib.sha256(BODY).hexdigest()}" == found[KEY]
    assert f"etag:{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}" == found["plain.tar.gz"]


@pytest.mark.usefixtures("s3")
def test_an_artifact_that_s3_does_not_have_is_named() -> None:
    with pytest.raises(DeployError, match=r"s3://models-usa/shop/2\.tar\.gz: is not there"):
        artifact_digests(state(MODEL), [KEY])


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Replies]:
    with google_api(monkeypatch, tmp_path, "STORAGE") as replies:
        yield replies


def test_an_artifact_in_cloud_storage_is_known_by_its_md5_or_else_its_checksum(google: Replies) -> None:
    md5 = hashlib.md5(BODY, usedforsecurity=False).digest()
    crc32c = base64.b64encode(b"\x01\x02\x03\x04").decode()
    google[OBJECT] = 200, json.dumps({"md5Hash": base64.b64encode(md5).decode(), "crc32c": crc32c}).encode()

    assert {KEY: f"md5:{md5.hex()}"} == artifact_digests(state(SERVICE), [KEY])

    google[OBJECT] = 200, json.dumps({"crc32c": crc32c}).encode()
    assert {KEY: "crc32c:01020304"} == artifact_digests(state(SERVICE), [KEY])


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((404, b"{}"), "gs://models-europe/shop/2.tar.gz: is not there"),
        ((403, b"{}"), "refuses to describe it: 403"),
        ((200, b"[]"), "no usable answer: 200"),
        ((200, b"nonsense"), "no usable answer: 200"),
        ((200, b'{"md5Hash": "\\u00ff"}'), "no usable answer: 200"),
    ],
)
def test_an_answer_that_says_nothing_is_no_artifact(reply: tuple[int, bytes], said: str, google: Replies) -> None:
    google[OBJECT] = reply

    with pytest.raises(DeployError, match=said):
        artifact_digests(state(SERVICE), [KEY])


def test_a_stack_without_a_bucket_is_refused() -> None:
    with pytest.raises(DeployError, match="does not say which bucket"):
        artifact_digests(state(), [KEY])
