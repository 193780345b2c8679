"""Which resource of a stack another one names."""

import re

from .rule import Resource, Stack
from .tokens import AWS_PROVIDER, CONFIGURATION, SAGEMAKER_MODEL, SCALING_TARGET

# What Pulumi adds to a name it chooses: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
SUFFIX = r"-[0-9a-f]{4,}"


def is_called(resource: Resource, name: str | None) -> bool:
    """Whether a physical name is a resource's own, or one Pulumi would choose for it."""
    own = resource.get("name")
    if own is not None:
        return own == name
    return name is not None and re.fullmatch(re.escape(resource.name) + SUFFIX, name) is not None


def configuration_of(endpoint: Resource, stack: Stack) -> Resource | None:
    """Return the configuration an endpoint runs with, None where the stack has none of that name."""
    name = endpoint.get("endpointConfigName")
    return next((one for one in stack.of(CONFIGURATION) if is_called(one, name)), None)


def model_of(configuration: Resource, stack: Stack) -> Resource | None:
    """Return the model of a configuration's first variant, None where the stack has none of that name."""
    name = configuration.get("productionVariants", 0, "modelName")
    return next((one for one in stack.of(SAGEMAKER_MODEL) if is_called(one, name)), None)


def is_serverless(endpoint: Resource, stack: Stack) -> bool:
    """Whether an endpoint has no instances of its own."""
    configuration = configuration_of(endpoint, stack)
    return configuration is not None and configuration.get("productionVariants", 0, "serverlessConfig") is not None


def is_multi_model(endpoint: Resource, stack: Stack) -> bool:
    """Whether an endpoint loads models as they are asked for."""
    configuration = configuration_of(endpoint, stack)
    model = model_of(configuration, stack) if configuration else None
    return model is not None and model.get("primaryContainer", "mode") == "MultiModel"


def scaling_of(endpoint: Resource, stack: Stack) -> Resource | None:
    """Return the scalable target of an endpoint."""
    prefix = f"endpoint/{endpoint.get('name')}/"
    return next((one for one in stack.of(SCALING_TARGET) if str(one.get("resourceId")).startswith(prefix)), None)


def aws_region(stack: Stack) -> str | None:
    """Return the region of a stack's AWS provider."""
    return next((one.get("region") for one in stack.of(AWS_PROVIDER)), None)
