"""Imports what emitted programs use of the Pulumi SDKs, for a server that forks a process for each program."""

from importlib import import_module

AWS = "acm apigateway appautoscaling budgets cloudwatch ec2 iam kms route53 s3 sagemaker sns"
GCP = "billing certificatemanager cloudrunv2 compute dns kms monitoring projects serviceaccount storage"

for name in [f"pulumi_aws.{service}" for service in AWS.split()] + [f"pulumi_gcp.{service}" for service in GCP.split()]:
    # A service is lazy: it is imported when something of it is asked for.
    hasattr(import_module(name), "outputs")
