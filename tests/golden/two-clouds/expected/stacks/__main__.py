"""Builds the stack that was selected: its data lies in ``groups/<stack>.py``, hyphens written as underscores."""

import importlib

import pulumi

from components.values import AwsBase, AwsRegion, GcpBase, GcpEdge, GcpRegion

module = f"groups.{pulumi.get_stack().replace('-', '_')}"
try:
    stack: object = importlib.import_module(module).STACK
except ModuleNotFoundError as missing:
    raise pulumi.RunError(f"There is no {module}: this project has no stack {pulumi.get_stack()}.") from missing

# Each cloud's SDK takes a second to import, so only the one that is needed is.
match stack:
    case AwsRegion():
        from components.aws import build_region as build_aws_region

        build_aws_region(stack)
    case AwsBase():
        from components.aws_base import build_base as build_aws_base

        build_aws_base(stack)
    case GcpRegion():
        from components.gcp import build_region as build_gcp_region

        build_gcp_region(stack)
    case GcpBase():
        from components.gcp_base import build_base as build_gcp_base

        build_gcp_base(stack)
    case GcpEdge():
        from components.gcp_edge import build_edge

        build_edge(stack)
    case _:
        raise pulumi.RunError(f"STACK of {module} is of none of the kinds in components/values.py.")
