"""How a resource whose name follows its group's is found again after the group was renamed."""

from collections.abc import Sequence

import pulumi


def formerly(options: pulumi.ResourceOptions, names: Sequence[str]) -> pulumi.ResourceOptions:
    """Return options under which a resource is also known by names it had.

    What belongs to a component and begins with its name needs none of its own: Pulumi derives it from the component's.
    """
    aliases = [pulumi.Alias(name=name) for name in names]
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(aliases=aliases))
