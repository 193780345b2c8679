"""Google Cloud: GETs of its REST APIs through google-auth, an extra: ``pip install covey[gcp]``."""

import os
from dataclasses import dataclass
from typing import TypeVar

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from pydantic import BaseModel, ConfigDict, ValidationError
from urllib3.exceptions import HTTPError

from generator.errors import DeployError

# As gcloud takes it, for private endpoints: https://cloud.google.com/sdk/gcloud/reference/config/set
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
LOGIN = "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
MOST_BYTES = 2**26


Parameters = dict[str, str | list[str] | int]


class GoogleReply(BaseModel):
    """What of an answer is read; the rest is Google's affair."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Reply = TypeVar("Reply", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came.

    Parameters
    ----------
    status : int
        Of HTTP.
    content : bytes
        None of it where it is longer than anybody's answer.
    date : str or None
        When Google says that it answered.
    """

    status: int
    content: bytes
    date: str | None


class GoogleApi:
    """One API, for whoever is logged in.

    Parameters
    ----------
    name : str
        As its address begins, and as gcloud names it: ``run``, ``storage``.
    scope : str
        The last part of the OAuth scope.
    failure : type of DeployError
        What is raised.

    Raises
    ------
    DeployError
        Nobody is logged in.
    """

    def __init__(self, name: str, scope: str, *, failure: type[DeployError] = DeployError) -> None:
        self._failure = failure
        try:
            credentials, _ = google.auth.default(scopes=[f"https://www.googleapis.com/auth/{scope}"])
        except DefaultCredentialsError:
            raise failure("Google Cloud", "There are no credentials.", LOGIN) from None
        self._session = AuthorizedSession(credentials)
        self._base = os.environ.get(f"{OVERRIDE}{name.upper()}", f"https://{name}.googleapis.com/").rstrip("/")

    def get(
        self,
        where: str,
        path: str,
        parameters: Parameters | None = None,
        *,
        doing: str,
        allow: str,
        timeout_s: int = 30,
    ) -> Answer:
        """Ask once.

        Parameters
        ----------
        where : str
            What is asked about.
        path : str
            From the slash on.
        parameters : dict, optional
            Of the query.
        doing : str
            What Google is asked to do, after "refuses to".
        allow : str
            The permissions that it takes.
        timeout_s : int

        Raises
        ------
        DeployError
            No permission, no answer.
        """
        try:
            asked = self._session.get(
                f"{self._base}{path}", params=parameters, timeout=timeout_s, allow_redirects=False, stream=True
            )
            with asked as reply:
                content = reply.raw.read(MOST_BYTES + 1, decode_content=True)
                answer = Answer(
                    reply.status_code, content if len(content) <= MOST_BYTES else b"", reply.headers.get("Date")
                )
        except (GoogleAuthError, requests.RequestException, HTTPError, OSError) as error:
            what = f"Google Cloud cannot be asked: {type(error).__name__}."
            raise self._failure(where, what, f"{LOGIN} Then try again.") from None
        if answer.status in (401, 403):
            what = f"Google Cloud refuses to {doing}: {answer.status}."
            raise self._failure(where, what, f"Allow {allow}, or log in as someone who may.")
        return answer

    def read(self, where: str, answer: Answer, kind: type[Reply]) -> Reply:
        """Return an answer as what it should be.

        Raises
        ------
        DeployError
            It is something else.
        """
        try:
            return kind.model_validate_json(answer.content if answer.status == 200 else b"")
        except ValidationError:
            what = f"Google Cloud gives no usable answer: {answer.status}."
            raise self._failure(where, what, "Try again; if it stays, report this.") from None
