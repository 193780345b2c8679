"""The smaller answers on a terminal, and how they come from what the doors return."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from generator.model import Catalog, Served, StackReport
from generator.present.answers import (
    Deployment,
    Examination,
    Explanation,
    OfferedMachine,
    Offerings,
    ResourceChange,
    StackChange,
    Verification,
    VerifiedEndpoint,
)
from generator.present.figures import count, dollars, plain
from generator.present.tables import table as opened

MOST_ROWS = 60
MOST_OUTPUTS = 4  # of a stack
SERVED = {"serves": "green", "differs": "bold red", "missing": "bold red", "undecided": "yellow"}
STATES = {"ok": ("ok", "green"), "absent": ("absent", "yellow"), "broken": ("broken", "bold red")}


def deployment(command: Literal["preview", "up", "refresh", "destroy"], reports: Sequence[StackReport]) -> Deployment:
    """Publish what the engine reported."""
    return Deployment(
        command=command,
        stacks=tuple(
            StackChange(
                stack=report.stack,
                engine=report.engine,
                changes=dict(sorted(Counter(resource.operation for resource in report.resources).items())),
                resources=tuple(
                    ResourceChange(
                        operation=resource.operation,
                        type=resource.type,
                        name=resource.name,
                        properties=resource.properties,
                    )
                    for resource in report.resources
                ),
                # Through JSON, because a stack may export what is no plain data.
                outputs=json.loads(json.dumps(dict(sorted(report.outputs.items())), default=str)),
            )
            for report in reports
        ),
    )


def offerings(catalog: Catalog, words: Sequence[str]) -> Offerings:
    """Publish the offerings in which every word occurs, cheapest first."""
    found = [
        OfferedMachine(
            hosting=offering.hosting,
            instance_type=machine.name,
            cloud=machine.cloud,
            region=offering.region,
            accelerator="gpu" if machine.gpus else "none",
            vcpus=machine.vcpus,
            memory_gib=machine.memory_gib,
            gpus=machine.gpus,
            gpu_model=machine.gpu_model,
            usd_per_h=offering.price.usd_per_h,
            price_kind=offering.price.kind,
            price_as_of=offering.price.as_of,
            price_source=offering.price.source,
            estimated=offering.price.estimated,
        )
        for offering in catalog.offerings
        for machine in (offering.instance_type,)
        if all(
            word.lower()
            in f"{offering.hosting} {machine.name} {machine.cloud} {offering.region} {machine.gpu_model}".lower()
            for word in words
        )
    ]
    found.sort(key=lambda one: (one.usd_per_h, one.hosting, one.instance_type, one.region))
    return Offerings(as_of=catalog.as_of, offerings=tuple(found))


def show_deployment(found: Deployment, console: Console) -> None:
    """Print how many resources of each stack see which operation."""
    operations = sorted({operation for stack in found.stacks for operation in stack.changes})
    table = opened("Stack", *(f">{operation}" for operation in operations), ">resources", "engine")
    for stack in found.stacks:
        table.add_row(
            Text(plain(stack.stack), "bold"),
            *(str(stack.changes.get(operation, "")) for operation in operations),
            str(len(stack.resources)),
            Text(plain(stack.engine)),
        )
    console.print(table)
    for stack in found.stacks:
        lines = [
            " ".join(plain(str(part)) for part in (stack.stack, name, key, one) if part != "")
            for name, value in stack.outputs.items()
            for key, one in (value.items() if isinstance(value, dict) else [("", value)])
        ]
        for line in lines[:MOST_OUTPUTS]:
            console.print(Text(line))
        if len(lines) > MOST_OUTPUTS:
            console.print(f"and {len(lines) - MOST_OUTPUTS} more; --json has them all.")
    if found.command == "refresh":
        show_drift(found, console)
    total = sum(len(stack.resources) for stack in found.stacks)
    done = {"preview": "previewed", "up": "brought up", "refresh": "compared with the cloud", "destroy": "destroyed"}[
        found.command
    ]
    console.print(f"{count(total, 'resource')} in {count(len(found.stacks), 'stack')} {done}.")


def show_drift(found: Deployment, console: Console) -> None:
    """Print each resource that is not as the state had it."""
    words = {"delete": "is gone", "update": "was changed"}
    for stack in found.stacks:
        for resource in stack.resources:
            if resource.operation == "same":
                continue
            what = words.get(resource.operation, resource.operation)
            at = f": {', '.join(resource.properties)}" if resource.properties else ""
            console.print(Text(plain(f"{stack.stack} {resource.name} ({resource.type}) {what}{at}")))


def show_offerings(found: Offerings, console: Console) -> None:
    """Print the cheapest offerings."""
    table = opened("Kind", "Machine", "Where", ">vCPU", ">GiB", "GPU", ">Per hour", "Price")
    table.columns[1].no_wrap = True
    for one in found.offerings[:MOST_ROWS]:
        table.add_row(
            one.hosting,
            one.instance_type,
            f"{one.cloud} {one.region}",
            str(one.vcpus),
            f"{one.memory_gib:g}",
            f"{one.gpus} {one.gpu_model}" if one.gpus else "",
            dollars(one.usd_per_h),
            Text(f"{one.price_kind} {one.price_as_of}{', estimated' if one.estimated else ''}"),
        )
    console.print(table)
    rest = len(found.offerings) - MOST_ROWS
    if rest > 0:
        console.print(f"and {rest:,} dearer ones; narrow them with words, or see them all with --json.")
    console.print(f"{count(len(found.offerings), 'offering')}, newest price of {found.as_of}.")


def show_examination(found: Examination, console: Console) -> None:
    """Print what the doctor found."""
    table = Table.grid(padding=(0, 2))
    for check in found.checks:
        table.add_row(Text(*STATES[check.state]), Text(check.name, "bold"), Text(plain(check.detail)))
    console.print(table)


def verification(found: Sequence[tuple[str, Sequence[Served]]]) -> Verification:
    """Publish what serves, stack by stack."""
    return Verification(
        endpoints=tuple(
            VerifiedEndpoint(stack=stack, kind=one.kind, name=one.name, state=one.state, message=one.message)
            for stack, served in found
            for one in served
        )
    )


def show_verification(found: Verification, console: Console) -> None:
    """Print what serves."""
    table = Table.grid(padding=(0, 2))
    for one in found.endpoints:
        table.add_row(Text(one.state, SERVED[one.state]), Text(plain(one.name), "bold"), Text(plain(one.message)))
    console.print(table)


def show_explanation(found: Explanation, console: Console) -> None:
    """Print the evidence about two workloads, and where each recommendation puts them."""
    evidence = found.evidence
    one, other = (plain(name) for name in evidence.workloads)
    console.print(Text(f"{one} and {other}", "bold"))
    table = Table.grid(padding=(0, 2))
    if evidence.correlation is None:
        table.add_row("traffic", Text("neither is among the other's strongest partners"))
    else:
        moves = "moves together" if evidence.correlation > 0 else "moves apart"
        table.add_row("traffic", Text(f"{moves}: correlation {evidence.correlation:+.2f}"))
        table.add_row("affinity", f"{evidence.affinity or 0:.2f} of 1: cohort, size and latency class in common")
    gain = 1.0 - evidence.peak_of_sum_rps / evidence.sum_of_peaks_rps if evidence.sum_of_peaks_rps else 0.0
    peaks = (
        f"{evidence.peak_of_sum_rps:.3g}/s together, {evidence.sum_of_peaks_rps:.3g}/s each for itself: {gain:.0%} less"
    )
    table.add_row("peaks", peaks)
    table.add_row("community", "the same" if evidence.same_community else "different ones")
    reasons = plain("; ".join(evidence.forbidden))
    table.add_row("may share", Text(f"no: {reasons}") if reasons else "yes")
    for profile, (mine, theirs) in found.groups.items():
        table.add_row(profile, f"together in {mine}" if mine == theirs else f"apart: {mine} and {theirs}")
    console.print(table)
