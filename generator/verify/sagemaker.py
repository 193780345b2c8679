"""Looks at SageMaker endpoints."""

from collections.abc import Callable
from typing import Any, Literal

from botocore.exceptions import ClientError

from generator.clouds.amazon import amazon_clients, asking_amazon
from generator.model import Served
from generator.verify.wanted import WantedEndpoint

State = Literal["serves", "differs", "missing", "undecided"]
# API reference, DescribeEndpoint: what is neither failed nor settled.
MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


def endpoint_reader() -> Callable[[WantedEndpoint], Served]:
    """Return a function that looks at one endpoint.

    Raises
    ------
    DeployError
        From the function: no credentials, no permission, no answer.
    """
    clients = amazon_clients("sagemaker")

    def read(one: WantedEndpoint) -> Served:
        where = f"endpoint {one.name} in {one.region}"
        with asking_amazon(where, doing="describe it", allow="sagemaker:DescribeEndpoint and DescribeEndpointConfig"):
            state, message = _state(clients(one.region), one)
        return Served("sagemaker", f"{one.region}/{one.name}", state, message)

    return read


def _state(client: Any, one: WantedEndpoint) -> tuple[State, str]:
    found = _described(lambda: client.describe_endpoint(EndpointName=one.name))
    if found is None:
        return "missing", "there is no such endpoint"
    status, serving = found["EndpointStatus"], found["EndpointConfigName"]
    if status in MOVING:
        return "undecided", f"is {status}, with configuration {serving}"
    config = _described(lambda: client.describe_endpoint_config(EndpointConfigName=serving))
    faults: list[str] = []
    if serving != one.config:
        faults.append(f"serves configuration {serving}, not {one.config}: the update was rolled back")
    if status != "InService":
        faults.append(f"is {status}")
    if config is None:
        faults.append(f"configuration {serving} has been deleted, so the next update will fail")
    if serving == one.config and config is not None:
        faults += _others(one, found, config)
    if faults and found.get("FailureReason"):
        faults.append(f"AWS says: {found['FailureReason']}")
    return ("differs", "; ".join(faults)) if faults else ("serves", f"configuration {one.config}")


def _others(one: WantedEndpoint, found: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """List what is not as wanted under the right configuration: somebody made another one by that name."""
    variant = config["ProductionVariants"][0]
    deployed = [image for part in found.get("ProductionVariants", ()) for image in part.get("DeployedImages", ())]
    pairs = [
        ("machine", one.instance_type, variant.get("InstanceType")),
        ("model", one.model, variant.get("ModelName")),
        *(("image", one.image, image.get("SpecifiedImage")) for image in deployed),
    ]
    return [
        f"serves {what} {is_} instead of {meant}" for what, meant, is_ in pairs if meant is not None and meant != is_
    ]


def _described(ask: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Ask, and take "could not find" for None; SageMaker has no error code of its own for it."""
    try:
        return ask()
    except ClientError as error:
        answer = error.response.get("Error", {})
        if answer.get("Code") == "ValidationException" and "not find" in answer.get("Message", ""):
            return None
        raise
