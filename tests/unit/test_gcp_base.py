"""What is one per GCP project: made once, closed, encrypted, and found by the stacks that need it."""

from dataclasses import replace
from typing import Any

import pytest

from generator.emit import emit
from generator.errors import EmitError
from tests.layouts import one_project
from tests.recorded import inventory, of_type

STACK = "prod-gcp-base"
PROGRAM = emit(*one_project())


def made(type_: str) -> list[dict[str, Any]]:
    return [entry["inputs"] for entry in of_type(inventory("one-project", STACK, "update"), f"gcp:{type_}")]


def test_every_region_has_a_bucket_of_its_own_that_is_closed_versioned_and_encrypted() -> None:
    buckets = made("storage/bucket:Bucket")
    assert {"europe-west1", "us-central1"} == {bucket["location"] for bucket in buckets}
    for bucket in buckets:
        assert (True, "enforced") == (bucket["uniformBucketLevelAccess"], bucket["publicAccessPrevention"])
        assert {"enabled": True} == bucket["versioning"]
        assert bucket["encryption"]["defaultKmsKeyName"].startswith(f"models-{bucket['location']}-key")
    assert 'name="models-shop-models-prod-europe-west1"' in PROGRAM.files["stacks/groups/prod_gcp_base.py"]


def test_the_service_agents_of_storage_and_cloud_run_may_use_each_key_and_nobody_else() -> None:
    grants = made("kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    storage = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    runner = "serviceAccount:run-agent@example.iam.gserviceaccount.com"
    assert sorted([storage, runner] * 2) == sorted(grant["member"] for grant in grants)
    assert {"roles/cloudkms.cryptoKeyEncrypterDecrypter"} == {grant["role"] for grant in grants}


def test_an_api_that_others_use_stays_enabled_when_the_stack_goes() -> None:
    apis = made("projects/service:Service")
    assert {False} == {api["disableOnDestroy"] for api in apis}
    assert {"run.googleapis.com", "compute.googleapis.com", "cloudkms.googleapis.com"} < {a["service"] for a in apis}


def test_one_authorised_certificate_covers_the_domain_and_its_regions_under_the_name_the_edge_was_told() -> None:
    (certificate,) = made("certificatemanager/certificate:Certificate")
    domains = ["models.example.com", "*.models.example.com"]
    assert domains == certificate["managed"]["domains"]
    assert sorted(domains) == sorted(
        e["hostname"] for e in made("certificatemanager/certificateMapEntry:CertificateMapEntry")
    )
    (held,) = made("certificatemanager/certificateMap:CertificateMap")
    assert f'one-project:certificateMap: "{held["name"]}"' in PROGRAM.files["stacks/config/Pulumi.prod-gcp-edge.yaml"]
    (proof,) = made("dns/recordSet:RecordSet")
    assert ("_acme-challenge.models.example.com.", "CNAME") == (proof["name"], proof["type"])


def test_cutover_carries_what_was_made_into_every_stack_that_looks_for_it() -> None:
    text = PROGRAM.files["CUTOVER.md"]
    for region in ("europe-west1", "us-central1"):
        for setting in ("artifactBucket", "kmsKey"):
            assert (
                f'--stack prod-gcp-{region} {setting} "$(pulumi stack output --stack {STACK} {setting}-{region})"'
                in text
            )
    assert "--stack prod-gcp-edge alarmChannel" in text


def test_what_a_landing_zone_provides_is_not_made_again() -> None:
    layout, fleet, catalog = one_project()
    given = replace(fleet.environments["gcp"], certificate="theirs", alarm_topic="projects/p/notificationChannels/1")
    program = emit(layout, replace(fleet, environments={"gcp": given}), catalog)
    text = program.files["stacks/groups/prod_gcp_base.py"]
    assert "certificate_map=None" in text
    assert "alarm_channel=False" in text
    assert 'certificateMap: "theirs"' in program.files["stacks/config/Pulumi.prod-gcp-edge.yaml"]
    bare = emit(layout, replace(fleet, environments={"gcp": replace(given, base=False)}), catalog)
    assert STACK not in bare.stacks


@pytest.mark.parametrize(
    ("bucket", "complaint"),
    [("models", "is one bucket for 2 regions"), ("goog-{region}", "no Cloud Storage bucket name")],
)
def test_a_bucket_that_cannot_be_is_refused(bucket: str, complaint: str) -> None:
    layout, fleet, catalog = one_project()
    google = replace(fleet.environments["gcp"], artifact_bucket=bucket)
    with pytest.raises(EmitError, match=complaint):
        emit(layout, replace(fleet, environments={"gcp": google}), catalog)
