"""AWS through boto3, an extra: ``pip install covey[aws]``."""

import contextlib
from collections.abc import Callable, Generator
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from generator.errors import DeployError


def amazon_clients(service: str, *, read_timeout_s: int = 30, attempts: int = 4) -> Callable[[str | None], Any]:
    """Return a function that gives a service's client in a region; without one, in that of the environment.

    Parameters
    ----------
    service : str
        As boto3 names it.
    read_timeout_s : int
    attempts : int
        How often a throttled or failed request is made in all.
    """
    config = Config(
        connect_timeout=10, read_timeout=read_timeout_s, retries={"mode": "standard", "max_attempts": attempts}
    )
    # A session of its own looks for credentials now, not when the process first did.
    session = boto3.Session()

    @cache
    def client(region: str | None) -> Any:
        return session.client(service, region_name=region, config=config)

    return client


@contextlib.contextmanager
def asking_amazon(where: str, *, doing: str, allow: str, failure: type[DeployError] = DeployError) -> Generator[None]:
    """Turn what boto3 raises within into an error of ours.

    Parameters
    ----------
    where : str
        What is asked about.
    doing : str
        What AWS is asked to do, after "refuses to".
    allow : str
        The permissions that it takes.
    failure : type of DeployError

    Raises
    ------
    DeployError
        Of that type: no credentials, no permission, no answer.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise failure(where, f"AWS refuses to {doing}: {code[:60]}.", f"Allow {allow}.") from None
    except BotoCoreError as error:
        what = f"AWS cannot be asked: {str(error).rstrip('.')}."
        raise failure(where, what, "Log in to the account, or mend the connection, and try again.") from None
