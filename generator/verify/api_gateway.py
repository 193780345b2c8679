"""Looks at the routes of deployed APIs: which endpoint each leads to, and which artifact it names there."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from generator.clouds.amazon import amazon_clients, asking_amazon
from generator.errors import DeployError
from generator.model import Served
from generator.verify.api_routes import WantedApi, api_routes
from generator.verify.routes import Route, compared

# API Gateway takes no definition that is larger.
MOST_BYTES = 16 * 2**20


def routes_reader() -> Callable[[WantedApi], Served]:
    """Return a function that looks at what a stage has deployed, not at the API's own draft.

    Raises
    ------
    DeployError
        From the function: no credentials, no permission, no answer.
    """
    clients = amazon_clients("apigateway")

    def read(one: WantedApi) -> Served:
        where = f"stage {one.stage} of API {one.name} in {one.region}"
        with asking_amazon(where, doing="export it", allow="apigateway:GET on its export"):
            found = _export(clients(one.region), one)
        routes: tuple[Route, ...] | None = None
        try:
            if found is not None:
                routes = api_routes(json.loads(found))
        except (ValueError, RecursionError):
            raise DeployError(where, "API Gateway exports no JSON.", "Ask again later.") from None
        return compared("api-gateway", f"{one.region}/{one.name}", f"stage {one.stage}", one.routes, routes)

    return read


def _export(client: Any, one: WantedApi) -> bytes | None:
    try:
        answer = client.get_export(
            restApiId=one.api,
            stageName=one.stage,
            exportType="oas30",
            parameters={"extensions": "integrations"},
            accepts="application/json",
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "NotFoundException":
            return None
        raise
    return answer["body"].read(MOST_BYTES)
