"""Hand-made fleets and layouts for what comes after the solver: small, both clouds, every hosting kind."""

from dataclasses import replace

from generator.model import (
    Catalog,
    Cloud,
    Deployed,
    Environment,
    Fleet,
    Group,
    Hosting,
    Image,
    InstanceType,
    Layout,
    Limits,
    Objective,
    Offering,
    OwnPrices,
    Price,
    Runtime,
    ScheduledMinimum,
    ServiceTime,
    Workload,
)

PRICE = Price(usd_per_h=0.25, kind="on_demand", as_of="2026-08", source="made up for tests", estimated=True)
MACHINES = (
    InstanceType("ml.c6i.xlarge", "aws", 4, 8.0),
    InstanceType("ml.g5.xlarge", "aws", 4, 16.0, 1, "a10g", 24.0),
    InstanceType("serverless-2gib", "aws", 1, 2.0),
    InstanceType("run-2cpu-4gib", "gcp", 2, 4.0),
    InstanceType("run-4cpu-16gib-l4", "gcp", 4, 16.0, 1, "l4", 22.35),
)


def catalog() -> Catalog:
    """Return five machines, four of them priced, one of those in two regions."""
    offerings = (
        Offering(MACHINES[0], "sagemaker-multi-model", "us-east-1", PRICE),
        Offering(MACHINES[0], "sagemaker-multi-model", "eu-west-1", PRICE),
        Offering(MACHINES[1], "sagemaker-multi-model", "us-east-1", PRICE),
        Offering(MACHINES[3], "cloud-run-cpu", "europe-west1", PRICE),
        Offering(MACHINES[4], "cloud-run-gpu", "us-central1", PRICE),
    )
    unpriced: dict[tuple[Hosting, str, str], str] = {
        ("sagemaker-serverless", "serverless-2gib", "eu-west-1"): "no source"
    }
    return Catalog({machine.name: machine for machine in MACHINES}, {}, offerings, unpriced, (1.0, 0.02), "2026-08")


def workload(name: str, path: str, artifact: str) -> Workload:
    """Return one CPU workload."""
    return Workload(
        name=name,
        version="3",
        artifact=artifact,
        runtime="sklearn",
        size_gib=0.2,
        memory_gib=0.4,
        accelerator="none",
        service=ServiceTime("ml.c6i.xlarge", 0.02),
        objective=Objective(0.99, 0.25),
        path=path,
        cohort="electronics",
        tags=(("team", "search"),),
    )


def runtimes() -> dict[str, Runtime]:
    """Return a CPU and a GPU runtime with images on both clouds."""
    google = "{region}-docker.pkg.dev/{account}/models"
    amazon = "{account}.dkr.ecr.{region}.amazonaws.com"
    return {
        "sklearn": Runtime(
            "sklearn",
            {
                "aws": Image(f"{amazon}/sklearn:1.5", 8080, "/ping", "/invocations", ("sagemaker-multi-model",)),
                "gcp": Image(f"{google}/sklearn:1.5", 8080, "/ping", "/invocations", ("cloud-run-cpu",)),
            },
        ),
        "triton": Runtime(
            "triton",
            {
                "aws": Image(f"{amazon}/triton:24.09", 8080, "/ping", "/invocations", ("sagemaker-multi-model",)),
                "gcp": Image(f"{google}/triton:24.09", 8000, "/v2/health/ready", "/v2/infer", ("cloud-run-gpu",)),
            },
        ),
    }


def environments() -> dict[Cloud, Environment]:
    """Return one environment on both clouds; AWS makes its own topic, GCP has a channel."""
    return {
        "aws": Environment(
            name="prod",
            cloud="aws",
            account="123456789012",
            artifact_bucket="shop-models-{region}",
            dns_zone_id="Z0123456789ABCDEFGHIJ",
            domain="models.example.com",
            certificate="arn:aws:acm:{region}:123456789012:certificate/5b1d2c3e-0000-4000-8000-000000000000",
            alarm_email="oncall@example.com",
            monthly_budget_usd=2000.0,
        ),
        "gcp": Environment(
            name="prod",
            cloud="gcp",
            account="shop-models-prod",
            artifact_bucket="shop-models",
            dns_zone_id="models-zone",
            domain="models.example.com",
            certificate="models-map",
            alarm_topic="projects/shop-models-prod/notificationChannels/1234567890",
        ),
    }


def group(name: str, workloads: tuple[str, ...], hosting: Hosting, region: str, machine: str) -> Group:
    """Return one group of one to four replicas."""
    return Group(
        name=name,
        workloads=workloads,
        hosting=hosting,
        region=region,
        instance_type=machine,
        min_replicas=1,
        max_replicas=4,
        target_utilization=0.7,
        slots=4,
        replica_rps=120.0,
    )


def two_clouds() -> tuple[Layout, Fleet, Catalog]:
    """Return nine models in six groups and four regions, two of which ask for the same path in one region."""
    workloads = (
        workload("electronics-europe", "/model1", "electronics/europe/3.tar.gz"),
        workload("electronics-usa", "/model1", "electronics/usa/3.tar.gz"),
        workload("fashion-europe", "/model2", "fashion/europe/3.tar.gz"),
        workload("fashion-usa", "/model2", "fashion/usa/3.tar.gz"),
        replace(
            workload("images-usa", "/images", "images/usa/7.tar.gz"),
            runtime="triton",
            accelerator="gpu",
            cohort=None,
            current=Deployed("sagemaker-single-model", "ml.g5.xlarge", "us-east-1", 2),
        ),
        replace(workload("rare-europe", "/rare", "rare/1.tar.gz"), tags=()),
        replace(workload("video-usa", "/video", "video/usa/2"), runtime="triton", accelerator="gpu"),
        workload("homeware-usa", "/model1", "homeware/usa/1.tar.gz"),
    )
    workloads += (workload("fraud-europe", "/fraud", "fraud/9.tar.gz"),)
    fleet = Fleet(
        name="two-clouds",
        workloads=tuple(sorted(workloads, key=lambda workload: workload.name)),
        runtimes=runtimes(),
        environment="prod",
        environments=environments(),
        regions=(("aws", "us-east-1"), ("aws", "eu-west-1"), ("gcp", "europe-west1"), ("gcp", "us-central1")),
        places={},
        limits=Limits(),
        prices=OwnPrices(),
        assumptions=(),
        cost_centre="Shop 12",
    )
    groups = (
        replace(
            group(
                "retail-usa",
                ("electronics-usa", "fashion-usa", "homeware-usa"),
                "sagemaker-multi-model",
                "us-east-1",
                "ml.c6i.xlarge",
            ),
            min_replicas=2,
        ),
        group("images", ("images-usa",), "sagemaker-multi-model", "us-east-1", "ml.g5.xlarge"),
        group("rare", ("rare-europe",), "sagemaker-serverless", "eu-west-1", "serverless-2gib"),
        replace(
            group(
                "retail-europe",
                ("electronics-europe", "fashion-europe"),
                "cloud-run-cpu",
                "europe-west1",
                "run-2cpu-4gib",
            ),
            min_replicas=0,
        ),
        group("fraud", ("fraud-europe",), "sagemaker-single-model", "eu-west-1", "ml.c6i.xlarge"),
        group("video", ("video-usa",), "cloud-run-gpu", "us-central1", "run-4cpu-16gib-l4"),
    )
    return Layout(groups, "solver", "hand-made"), fleet, catalog()


def hostile() -> tuple[Layout, Fleet, Catalog]:
    """Return the same layout with names and tags that try to be code, paths, markup and template."""
    layout, fleet, known = two_clouds()
    names = {
        "electronics-usa": '"""\nimport os; os.system("touch /tmp/owned")  # \\',
        "fashion-usa": "../../../etc/passwd\x00{{ 7 * 7 }}{% raw %}",
        "electronics-europe": "| `<script>alert(1)</script>` |\u202e\U0001f600" + "long " * 60,
        "rare-europe": "",
    }

    def renamed(item: Workload) -> Workload:
        if item.name not in names:
            return item
        hostile_name = names[item.name]
        tags = (("aws:" + hostile_name, hostile_name), ("team", "a" * 300 + "'\"\\\n"))
        return replace(item, name=hostile_name, version=hostile_name, cohort=hostile_name, tags=tags)

    workloads = sorted((renamed(item) for item in fleet.workloads), key=lambda item: item.name)
    groups = tuple(
        replace(item, workloads=tuple(names.get(name, name) for name in item.workloads)) for item in layout.groups
    )
    return (
        replace(layout, groups=groups),
        replace(fleet, workloads=tuple(workloads), name='shop"; rm -rf /', cost_centre="'\n\""),
        known,
    )


def two_regions() -> tuple[Layout, Fleet, Catalog]:
    """Return two AWS regions that serve the same paths, one of them by the clock, with all a foundation provides."""
    _, fleet, known = two_clouds()
    workloads = tuple(
        workload(f"{what}-{where}", f"/model{number}", f"{what}/{where}/1.tar.gz")
        for number, what in enumerate(("electronics", "fashion"), start=1)
        for where in ("asia", "usa")
    )
    machines = "sagemaker-multi-model", "ml.c6i.xlarge"
    groups = (
        group("asia", ("electronics-asia", "fashion-asia"), machines[0], "ap-southeast-1", machines[1]),
        replace(
            group("usa", ("electronics-usa", "fashion-usa"), machines[0], "us-east-1", machines[1]),
            schedule=(
                ScheduledMinimum("weekdays", 13, 3),
                ScheduledMinimum("weekdays", 23, 1),
                ScheduledMinimum("weekend", 0, 1),
            ),
        ),
    )
    amazon = replace(
        fleet.environments["aws"], base=True, certificate=None, alarm_topic=None, artifact_bucket="models-{region}"
    )
    return (
        Layout(groups, "solver", "hand-made"),
        replace(
            fleet,
            name="two-regions",
            workloads=workloads,
            environments={"aws": amazon},
            regions=(("aws", "us-east-1"), ("aws", "ap-southeast-1")),
        ),
        known,
    )


def one_project() -> tuple[Layout, Fleet, Catalog]:
    """Return one model in each of two GCP regions, with all that a project has once."""
    _, fleet, known = two_clouds()
    workloads = tuple(
        workload(f"search-{where}", "/search", f"search/{where}/1.tar.gz") for where in ("belgium", "iowa")
    )
    groups = (
        group("belgium", ("search-belgium",), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib"),
        group("iowa", ("search-iowa",), "cloud-run-cpu", "us-central1", "run-2cpu-4gib"),
    )
    google = replace(
        fleet.environments["gcp"],
        base=True,
        certificate=None,
        alarm_topic=None,
        alarm_email="oncall@example.com",
        artifact_bucket="models-{account}-{region}",
    )
    return (
        Layout(groups, "solver", "hand-made"),
        replace(
            fleet,
            name="one-project",
            workloads=workloads,
            environments={"gcp": google},
            regions=(("gcp", "europe-west1"), ("gcp", "us-central1")),
        ),
        known,
    )
