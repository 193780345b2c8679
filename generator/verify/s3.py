"""Looks at artifacts in S3."""

import base64
from collections.abc import Callable

from botocore.exceptions import ClientError

from generator.clouds.amazon import amazon_clients, asking_amazon


def s3_reader(bucket: str) -> Callable[[str], str | None]:
    """Return a function that gives an object's digest by its key, and None where there is none.

    Raises
    ------
    DeployError
        From the function: no credentials, no permission, no answer.
    """
    clients = amazon_clients("s3")

    def read(key: str) -> str | None:
        with asking_amazon(f"s3://{bucket}/{key}", doing="describe it", allow="s3:GetObject and s3:ListBucket"):
            try:
                head = clients(None).head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                    return None
                raise
        sha256: str = head.get("ChecksumSHA256") or "-"
        # Of an object uploaded in parts the checksum is one of checksums, and says so by its ending.
        whole = "-" not in sha256
        return f"sha256:{base64.b64decode(sha256).hex()}" if whole else f"etag:{head['ETag'].strip(chr(34))}"

    return read
