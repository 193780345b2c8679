"""Runs one stack of an emitted program under Pulumi's mocks and returns what it would create, as JSON.

A process of its own for each run: the SDK keeps its state in the module. An invoke fails the run. In a preview the mock
returns bare outputs, so whatever is created inside an apply is missing there; with echoed outputs it would not be.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.mocks import MockMonitor

ACCOUNT = "123456789012"
ARNS = {
    "aws:acm/certificate:Certificate": "arn:aws:acm:eu-west-1:{account}:certificate/5b1d2c3e",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy/{name}",
    "aws:kms/key:Key": "arn:aws:kms:eu-west-1:{account}:key/5b1d2c3e-0000-4000-8000-000000000000",
    "aws:sns/topic:Topic": "arn:aws:sns:eu-west-1:{account}:{name}",
}


class Recorder(Mocks):
    """Keeps every resource asked for, and refuses every invoke."""

    def __init__(self, *, preview: bool) -> None:
        self.preview = preview
        self.inventory: list[dict[str, Any]] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.inventory.append({"type": args.typ, "name": args.name, "provider": args.provider, "inputs": args.inputs})
        if self.preview:
            return None, {}
        name = args.inputs.get("name") or f"{args.name}-0a1b2c3"
        arn = ARNS.get(args.typ, "arn:aws:none:eu-west-1:{account}:{name}").format(account=ACCOUNT, name=name)
        known = {
            "name": name,
            "arn": arn,
            "executionArn": f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:abcdefghij",
            "address": "192.0.2.1",
            "email": f"{args.name}@example.iam.gserviceaccount.com",
            "member": f"serviceAccount:{args.name}@example.iam.gserviceaccount.com",
            "regionalDomainName": "d-abcdefghij.execute-api.eu-west-1.amazonaws.com",
            "regionalZoneId": "Z0123456789ABCDEFGHIJ",
            "fqdn": args.inputs.get("name"),
            "dnsResourceRecords": [
                {
                    "name": "_acme-challenge.models.example.com.",
                    "type": "CNAME",
                    "data": "0a1b.authorize.certificatemanager.goog.",
                }
            ],
            "domainValidationOptions": [
                {
                    "domainName": args.inputs.get("domainName"),
                    "resourceRecordName": "_0a1b2c3d.models.example.com.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_4e5f6a7b.acm-validations.aws.",
                }
            ],
        }
        return f"{args.name}-id", {**known, **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program invokes {args.token}")


class OptionsMonitor(MockMonitor):
    """Keeps each resource's options, which the mocks themselves are not shown."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.options: dict[tuple[str, str], dict[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - as gRPC names it
        self.options[request.type, request.name] = {
            "urn": self.make_urn(request.parent, request.type, request.name),
            "ignoreChanges": list(request.ignoreChanges),
            "dependsOn": sorted(urn.rsplit("::", 1)[1] for urn in request.dependencies),
            "dependsOnUrns": sorted(request.dependencies),
            "deleteBeforeReplace": request.deleteBeforeReplace,
            "protect": request.protect,
            "retainOnDelete": request.retainOnDelete,
            "parent": request.parent.rsplit("::", 1)[-1],
        }
        return super().RegisterResource(request)


def program_inventory(project: Path, stack: str, more: dict[str, str], preview: bool) -> str:
    """Return type, name, inputs and options of every resource, sorted; `more` stands beside the project's settings."""
    # What a program leaves in a folder of golden files would be taken for emitted.
    sys.dont_write_bytecode = True
    settings = yaml.safe_load((project / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text())["config"]
    recorder = Recorder(preview=preview)
    name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    monitor = OptionsMonitor(recorder)
    pulumi.runtime.set_mocks(recorder, project=name, stack=stack, preview=preview, monitor=monitor)
    pulumi.runtime.set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
        | {f"{name}:{key}": value for key, value in more.items()}
    )

    @pulumi.runtime.test
    def run() -> None:
        runpy.run_path(str(project / "stacks"), run_name="__main__")

    run()
    found = sorted(recorder.inventory, key=lambda entry: (entry["type"], entry["name"]))
    entries = [entry | {"options": monitor.options[entry["type"], entry["name"]]} for entry in found]
    return json.dumps(entries, default=repr)
