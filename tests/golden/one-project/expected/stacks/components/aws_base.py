"""What is one per account and AWS region: artifact bucket, key, certificate, alarm topic, API logging, VPC endpoints.

Every output carries the name under which the region's stack looks for it in its configuration; CUTOVER.md has the
commands. A company whose landing zone provides these emits no such stack and sets the same names itself.

Configuration of the stack: ``hostedZoneId`` Route 53 zone of the domain. Optional: ``alarmEmail``; ``vpcId`` with
``subnetIds``, ``securityGroupIds`` and ``routeTableIds``, where the endpoints run in a VPC; ``protect`` (true once
regions depend on the stack).
"""

import json

import pulumi
import pulumi_aws as aws

from .aws_foundation import alarm_topic, amazon, region_key, strings
from .aws_identity import trust
from .values import AwsBase


def build_base(stack: AwsBase) -> None:
    """Build what is one per account and region, and export it under the names of the region stack's settings.

    Parameters
    ----------
    stack : AwsBase
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    provider = amazon(stack.account, stack.region, stack.tags)
    options = pulumi.ResourceOptions(provider=provider)
    protect = config.get_bool("protect") or False

    key_arn = region_key(stack.environment, stack.account, stack.region, options, keep=protect)
    pulumi.export("kmsKeyArn", key_arn)
    pulumi.export("artifactBucket", artifact_bucket(stack.artifact_bucket, key_arn, options, protect=protect))
    pulumi.export("accessLogGroupArn", api_logs(stack, key_arn, options))
    if stack.alarm_topic:
        pulumi.export("alarmTopicArn", alarm_topic(stack.account, key_arn, config.get("alarmEmail"), options))
    if stack.certificate_domain is not None:
        issued = certificate(stack.certificate_domain, config.require("hostedZoneId"), options)
        pulumi.export("certificateArn", issued)
    vpc_id = config.get("vpcId")
    if vpc_id is not None:
        pulumi.export("subnetIds", list(strings(config, "subnetIds")))
        pulumi.export("securityGroupIds", list(strings(config, "securityGroupIds")))
        vpc_endpoints(stack.region, vpc_id, config, options)


def artifact_bucket(
    name: str, key_arn: pulumi.Input[str], options: pulumi.ResourceOptions, *, protect: bool
) -> pulumi.Output[str]:
    """Make the bucket of the artifacts: encrypted, versioned, never public, over TLS only.

    Returns
    -------
    Output of str
        Its name, known once its policy stands.
    """
    bucket = aws.s3.Bucket(
        "artifacts",
        bucket=name,
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=protect, retain_on_delete=protect)),
    )
    closed = aws.s3.BucketPublicAccessBlock(
        "artifacts-private",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=options,
    )
    aws.s3.BucketOwnershipControls(
        "artifacts-owner",
        bucket=bucket.bucket,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=options,
    )
    # An artifact overwritten by mistake can be had back: models name immutable keys, people do not always.
    aws.s3.BucketVersioning(
        "artifacts-versions",
        bucket=bucket.bucket,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=options,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "artifacts-encryption",
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=(
                    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=key_arn
                    )
                ),
                bucket_key_enabled=True,
            )
        ],
        opts=options,
    )
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = aws.s3.BucketPolicy(
        "artifacts-policy",
        bucket=bucket.bucket,
        policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True),
        # Changed at once, the two requests conflict.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[closed])),
    )
    return policy.bucket


def certificate(domain: str, hosted_zone_id: str, options: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Ask for a certificate of the domain and the names below it, prove that the domain is ours, wait for it.

    The wildcard spares a new certificate when a region joins, and a domain is validated by the same record as its
    wildcard, in every region of an account.
    """
    requested = aws.acm.Certificate(
        "certificate",
        domain_name=domain,
        subject_alternative_names=[f"*.{domain}"],
        validation_method="DNS",
        opts=options,
    )
    proof = requested.domain_validation_options[0]
    record = aws.route53.Record(
        "certificate-proof",
        zone_id=hosted_zone_id,
        name=proof.resource_record_name.apply(lambda name: name or ""),
        type=aws.route53.RecordType.CNAME,
        records=[proof.resource_record_value.apply(lambda value: value or "")],
        ttl=300,
        allow_overwrite=True,
        # All regions of the account renew their certificates by this one record.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(retain_on_delete=True)),
    )
    issued = aws.acm.CertificateValidation(
        "certificate-issued",
        certificate_arn=requested.arn,
        validation_record_fqdns=[record.fqdn],
        opts=options,
    )
    return issued.certificate_arn


def api_logs(stack: AwsBase, key_arn: pulumi.Input[str], options: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Let API Gateway write logs at all, one setting per account and region, and make the group it writes to."""
    role = aws.iam.Role("api-logs", assume_role_policy=trust("apigateway.amazonaws.com", stack.account), opts=options)
    attached = aws.iam.RolePolicyAttachment(
        "api-logs-attached",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        opts=options,
    )
    aws.apigateway.Account(
        "api-account",
        cloudwatch_role_arn=role.arn,
        # The role is tried out when it is set.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[attached])),
    )
    group = aws.cloudwatch.LogGroup("api-access", retention_in_days=90, kms_key_id=key_arn, opts=options)
    return group.arn


def vpc_endpoints(region: str, vpc_id: str, config: pulumi.Config, options: pulumi.ResourceOptions) -> None:
    """Reach SageMaker and the artifacts without leaving the VPC."""
    aws.ec2.VpcEndpoint(
        "runtime",
        vpc_id=vpc_id,
        vpc_endpoint_type="Interface",
        service_name=f"com.amazonaws.{region}.sagemaker.runtime",
        subnet_ids=list(strings(config, "subnetIds")),
        security_group_ids=list(strings(config, "securityGroupIds")),
        private_dns_enabled=True,
        opts=options,
    )
    aws.ec2.VpcEndpoint(
        "artifacts-gateway",
        vpc_id=vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=f"com.amazonaws.{region}.s3",
        route_table_ids=list(strings(config, "routeTableIds")),
        opts=options,
    )
