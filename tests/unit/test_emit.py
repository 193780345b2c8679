"""What is emitted: the same bytes for the same plan, hostile names as inert constants, groups apart from each other."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.emit import emit
from generator.errors import EmitError
from generator.model import Deployed, Fleet, Group, Layout, Workload
from generator.program.spelling import argument, code, item, prose, py
from tests.layouts import two_clouds

LAYOUT, FLEET, CATALOG = two_clouds()
BASELINE = emit(LAYOUT, FLEET, CATALOG)


class Constants(ast.NodeTransformer):
    """Makes every constant the same, so that what remains is structure."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.copy_location(ast.Constant(None), node)


def structure(text: str) -> str:
    """Return the shape of a module without its constants."""
    return ast.dump(Constants().visit(ast.parse(text)))


def with_workload(which: str, change: Callable[[Workload], Workload]) -> Fleet:
    """Return the fleet with one workload changed, whose name stays."""
    return replace(FLEET, workloads=tuple(change(w) if w.name == which else w for w in FLEET.workloads))


def with_group(which: str, /, **changes: Any) -> Layout:
    """Return the layout with one group changed."""
    return replace(LAYOUT, groups=tuple(replace(g, **changes) if g.name == which else g for g in LAYOUT.groups))


TAGGED = emit(
    LAYOUT,
    with_workload("rare-europe", lambda workload: replace(workload, tags=(("xa", "b"),), cohort="c")),
    CATALOG,
)


@given(name=st.text(), key=st.text(), value=st.text(), cohort=st.text(), version=st.text())
@settings(max_examples=100)
def test_any_text_changes_constants_only(name: str, key: str, value: str, cohort: str, version: str) -> None:
    def renamed(workload: Workload) -> Workload:
        return replace(workload, name=name, tags=(("x" + key, value),), cohort=cohort, version=version)

    fleet = with_workload("rare-europe", renamed)
    layout = with_group("rare", workloads=(name,))
    before, after = TAGGED, emit(layout, fleet, CATALOG)
    assert list(after.files) == list(before.files)
    for path, text in after.files.items():
        if path.endswith(".py") and text != before.files[path]:
            assert structure(text) == structure(before.files[path])
        if path.endswith(".yaml"):
            assert text == before.files[path]


@given(value=st.text() | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_literal_reads_back_as_its_value(value: object) -> None:
    assert ast.literal_eval(py(value)) == value
    assert py(value).isascii()


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_literal_is_a_yaml_scalar_too(text: str) -> None:
    assert yaml.safe_load(f"a: {py(text)}") == {"a": text}


@given(text=st.text(max_size=400), indent=st.integers(0, 30), name=st.sampled_from(["a", "monthly_ceiling_usd"]))
def test_a_long_argument_is_broken_without_changing_it(text: str, indent: int, name: str) -> None:
    lines = argument(text, name, indent)
    assert max(map(len, lines.splitlines())) <= 120
    assert ast.literal_eval(f"dict(\n{lines}\n)".replace(f"dict(\n{' ' * indent}{name}=", "{'a': ")[:-1] + "}") == {
        "a": text
    }
    assert ast.literal_eval(f"{{{item(text, 'key', indent)}}}") == {"key": text}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", ["a"], {"a": 1}, object(), 1j, Path("x")])
def test_only_plain_finite_data_has_a_literal(value: object) -> None:
    with pytest.raises(TypeError, match="plain finite data"):
        py(value)


@pytest.mark.parametrize("text", ['"', "'", "\\", "a\nb", "a\rb", "\x00", "\u2028", "\u202e"])
def test_prose_refuses_what_could_end_it(text: str) -> None:
    with pytest.raises(ValueError, match="prose"):
        prose(text)


@given(text=st.text())
def test_code_stays_one_cell_of_a_table(text: str) -> None:
    spelled = code(text)
    assert 1 == len(spelled.splitlines())
    assert 2 == spelled.count("`")
    assert "|" not in spelled


def test_emitting_twice_gives_the_same_bytes() -> None:
    shuffled = replace(LAYOUT, groups=LAYOUT.groups[::-1])
    assert emit(*two_clouds()) == BASELINE
    assert emit(shuffled, FLEET, CATALOG) == BASELINE


def test_a_changed_group_leaves_every_other_line_alone() -> None:
    changed = emit(with_group("images", max_replicas=9), FLEET, CATALOG)
    differing = {path for path, text in changed.files.items() if text != BASELINE.files[path]}
    assert {".covey.json", "stacks/groups/prod_aws_us_east_1.py"} == differing
    before, after = (p.files["stacks/groups/prod_aws_us_east_1.py"].splitlines() for p in (BASELINE, changed))
    assert [
        "            max_replicas=9,",
        "            monthly_ceiling_usd=1643,",
    ] == [line for line in after if line not in before]


def test_a_new_workload_renames_no_other() -> None:
    fleet = replace(FLEET, workloads=(*FLEET.workloads, replace(FLEET.workloads[0], name="rare europe 2", path="/new")))
    changed = emit(with_group("rare", workloads=("rare-europe",)), fleet, CATALOG)
    assert changed == BASELINE


def test_a_path_asked_for_twice_in_a_region_gets_the_name_before_it() -> None:
    text = BASELINE.files["stacks/groups/prod_aws_us_east_1.py"]
    assert [
        "/images",
        "/electronics-usa/model1",
        "/model2",
        "/homeware-usa/model1",
    ] == re.findall(r'path="(.*)"', text)


def test_the_same_path_in_two_regions_stays_as_it_is() -> None:
    assert 'path="/model2"' in BASELINE.files["stacks/groups/prod_aws_us_east_1.py"]
    assert 'path="/model2"' in BASELINE.files["stacks/groups/prod_gcp_europe_west1.py"]


def test_the_autoscaler_is_told_requests_a_minute_at_the_target() -> None:
    # 0.7 of 120 requests a second.
    assert "invocations_per_minute=5040.0," in BASELINE.files["stacks/groups/prod_aws_us_east_1.py"]


def test_a_type_with_local_disks_gets_no_volume_key() -> None:
    text = BASELINE.files["stacks/groups/prod_aws_us_east_1.py"]
    assert [
        ("ml.g5.xlarge", ""),
        ("", "False"),
        ("ml.c6i.xlarge", ""),
        ("", "True"),
    ] == re.findall(r'instance_type="(.*)"|volume_key=(.*),', text)


def test_a_server_of_several_artifacts_is_told_which() -> None:
    rewrites = re.findall(r'rewrite="(.*)"', BASELINE.files["stacks/groups/prod_gcp_edge.py"])
    assert [
        "/invocations/electronics/europe/3.tar.gz",
        "/invocations/fashion/europe/3.tar.gz",
        "/v2/infer",
    ] == rewrites


def test_a_new_version_changes_no_resource_name() -> None:
    fleet = with_workload("fashion-usa", lambda w: replace(w, version="4", artifact="fashion/usa/4.tar.gz"))
    changed = emit(LAYOUT, fleet, CATALOG).files["stacks/groups/prod_aws_us_east_1.py"].splitlines()
    before = BASELINE.files["stacks/groups/prod_aws_us_east_1.py"].splitlines()
    assert [
        'version="4",',
        'artifact="fashion/usa/4.tar.gz",',
    ] == [line.strip() for line in changed if line not in before]


def test_the_program_never_imports_the_generator() -> None:
    for path, text in BASELINE.files.items():
        if path.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [name for name in names if name.split(".")[0] == "generator"]


def test_the_requirements_are_the_locks_own_lines_hashed_and_without_a_registry() -> None:
    text = BASELINE.files["stacks/requirements.txt"]
    lock = (Path(__file__).parents[2] / "requirements.lock").read_text().splitlines()
    assert [] == [line for line in text.splitlines() if line not in lock]
    assert "://" not in text
    packages = [line for line in text.splitlines() if not line.startswith(" ")]
    assert {"pulumi==3.272.0 \\", "pulumi-aws==7.51.1 \\", "pulumi-gcp==10.2.0 \\"} <= set(packages)
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text))


def test_the_components_are_copied_as_they_are() -> None:
    folder = resources.files("generator") / "program" / "stacks" / "components"
    for entry in folder.iterdir():
        if entry.name.endswith(".py"):
            assert BASELINE.files[f"stacks/components/{entry.name}"] == entry.read_text(encoding="utf-8")


def test_the_cutover_says_where_each_model_was_and_goes() -> None:
    fleet = with_workload(
        "fashion-usa",
        lambda w: replace(w, current=Deployed("sagemaker-single-model", "ml.m5.xlarge", "us-east-1", 3)),
    )
    text = emit(LAYOUT, fleet, CATALOG).files["CUTOVER.md"]
    row = "| `fashion-usa` | `3` | `sagemaker-single-model, 3 x ml.m5.xlarge in us-east-1` "
    assert f"{row}| `https://us-east-1.models.example.com/model2` |" in text
    assert [name in text for name in (w.name for w in FLEET.workloads)] == [True] * len(FLEET.workloads)
    assert text.count("Way back:") == text.count("Callers need:") == text.count("\nOrder:") == 4


def test_the_seeded_configuration_has_no_template_left() -> None:
    for path, text in BASELINE.files.items():
        if path.startswith("stacks/config/"):
            assert "{" not in text
            assert ["*"] == yaml.safe_load(text)["config"]["pulumi:disable-default-providers"]


def broken_group(**changes: Any) -> tuple[Layout, Fleet]:
    return with_group("rare", **changes), FLEET


def broken_workload(**changes: Any) -> tuple[Layout, Fleet]:
    return LAYOUT, with_workload("rare-europe", lambda workload: replace(workload, **changes))


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (broken_group(name="Rare"), "no group name"),
        (broken_group(name="images"), "two groups"),
        (broken_group(region="../up"), "no region name"),
        (broken_group(workloads=("gone",)), "no such workloads"),
        (broken_group(workloads=()), "no such workloads"),
        (broken_group(instance_type="ml.none"), "not in the catalogue"),
        (broken_group(replica_rps=float("nan")), "plain finite data"),
        (broken_group(workloads=("rare-europe", "fashion-usa")), "one artifact only"),
        (broken_workload(path="/a/../b"), "no path name"),
        (broken_workload(path="/a'b"), "no path name"),
        (broken_workload(artifact="a/*"), "no artifact name"),
        (broken_workload(artifact="../a"), "no artifact name"),
        (broken_workload(artifact="a'b"), "no artifact name"),
        (broken_workload(artifact="rare/1"), "takes .tar.gz only"),
        (broken_workload(runtime="none"), "has no image on aws"),
        ((LAYOUT, replace(FLEET, environment="p/../q")), "no environment name"),
        ((LAYOUT, replace(FLEET, environments={})), "no entry"),
    ],
)
def test_what_cannot_be_emitted_is_refused_with_its_place(broken: tuple[Layout, Fleet], complaint: str) -> None:
    with pytest.raises(EmitError, match=re.escape(complaint)) as raised:
        emit(*broken, CATALOG)
    assert raised.value.where
    assert raised.value.remedy


def test_a_region_of_each_cloud_becomes_one_stack_and_gcp_gets_an_edge() -> None:
    expected = {f"prod-{group.cloud}-{group.region}" for group in LAYOUT.groups} | {"prod-gcp-edge"}
    assert set(BASELINE.stacks) == expected
    only_aws: tuple[Group, ...] = tuple(group for group in LAYOUT.groups if group.cloud == "aws")
    assert "prod-gcp-edge" not in emit(replace(LAYOUT, groups=only_aws), FLEET, CATALOG).stacks
