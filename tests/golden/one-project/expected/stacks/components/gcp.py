"""One GCP region: provider, notification channel, groups, budget. The load balancer is a stack of its own.

Configuration of the stack, what a foundation outside this project provides:

``artifactBucket`` Cloud Storage bucket. Optional: ``invokers`` (members that may call, such as
``serviceAccount:shop@project.iam.gserviceaccount.com``; nobody else can), ``kmsKey`` (Cloud KMS key for the services),
``alarmChannel`` (id of a notification channel; without it, one is made for ``alarmEmail``), ``billingAccount`` (makes a
budget for each group and, with ``monthlyBudgetUsd``, for the stack), ``heldRevisions`` (by group, the Cloud Run
revision that gets its requests instead of the newest), ``protect`` (true once callers depend on the stack).
"""

from collections.abc import Mapping
from typing import cast

import pulumi
import pulumi_gcp as gcp

from .gcp_service import CloudRunModels, Foundation
from .gcp_watch import budget, notification_channels
from .renames import formerly
from .values import GcpRegion, routed


def build_region(stack: GcpRegion) -> None:
    """Build all of one region and export its URLs.

    Parameters
    ----------
    stack : GcpRegion
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    provider = google(stack.project, stack.labels, region=stack.region)
    region = pulumi.ResourceOptions(provider=provider)
    channels = notification_channels(config, region)
    foundation = Foundation(
        artifact_bucket=config.require("artifactBucket"),
        invokers=tuple(cast("list[str]", config.get_object("invokers") or [])),
        kms_key=config.get("kmsKey"),
        channels=channels,
        billing_account=config.get("billingAccount"),
        held_revisions=cast("dict[str, str]", config.get_object("heldRevisions") or {}),
        protect=config.get_bool("protect") or False,
    )
    for group in stack.groups:
        component = formerly(pulumi.ResourceOptions(providers=[provider]), group.formerly)
        CloudRunModels(group.name, group, stack, foundation, component)
    monthly_budget_usd = config.get("monthlyBudgetUsd")
    if foundation.billing_account is not None and monthly_budget_usd is not None:
        budget(
            f"budget-{stack.environment}-{stack.region}",
            f"{stack.environment}-{stack.region}",
            foundation.billing_account,
            stack.project,
            {"stack": stack.labels["stack"]},
            monthly_budget_usd,
            channels,
            region,
        )
    pulumi.export("urls", {model.key: f"https://{stack.host}{model.path}" for _, model in routed(stack.groups)})
    pulumi.export("audience", f"https://{stack.host}")


def google(project: str, labels: Mapping[str, str], *, region: str | None = None) -> gcp.Provider:
    """Return the one provider of a stack."""
    return gcp.Provider(
        "gcp",
        project=project,
        region=region,
        default_labels=dict(labels),
        # Budgets are an API of the billing account: without these two they are asked for without a project.
        billing_project=project,
        user_project_override=True,
    )
