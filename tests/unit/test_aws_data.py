"""What the data of an AWS stack decides: what is refused, when regions share a domain, when paths are split."""

import re
from dataclasses import replace
from typing import Any

import pytest

from generator.emit import emit
from generator.errors import EmitError
from generator.model import Catalog, Fleet, Image, Layout, Program, Region, ScheduledMinimum
from generator.program.aws_data import MOST_API_RESOURCES, api_resources
from generator.program.stacks.components import values
from generator.program.stacks.components.aws_dashboards import MOST_METRICS, MOST_WIDGETS, fits, pages
from tests.layouts import group, two_clouds, two_regions, workload

LAYOUT, FLEET, CATALOG = two_regions()
USA = "stacks/groups/prod_aws_us_east_1.py"


def with_groups(layout: Layout, **changes: Any) -> Layout:
    return replace(layout, groups=tuple(replace(one, **changes) for one in layout.groups))


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ((ScheduledMinimum("all", 8, 5),), "outside 1 to 4 replicas"),
        ((ScheduledMinimum("all", 24, 2),), "hours 0 to 23"),
        ((ScheduledMinimum("all", 8, 2), ScheduledMinimum("weekend", 8, 3)), "another entry begins then"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused(entries: tuple[ScheduledMinimum, ...], complaint: str) -> None:
    with pytest.raises(EmitError, match=complaint):
        emit(with_groups(LAYOUT, schedule=entries), FLEET, CATALOG)


def test_a_serverless_group_has_no_minimum_to_schedule() -> None:
    layout, fleet, catalog = two_clouds()
    groups = tuple(
        replace(one, schedule=(ScheduledMinimum("all", 8, 1),)) if one.name == "rare" else one for one in layout.groups
    )
    with pytest.raises(EmitError, match="keeps no instance running"):
        emit(replace(layout, groups=groups), fleet, catalog)


@pytest.mark.parametrize("image", ["docker.io/library/server:1", "{account}.dkr.ecr.{region}.amazonaws.com/", "server"])
def test_an_image_outside_ecr_is_refused_when_the_program_is_written(image: str) -> None:
    runtime = FLEET.runtimes["sklearn"]
    elsewhere = Image(image, 8080, "/ping", "/invocations", ("sagemaker-multi-model",))
    fleet = replace(FLEET, runtimes={"sklearn": replace(runtime, images={"aws": elsewhere})})
    with pytest.raises(EmitError, match="is no ECR image name"):
        emit(LAYOUT, fleet, CATALOG)


def test_one_bucket_for_several_regions_is_refused_where_a_base_stack_would_make_it() -> None:
    environment = replace(FLEET.environments["aws"], artifact_bucket="models")
    with pytest.raises(EmitError, match="one bucket for 2 regions"):
        emit(LAYOUT, replace(FLEET, environments={"aws": environment}), CATALOG)


def test_without_being_asked_for_there_is_no_base_stack() -> None:
    environment = replace(FLEET.environments["aws"], base=False)
    stacks = emit(LAYOUT, replace(FLEET, environments={"aws": environment}), CATALOG).stacks
    assert ("prod-aws-ap-southeast-1", "prod-aws-us-east-1") == stacks


def test_a_base_stack_makes_no_second_certificate_or_topic() -> None:
    environment = replace(
        FLEET.environments["aws"],
        certificate="arn:aws:acm:{region}:123456789012:certificate/5b1d2c3e",
        alarm_topic="arn:aws:sns:{region}:123456789012:oncall",
    )
    program = emit(LAYOUT, replace(FLEET, environments={"aws": environment}), CATALOG)
    base = program.files["stacks/groups/prod_aws_us_east_1_base.py"]
    assert "certificate_domain=None," in base
    assert "alarm_topic=False," in base
    assert "for name in accessLogGroupArn artifactBucket kmsKeyArn; do" in program.files["CUTOVER.md"]


def shares(program: Program) -> bool:
    return 'shared_host="models.example.com"' in program.files[USA]


def moved(fleet: Fleet, name: str, **changes: Any) -> Fleet:
    return replace(
        fleet, workloads=tuple(replace(one, **changes) if one.name == name else one for one in fleet.workloads)
    )


def test_regions_that_serve_the_same_paths_share_the_domain() -> None:
    assert shares(emit(LAYOUT, FLEET, CATALOG))


@pytest.mark.parametrize(
    ("fleet", "reason"),
    [
        (moved(FLEET, "fashion-asia", path="/other"), "do not all serve the same paths"),
        (moved(FLEET, "fashion-asia", residency=("Asia",)), "may be served in some places only"),
    ],
)
def test_other_regions_do_not_and_the_cutover_says_why(fleet: Fleet, reason: str) -> None:
    asia = Region("aws", "ap-southeast-1", "Asia", "Singapore", "Singapore", 1.3, 103.8, None, None)
    usa = Region("aws", "us-east-1", "North America", "United States", "N. Virginia", 37.4, -78.7, None, None)
    program = emit(LAYOUT, fleet, replace(CATALOG, regions={(one.cloud, one.name): one for one in (asia, usa)}))
    assert not shares(program)
    assert reason in program.files["CUTOVER.md"]


def test_a_domain_that_leads_to_gcp_as_well_is_not_shared() -> None:
    google = replace(two_clouds()[1].environments["gcp"], domain="models.example.com")
    extra = workload("electronics-europe", "/model1", "electronics/europe/1.tar.gz")
    fleet = replace(
        FLEET,
        workloads=(*FLEET.workloads, extra),
        environments={**FLEET.environments, "gcp": google},
        regions=(*FLEET.regions, ("gcp", "europe-west1")),
    )
    europe = group("europe", (extra.name,), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib")
    program = emit(replace(LAYOUT, groups=(*LAYOUT.groups, europe)), fleet, CATALOG)
    assert not shares(program)
    assert "two clouds cannot answer for one name" in program.files["CUTOVER.md"]


def large(models: int) -> tuple[Layout, Fleet, Catalog]:
    workloads = tuple(workload(f"m-{i:04d}", f"/m/{i}", f"m/{i}/1.tar.gz") for i in range(models))
    names = [one.name for one in workloads]
    groups = tuple(
        group(
            f"g-{start:04d}", tuple(names[start : start + 200]), "sagemaker-multi-model", "us-east-1", "ml.c6i.xlarge"
        )
        for start in range(0, models, 200)
    )
    return replace(LAYOUT, groups=groups), replace(FLEET, workloads=workloads), CATALOG


def paths(program: Program) -> list[str]:
    return re.findall(r'path="([^"]*)"', program.files[USA])


def test_the_root_and_every_part_of_a_path_are_resources_of_an_api() -> None:
    assert 1 == api_resources([])
    assert 5 == api_resources(["/a", "/b/c", "/b/d"])


def test_paths_are_split_at_the_first_model_that_one_api_does_not_hold() -> None:
    # The root, /m, and one resource a model.
    whole, over = emit(*large(MOST_API_RESOURCES - 2)), emit(*large(MOST_API_RESOURCES - 1))
    assert "split_paths=False," in whole.files[USA]
    assert all(path.startswith("/m/") for path in paths(whole))
    assert "split_paths=True," in over.files[USA]
    assert "more than one REST API holds" in over.files["CUTOVER.md"]
    assert "more than one REST API holds" not in whole.files["CUTOVER.md"]


def test_a_model_that_joins_a_split_region_moves_no_other_and_every_api_holds_its_paths() -> None:
    before, after = paths(emit(*large(1000))), paths(emit(*large(1001)))
    assert set(before) < set(after)
    assert len(after) == len(set(after)) == 1001
    for digit in {path.split("/")[1] for path in after}:
        own = [path.removeprefix(f"/{digit}") for path in after if path.startswith(f"/{digit}/")]
        assert 2 < api_resources(own) <= MOST_API_RESOURCES


def watched(name: str, models: int) -> values.AwsGroup:
    model = values.Model(
        key="m", name="m", version="1", path="/m", artifact="m", latency_s=1.0, percentile=0.99, tags={}
    )
    return values.AwsGroup(
        name=name,
        endpoint=name,
        hosting="sagemaker-multi-model",
        instance_type="ml.c6i.xlarge",
        image="",
        min_replicas=1,
        max_replicas=1,
        invocations_per_minute=1.0,
        cores=4,
        gpus=0,
        memory_mb=0,
        concurrency=0,
        volume_key=True,
        monthly_ceiling_usd=None,
        schedule=(),
        models=(model,) * models,
    )


def test_dashboards_hold_their_groups_and_one_that_joins_moves_no_other() -> None:
    groups = [watched(f"group-{i}", 20) for i in range(120)]
    assert not fits(groups)
    before, after = pages(groups), pages([*groups, watched("joined", 20)])
    assert len(before) == len(after) == 2
    assert all(fits(page) for page in after)
    assert [[one.name for one in page] for page in before] == [
        [one.name for one in page if one.name != "joined"] for page in after
    ]
    assert [groups[:5]] == pages(groups[:5])


def test_a_dashboard_is_full_by_its_graphs_or_by_its_lines() -> None:
    assert fits([watched(str(i), 1) for i in range(MOST_WIDGETS // 5)])
    assert not fits([watched(str(i), 1) for i in range(MOST_WIDGETS // 5 + 1)])
    assert not fits([watched(str(i), MOST_METRICS // 2) for i in range(2)])
    assert fits([watched("alone", 2 * MOST_METRICS)])


def test_several_models_share_a_gpu_of_sagemaker_behind_triton_only() -> None:
    layout, fleet, catalog = two_clouds()
    triton = fleet.runtimes["triton"]
    other = replace(triton.images["aws"], template="{account}.dkr.ecr.{region}.amazonaws.com/torchserve:0.12")
    runtimes = {**fleet.runtimes, "triton": replace(triton, images={**triton.images, "aws": other})}

    with pytest.raises(EmitError, match="Triton image only"):
        emit(layout, replace(fleet, runtimes=runtimes), catalog)
