"""The stand-in providers' plain functions: what they know of types, what they refuse, name, replace and invent."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.automation._server import LanguageServer
from pulumi.runtime import rpc
from pulumi.runtime.proto import language_pb2
from pulumi.runtime.rpc_manager import RPCManager

from generator.offline import language
from generator.offline.autoname import CHOSEN, autoname
from generator.offline.check import check
from generator.offline.invent import invent
from generator.offline.limits import REQUESTS, UNMODELLED, input_shape, member_of
from generator.offline.replacement import KEPT, REPLACED, replaces
from generator.offline.shape import shape
from generator.offline.values import UNKNOWN, Properties, bare, differences, hidden
from generator.pulumi_cli import CLI_VERSION

ROOT = Path(__file__).parent.parent.parent
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
SERVICE = "gcp:cloudrunv2/service:Service"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
SECRET: Properties = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "word"}


def test_the_cli_that_is_looked_for_is_the_one_go_mod_pins() -> None:
    pinned = re.search(r"pulumi/pkg/v3 v(\d+)\.(\d+)\.(\d+)", (ROOT / "tools" / "go.mod").read_text())
    assert pinned is not None
    assert tuple(int(part) for part in pinned.groups()) == CLI_VERSION


def test_required_properties_are_those_of_the_packages() -> None:
    known = shape(ENDPOINT)
    assert known is not None
    assert ["endpointConfigName"] == [name for name, field in known.inputs.items() if field.required]
    assert {"arn", "name", "endpointConfigName"} <= known.outputs.keys()


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (ENDPOINT, {}, [("endpointConfigName", "is required and missing")]),
        (ENDPOINT, {"endpointConfigName": UNKNOWN}, []),
        (ENDPOINT, {"endpointConfigName": 1}, [("endpointConfigName", "takes text, not 1")]),
        (ENDPOINT, {"endpointConfigName": "c", "tags": ["a"]}, [("tags", "takes a mapping")]),
        (ENDPOINT, {"endpointConfigName": "c", "tags": {"a": 1}}, [("tags.a", "takes text, not 1")]),
        ("aws:sagemaker/none:None", {}, [("", "the installed package has no resource type aws:sagemaker/none:None")]),
        (SERVICE, {"location": "us-central1", "template": []}, [("template", "takes an object")]),
        (
            SERVICE,
            {"location": "us-central1", "template": {"scaling": {"minInstanceCount": 0.5}}},
            [("template.scaling.minInstanceCount", "takes a whole number, not 0.5")],
        ),
        (
            SERVICE,
            {"location": "us-central1", "template": {"containers": [{"image": "i", "ports": {"containerPort": True}}]}},
            [("template.containers[0].ports.containerPort", "takes a whole number, not True")],
        ),
        (
            CONFIGURATION,
            {"productionVariants": {}},
            [("productionVariants", "takes a list")],
        ),
        (
            CONFIGURATION,
            {"productionVariants": [{"modelName": "m", "instanceType": "ml.m5.large"}] * 11},
            [("productionVariants", "11 items is more than AWS's most, 10")],
        ),
        (
            CONFIGURATION,
            {"productionVariants": [{"modelName": "a" * 64, "instanceType": "ml.m5.large"}]},
            [("productionVariants[0].modelName", "64 characters is more than AWS's most, 63")],
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(token: str, inputs: Properties, expected: list[tuple[str, str]]) -> None:
    assert expected == [(found.path, found.reason) for found in check(token, inputs)]


def test_every_modelled_call_and_member_exists_in_botocore() -> None:
    for token, request in REQUESTS.items():
        known, model = shape(token), input_shape(request.service, request.operation)
        assert known is not None, token
        assert {*request.members, *request.elsewhere} <= known.inputs.keys(), token
        assert [] == [name for name in request.members.values() if member_of(model, name) is None], token
    assert [] == [token for token in UNMODELLED if shape(token) is None]


@pytest.mark.filterwarnings("ignore:gcp.compute:DeprecationWarning")  # said by the package when it is imported
def test_every_row_of_the_replacement_table_names_what_exists_and_its_source() -> None:
    for pattern, names, source in (*REPLACED, *KEPT):
        assert source
        known = None if "*" in pattern else shape(pattern)
        assert known is not None or "*" in pattern, pattern
        if known is not None:
            assert {name for name in names if name != "*"} <= known.inputs.keys(), pattern


@pytest.mark.parametrize(
    ("token", "path", "expected"),
    [
        (CONFIGURATION, "productionVariants[0].instanceType", True),
        (CONFIGURATION, "tags.team", False),
        (ENDPOINT, "endpointConfigName", False),
        (ENDPOINT, "name", True),
        (SERVICE, "template.containers[0].image", False),
        (SERVICE, "location", True),
    ],
)
def test_a_change_replaces_only_what_cannot_be_changed(token: str, path: str, expected: bool) -> None:
    assert expected == replaces(token, path)


def test_a_chosen_name_stays_until_the_resource_is_replaced() -> None:
    first = autoname(ENDPOINT, "shop", {}, {}, b"seed")
    assert re.fullmatch(r"shop-[0-9a-f]{7}", str(first["name"]))
    assert first == autoname(ENDPOINT, "shop", {}, {}, b"seed")
    assert first["name"] == autoname(ENDPOINT, "shop", first, {}, b"other")["name"]
    assert first["name"] != autoname(ENDPOINT, "shop", {}, {}, b"other")["name"]
    assert {"name": "mine"} == autoname(ENDPOINT, "shop", first, {"name": "mine"}, b"")
    # A fixed name that is taken out of the program is not kept.
    assert autoname(ENDPOINT, "shop", {"name": "mine"}, {}, b"seed") == first
    assert ["name"] == first[CHOSEN]


def test_what_the_cloud_decides_is_unknown_before_and_stable_after() -> None:
    given: Properties = {"name": "shop", "endpointConfigName": "c", "tags": {"a": "1"}}
    settings: Properties = {"region": "eu-west-1", "defaultTags": {"tags": {"fleet": "shop"}}}
    before = invent(ENDPOINT, given, settings, seed="one", preview=True)
    after = invent(ENDPOINT, given, settings, seed="one", preview=False)
    assert before["arn"] == UNKNOWN
    assert "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/shop" == after["arn"]
    assert after == invent(ENDPOINT, given, settings, seed="one", preview=False)
    assert {"fleet": "shop", "a": "1"} == before["tagsAll"] == after["tagsAll"]
    assert UNKNOWN not in str(after)


def test_secrets_are_unwrapped_for_checks_and_hidden_in_files() -> None:
    value: Properties = {"plain": 1.0, "list": [SECRET], "secret": SECRET}
    assert {"plain": 1, "list": ["word"], "secret": "word"} == bare(value)
    assert {"plain": 1, "list": ["[secret]"], "secret": "[secret]"} == hidden(value)


def test_differences_are_found_where_they_are() -> None:
    old: Properties = {"a": 1, "b": {"c": [1, 2]}, "gone": True}
    new: Properties = {"a": 1, "b": {"c": [1, 3, 4]}, "new": UNKNOWN}
    assert {"b.c[1]": "update", "b.c[2]": "add", "gone": "delete", "new": "add"} == differences(old, new)
    assert {} == differences(old, old)
    # What is only known later may differ from itself.
    assert {"a": "update"} == differences({"a": UNKNOWN}, {"a": UNKNOWN})


def test_the_engines_mark_for_what_is_unknown_is_the_sdks() -> None:
    assert rpc.UNKNOWN == UNKNOWN


def test_deploying_can_be_imported_without_the_sdks() -> None:
    program = "import sys, generator.deploy; sys.exit('pulumi' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode


@pytest.mark.parametrize("failed", [ValueError("While processing input: 'cloud_run'"), None])
def test_why_a_program_failed_is_told_though_the_sdk_stumbles_while_it_clears_up(
    failed: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = RPCManager()
    known.unhandled_exception = failed

    def stumbles(host: LanguageServer, _request: object, _context: object) -> None:
        host.program()
        raise asyncio.InvalidStateError("invalid state")

    monkeypatch.setattr(LanguageServer, "Run", stumbles)
    monkeypatch.setattr(language, "rpc_manager", lambda: known)
    monkeypatch.setattr(language, "run", lambda _folder, _program: None)
    host, request = language.Host(), language_pb2.RunRequest(program=".")

    if failed is None:
        with pytest.raises(asyncio.InvalidStateError):
            host.Run(request, None)
    else:
        assert str(failed) == host.Run(request, None).error
