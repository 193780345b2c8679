"""What is one per GCP project: APIs, key and artifact bucket of each region, certificate map, notification channel.

CUTOVER.md has the commands that carry the outputs over into the settings of the stacks that look for them: of
``kmsKey-REGION`` and ``artifactBucket-REGION`` the region's, of ``alarmChannel`` every stack's. The certificate map has
the name that the load balancer's stack is told from the beginning. A company whose landing zone provides all this emits
no such stack and sets the same names itself.

Configuration of the stack: ``managedZone`` Cloud DNS zone of the domain; ``storageAgent`` address of the project's
Cloud Storage service agent, which ``gcloud storage service-agent`` makes and prints. Optional: ``alarmEmail``;
``protect`` (true once regions depend on the stack).
"""

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp import certificatemanager

from .gcp import google
from .gcp_watch import notification_channels
from .values import GcpBase

APIS = (
    "billingbudgets",
    "certificatemanager",
    "cloudkms",
    "compute",
    "dns",
    "iam",
    "monitoring",
    "run",
    "storage",
)


def build_base(stack: GcpBase) -> None:
    """Build what is one per project and export it, by region where there is one for each.

    Parameters
    ----------
    stack : GcpBase
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    project = pulumi.ResourceOptions(provider=google(stack.project, stack.labels))
    protect = config.get_bool("protect") or False
    apis = [
        gcp.projects.Service(
            f"api-{name}",
            project=stack.project,
            service=f"{name}.googleapis.com",
            # Others may use it by the time this stack goes.
            disable_on_destroy=False,
            opts=project,
        )
        for name in APIS
    ]
    ready = pulumi.ResourceOptions.merge(project, pulumi.ResourceOptions(depends_on=apis))

    runner = gcp.projects.ServiceIdentity("run-agent", project=stack.project, service="run.googleapis.com", opts=ready)
    agents = {
        "storage": pulumi.Output.concat("serviceAccount:", config.require("storageAgent")),
        "run": pulumi.Output.concat("serviceAccount:", runner.email),
    }
    for bucket in stack.buckets:
        key_id, grants = region_key(bucket.region, agents, ready, keep=protect)
        made = artifact_bucket(bucket.name, bucket.region, key_id, grants, ready, protect=protect)
        pulumi.export(f"artifactBucket-{bucket.region}", made)
        pulumi.export(f"kmsKey-{bucket.region}", key_id)
    if stack.certificate_map is not None:
        certificate_map(stack.certificate_map, stack.domain, config.require("managedZone"), ready)
    if stack.alarm_channel:
        for channel in notification_channels(config, ready):
            pulumi.export("alarmChannel", channel)


def region_key(
    region: str, agents: dict[str, pulumi.Output[str]], options: pulumi.ResourceOptions, *, keep: bool
) -> tuple[pulumi.Output[str], Sequence[pulumi.Resource]]:
    """Make the key of one region, for the service agents that encrypt artifacts and services with it.

    Parameters
    ----------
    keep : bool
        Leave the key where it is when it leaves the program: what is encrypted with it cannot be read without.

    Returns
    -------
    tuple of Output of str and list of Resource
        The key's id, and the grants without which nothing can be encrypted with it.
    """
    # A ring cannot be deleted, nor its name used again: the provider's suffix tells a second one apart.
    ring = gcp.kms.KeyRing(f"models-{region}", location=region, opts=options)
    key = gcp.kms.CryptoKey(
        f"models-{region}-key",
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period="7776000s",  # Ninety days.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=keep, retain_on_delete=keep)),
    )
    grants = [
        gcp.kms.CryptoKeyIAMMember(
            f"models-{region}-key-{name}",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=member,
            opts=options,
        )
        for name, member in agents.items()
    ]
    return key.id, grants


def artifact_bucket(
    name: str,
    region: str,
    key_id: pulumi.Input[str],
    grants: Sequence[pulumi.Resource],
    options: pulumi.ResourceOptions,
    *,
    protect: bool,
) -> pulumi.Output[str]:
    """Make the bucket of a region's artifacts: encrypted, versioned, never public, access by IAM alone."""
    bucket = gcp.storage.Bucket(
        f"artifacts-{region}",
        name=name,
        location=region,
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        # An artifact overwritten by mistake can be had back: models name immutable keys, people do not always.
        versioning=gcp.storage.BucketVersioningArgs(enabled=True),
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=key_id),
        opts=pulumi.ResourceOptions.merge(
            options,
            pulumi.ResourceOptions(depends_on=list(grants), protect=protect, retain_on_delete=protect),
        ),
    )
    return bucket.name


def certificate_map(name: str, domain: str, managed_zone: str, options: pulumi.ResourceOptions) -> None:
    """Make a certificate of the domain and the names below it, prove that the domain is ours, and put it in a map.

    The wildcard spares a new certificate when a region joins; one authorisation covers the domain and its wildcard.
    """
    authorisation = certificatemanager.DnsAuthorization("certificate-authorisation", domain=domain, opts=options)
    proof = authorisation.dns_resource_records[0]
    record = gcp.dns.RecordSet(
        "certificate-proof",
        managed_zone=managed_zone,
        name=proof.name.apply(lambda name: name or ""),
        type="CNAME",
        ttl=300,
        rrdatas=[proof.data.apply(lambda data: data or "")],
        # The certificate is renewed by this record for as long as it is used.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(retain_on_delete=True)),
    )
    hosts = {"apex": domain, "wildcard": f"*.{domain}"}
    certificate = certificatemanager.Certificate(
        "certificate",
        managed=certificatemanager.CertificateManagedArgs(
            domains=list(hosts.values()), dns_authorizations=[authorisation.id]
        ),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[record])),
    )
    held = certificatemanager.CertificateMap("certificate-map", name=name, opts=options)
    for what, host in hosts.items():
        certificatemanager.CertificateMapEntry(
            f"certificate-map-{what}", map=held.name, hostname=host, certificates=[certificate.id], opts=options
        )
