"""What may stand in an emitted program as the name of something, and how other text becomes one."""

import re
from collections.abc import Mapping
from hashlib import sha256

from generator.errors import EmitError

NAMES: Mapping[str, str] = {
    "environment": r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?",
    "region": r"[a-z]+(-[a-z0-9]+)+",
    "group": r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
    # What both a path part of API Gateway and an exact rule of a URL map take.
    "path": r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+",
    # No quote, so that it can stand in a static header; no wildcard, so that it can stand in a policy.
    "artifact": r"[A-Za-z0-9][A-Za-z0-9._=+-]*(/[A-Za-z0-9_=+-][A-Za-z0-9._=+-]*)*",
    "domain": r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    "AWS account": r"[0-9]{12}",
    # SageMaker takes images from ECR alone.
    "ECR image": r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/"
    r"[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})?",
    "S3 bucket": r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    # No word of Google's own, which the API refuses as well.
    "Cloud Storage bucket": r"(?!goog)(?!.*google)[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]",
    "GCP project": r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
}


def checked(kind: str, text: str, where: str) -> str:
    """Return a name that may stand in the program as it is, or refuse it."""
    if re.fullmatch(NAMES[kind], text) is None:
        raise EmitError(where, f"{text[:80]!r} is no {kind} name that clouds accept.", f"Write it as {NAMES[kind]}.")
    return text


def short(name: str, length: int) -> str:
    """Return a physical name of at most `length` characters; what is cut is replaced by a digest of all of it."""
    if len(name) <= length:
        return name
    return f"{name[: length - 8].rstrip('-')}-{sha256(name.encode()).hexdigest()[:7]}"


def filled(template: str, region: str, account: str) -> str:
    """Fill a template of the fleet. Not `str.format`: what stands between braces is not ours to evaluate."""
    return template.replace("{region}", region).replace("{account}", account)


def aws_tag(text: str) -> str:
    """Return text in letters that AWS accepts in tag keys and values, of which ``aws:`` is reserved."""
    clean = re.sub(r"[^A-Za-z0-9 _.:/=+@-]", "_", text)[:256].strip()
    return "_" + clean[4:] if clean.lower().startswith("aws:") else clean or "_"


def gcp_label(text: str) -> str:
    """Return text in letters that GCP accepts in label keys and values: lower case, a letter first, 63 at most."""
    clean = re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
    return clean if clean[:1].isalpha() else f"x{clean[:62]}"
