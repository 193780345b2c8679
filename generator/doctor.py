"""Looks around: what covey needs, what it can use, and what is missing."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from generator.catalog import check_catalog, read_catalog
from generator.errors import CatalogError
from generator.present.answers import Check, Examination
from generator.pulumi_cli import CLI_VERSION, find_cli

# Where each cloud's own tools look for a login: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html,
# https://cloud.google.com/docs/authentication/application-default-credentials. Only whether they are set is told.
LOGINS: Mapping[str, tuple[str, ...]] = {
    "aws": ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    "gcp": ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_CLOUD_PROJECT"),
}
# Packages of the extra `deploy`: an emitted program imports them.
DEPLOY = ("pulumi", "pulumi-aws", "pulumi-gcp")


def doctor() -> Examination:
    """Examine this installation. No value of a credential is read, let alone told.

    Returns
    -------
    Examination
    """
    return Examination(checks=(_own(), _catalog(), _pulumi(), *map(_package, DEPLOY), *map(_login, LOGINS)))


def _own() -> Check:
    return Check(name="covey", state="ok", detail=f"{version('covey')} on Python {platform.python_version()}")


def _catalog() -> Check:
    findings = check_catalog()
    if findings:
        return Check(name="catalogue", state="broken", detail=f"{findings[0]} and so on: covey catalog check")
    try:
        catalog = read_catalog()
    except CatalogError as error:
        return Check(name="catalogue", state="broken", detail=f"{error.where}: {error.what}")
    offered = len(catalog.offerings)
    estimated = sum(offering.price.estimated for offering in catalog.offerings)
    detail = f"{offered:,} offerings, newest price of {catalog.as_of}, {estimated / max(offered, 1):.0%} estimated"
    return Check(name="catalogue", state="ok", detail=detail)


def _pulumi() -> Check:
    cli = find_cli()
    if cli is None:
        wanted = ".".join(map(str, CLI_VERSION))
        return Check(
            name="Pulumi CLI",
            state="absent",
            detail=f"no {wanted} or newer: install it from pulumi.com, or run `make pulumi`; previews run in process",
        )
    return Check(name="Pulumi CLI", state="ok", detail=cli.version)


def _package(name: str) -> Check:
    try:
        return Check(name=name, state="ok", detail=version(name))
    except PackageNotFoundError:
        return Check(name=name, state="absent", detail="preview and up need it: install covey with the extra `deploy`")


def _login(cloud: str) -> Check:
    present = [name for name in LOGINS[cloud] if os.environ.get(name)]
    if present:
        return Check(name=f"{cloud} login", state="ok", detail=f"{', '.join(present)} set")
    return Check(name=f"{cloud} login", state="absent", detail="nothing in the environment; offline needs none")
