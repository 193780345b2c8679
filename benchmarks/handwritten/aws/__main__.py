"""The resources of a small emitted stack on aws, written out by transcribe.py: no component or loop."""

import pulumi
import pulumi_aws as aws

aws_provider = aws.Provider(
    "aws",
    allowed_account_ids=["123456789012"],
    default_tags=aws.ProviderDefaultTagsArgs(
        tags={"environment": "prod", "fleet": "bench", "managed-by": "covey", "stack": "prod-aws-us-east-1"}
    ),
    region="us-east-1",
    skip_credentials_validation=False,
    skip_region_validation=True,
)
dashboard = aws.cloudwatch.Dashboard(
    "dashboard",
    dashboard_body='{"widgets": [{"height": 6, "properties": {"metrics": [["AWS/SageMaker", "Invocations", "EndpointName", "prod-group-000", "VariantName", "live", {"stat": "Sum"}], ["AWS/SageMaker", "InvocationsPerInstance", "EndpointName", "prod-group-000", "VariantName", "live", {"stat": "Sum"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-000: invocations"}, "type": "metric", "width": 6, "x": 0, "y": 0}, {"height": 6, "properties": {"metrics": [["AWS/SageMaker", "ModelLatency", "EndpointName", "prod-group-000", "VariantName", "live", {"stat": "p99"}], ["AWS/SageMaker", "OverheadLatency", "EndpointName", "prod-group-000", "VariantName", "live", {"stat": "p99"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-000: latency, microseconds"}, "type": "metric", "width": 6, "x": 6, "y": 0}, {"height": 6, "properties": {"metrics": [["/aws/sagemaker/Endpoints", "CPUUtilization", "EndpointName", "prod-group-000", "VariantName", "live"], ["/aws/sagemaker/Endpoints", "MemoryUtilization", "EndpointName", "prod-group-000", "VariantName", "live"]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-000: machine, percent of one core or GPU"}, "type": "metric", "width": 6, "x": 12, "y": 0}, {"height": 6, "properties": {"metrics": [["AWS/SageMaker", "Invocation5XXErrors", "EndpointName", "prod-group-000", "VariantName", "live"], ["AWS/SageMaker", "Invocation4XXErrors", "EndpointName", "prod-group-000", "VariantName", "live"], ["AWS/SageMaker", "ModelLoadingWaitTime", "EndpointName", "prod-group-000", "VariantName", "live", {"yAxis": "right"}], ["AWS/SageMaker", "ModelCacheHit", "EndpointName", "prod-group-000", "VariantName", "live", {"yAxis": "right"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-000: errors and loads"}, "type": "metric", "width": 6, "x": 18, "y": 0}, {"height": 6, "properties": {"metrics": [["AWS/ApiGateway", "Latency", "ApiName", "prod-bench", "Stage", "live", "Method", "POST", "Resource", "/m0000", {"label": "/m0000", "stat": "p99"}], ["AWS/ApiGateway", "Latency", "ApiName", "prod-bench", "Stage", "live", "Method", "POST", "Resource", "/m0001", {"label": "/m0001", "stat": "p99"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-000: latency by model, milliseconds"}, "type": "metric", "width": 6, "x": 0, "y": 6}, {"height": 6, "properties": {"metrics": [["AWS/SageMaker", "Invocations", "EndpointName", "prod-group-001", "VariantName", "live", {"stat": "Sum"}], ["AWS/SageMaker", "InvocationsPerInstance", "EndpointName", "prod-group-001", "VariantName", "live", {"stat": "Sum"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-001: invocations"}, "type": "metric", "width": 6, "x": 6, "y": 6}, {"height": 6, "properties": {"metrics": [["AWS/SageMaker", "ModelLatency", "EndpointName", "prod-group-001", "VariantName", "live", {"stat": "p99"}], ["AWS/SageMaker", "OverheadLatency", "EndpointName", "prod-group-001", "VariantName", "live", {"stat": "p99"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-001: latency, microseconds"}, "type": "metric", "width": 6, "x": 12, "y": 6}, {"height": 6, "properties": {"metrics": [["/aws/sagemaker/Endpoints", "CPUUtilization", "EndpointName", "prod-group-001", "VariantName", "live"], ["/aws/sagemaker/Endpoints", "MemoryUtilization", "EndpointName", "prod-group-001", "VariantName", "live"]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-001: machine, percent of one core or GPU"}, "type": "metric", "width": 6, "x": 18, "y": 6}, {"height": 6, "properties": {"metrics": [["AWS/SageMaker", "Invocation5XXErrors", "EndpointName", "prod-group-001", "VariantName", "live"], ["AWS/SageMaker", "Invocation4XXErrors", "EndpointName", "prod-group-001", "VariantName", "live"], ["AWS/SageMaker", "ModelLoadingWaitTime", "EndpointName", "prod-group-001", "VariantName", "live", {"yAxis": "right"}], ["AWS/SageMaker", "ModelCacheHit", "EndpointName", "prod-group-001", "VariantName", "live", {"yAxis": "right"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-001: errors and loads"}, "type": "metric", "width": 6, "x": 0, "y": 12}, {"height": 6, "properties": {"metrics": [["AWS/ApiGateway", "Latency", "ApiName", "prod-bench", "Stage", "live", "Method", "POST", "Resource", "/m0002", {"label": "/m0002", "stat": "p99"}], ["AWS/ApiGateway", "Latency", "ApiName", "prod-bench", "Stage", "live", "Method", "POST", "Resource", "/m0003", {"label": "/m0003", "stat": "p99"}]], "period": 60, "region": "us-east-1", "stat": "Average", "title": "group-001: latency by model, milliseconds"}, "type": "metric", "width": 6, "x": 6, "y": 12}]}',
    dashboard_name="prod-us-east-1-models",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_domain = aws.apigateway.DomainName(
    "edge-domain",
    domain_name="us-east-1.models.example.com",
    endpoint_configuration=aws.apigateway.DomainNameEndpointConfigurationArgs(types="REGIONAL"),
    regional_certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/5b1d2c3e-0000-4000-8000-000000000000",
    security_policy="TLS_1_2",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_000 = aws.iam.Role(
    "edge-group-000",
    assume_role_policy='{"Statement": [{"Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}, "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}}], "Version": "2012-10-17"}',
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_001 = aws.iam.Role(
    "edge-group-001",
    assume_role_policy='{"Statement": [{"Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}, "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}}], "Version": "2012-10-17"}',
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_artifacts_1 = aws.iam.Policy(
    "group-000-artifacts-1",
    policy='{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":["arn:aws:s3:::bench-models/m0000/1.tar.gz","arn:aws:s3:::bench-models/m0001/1.tar.gz"],"Sid":"Read"},{"Action":"s3:ListBucket","Condition":{"StringEquals":{"s3:prefix":["m0000/1.tar.gz","m0001/1.tar.gz"]}},"Effect":"Allow","Resource":"arn:aws:s3:::bench-models","Sid":"Find"}],"Version":"2012-10-17"}',
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_execution = aws.iam.Role(
    "group-000-execution",
    assume_role_policy='{"Statement": [{"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}, "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}], "Version": "2012-10-17"}',
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_scaling = aws.appautoscaling.Target(
    "group-000-scaling",
    max_capacity=4,
    min_capacity=1,
    resource_id="endpoint/prod-group-000/variant/live",
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    service_namespace="sagemaker",
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_target_tracking = aws.appautoscaling.Policy(
    "group-000-target-tracking",
    policy_type="TargetTrackingScaling",
    resource_id="endpoint/prod-group-000/variant/live",
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    service_namespace="sagemaker",
    target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
        predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
        ),
        scale_in_cooldown=600,
        scale_out_cooldown=60,
        target_value=4200,
    ),
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_artifacts_1 = aws.iam.Policy(
    "group-001-artifacts-1",
    policy='{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":["arn:aws:s3:::bench-models/m0002/1.tar.gz","arn:aws:s3:::bench-models/m0003/1.tar.gz"],"Sid":"Read"},{"Action":"s3:ListBucket","Condition":{"StringEquals":{"s3:prefix":["m0002/1.tar.gz","m0003/1.tar.gz"]}},"Effect":"Allow","Resource":"arn:aws:s3:::bench-models","Sid":"Find"}],"Version":"2012-10-17"}',
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_execution = aws.iam.Role(
    "group-001-execution",
    assume_role_policy='{"Statement": [{"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}, "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}], "Version": "2012-10-17"}',
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_scaling = aws.appautoscaling.Target(
    "group-001-scaling",
    max_capacity=4,
    min_capacity=1,
    resource_id="endpoint/prod-group-001/variant/live",
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    service_namespace="sagemaker",
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_target_tracking = aws.appautoscaling.Policy(
    "group-001-target-tracking",
    policy_type="TargetTrackingScaling",
    resource_id="endpoint/prod-group-001/variant/live",
    scalable_dimension="sagemaker:variant:DesiredInstanceCount",
    service_namespace="sagemaker",
    target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
        predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
        ),
        scale_in_cooldown=600,
        scale_out_cooldown=60,
        target_value=4200,
    ),
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
region_key = aws.kms.Key(
    "region-key",
    deletion_window_in_days=30,
    description="Model endpoints of prod in us-east-1",
    enable_key_rotation=True,
    policy='{"Statement": [{"Action": "kms:*", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Resource": "*", "Sid": "Account"}, {"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}, "Effect": "Allow", "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}, "Resource": "*", "Sid": "Notifications"}, {"Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:*"}}, "Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Resource": "*", "Sid": "Logs"}], "Version": "2012-10-17"}',
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
alarms = aws.sns.Topic(
    "alarms",
    kms_master_key_id=region_key.arn,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_api = aws.apigateway.RestApi(
    "edge-api",
    body=pulumi.Output.concat(
        '{"components": {"securitySchemes": {"sigv4": {"in": "header", "name": "Authorization", "type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"}}}, "info": {"title": "prod-bench", "version": "1"}, "openapi": "3.0.1", "paths": {"/m0000": {"post": {"parameters": [{"in": "header", "name": "Content-Type", "required": false, "schema": {"type": "string"}}, {"in": "header", "name": "Accept", "required": false, "schema": {"type": "string"}}], "responses": {"200": {"description": "answer"}, "400": {"description": "refused"}, "429": {"description": "try again"}, "502": {"description": "failed"}}, "security": [{"sigv4": []}], "x-amazon-apigateway-integration": {"credentials": "',
        edge_group_000.arn,
        '", "httpMethod": "POST", "passthroughBehavior": "when_no_match", "requestParameters": {"integration.request.header.Accept": "method.request.header.Accept", "integration.request.header.Content-Type": "method.request.header.Content-Type", "integration.request.header.X-Amzn-SageMaker-Target-Model": "\'m0000/1.tar.gz\'"}, "responses": {"4(?!24|29)\\\\d{2}": {"statusCode": "400"}, "424": {"statusCode": "502"}, "429": {"statusCode": "429"}, "5\\\\d{2}": {"statusCode": "502"}, "default": {"statusCode": "200"}}, "timeoutInMillis": 29000, "type": "aws", "uri": "arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/prod-group-000/invocations"}}}, "/m0001": {"post": {"parameters": [{"in": "header", "name": "Content-Type", "required": false, "schema": {"type": "string"}}, {"in": "header", "name": "Accept", "required": false, "schema": {"type": "string"}}], "responses": {"200": {"description": "answer"}, "400": {"description": "refused"}, "429": {"description": "try again"}, "502": {"description": "failed"}}, "security": [{"sigv4": []}], "x-amazon-apigateway-integration": {"credentials": "',
        edge_group_000.arn,
        '", "httpMethod": "POST", "passthroughBehavior": "when_no_match", "requestParameters": {"integration.request.header.Accept": "method.request.header.Accept", "integration.request.header.Content-Type": "method.request.header.Content-Type", "integration.request.header.X-Amzn-SageMaker-Target-Model": "\'m0001/1.tar.gz\'"}, "responses": {"4(?!24|29)\\\\d{2}": {"statusCode": "400"}, "424": {"statusCode": "502"}, "429": {"statusCode": "429"}, "5\\\\d{2}": {"statusCode": "502"}, "default": {"statusCode": "200"}}, "timeoutInMillis": 29000, "type": "aws", "uri": "arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/prod-group-000/invocations"}}}, "/m0002": {"post": {"parameters": [{"in": "header", "name": "Content-Type", "required": false, "schema": {"type": "string"}}, {"in": "header", "name": "Accept", "required": false, "schema": {"type": "string"}}], "responses": {"200": {"description": "answer"}, "400": {"description": "refused"}, "429": {"description": "try again"}, "502": {"description": "failed"}}, "security": [{"sigv4": []}], "x-amazon-apigateway-integration": {"credentials": "',
        edge_group_001.arn,
        '", "httpMethod": "POST", "passthroughBehavior": "when_no_match", "requestParameters": {"integration.request.header.Accept": "method.request.header.Accept", "integration.request.header.Content-Type": "method.request.header.Content-Type", "integration.request.header.X-Amzn-SageMaker-Target-Model": "\'m0002/1.tar.gz\'"}, "responses": {"4(?!24|29)\\\\d{2}": {"statusCode": "400"}, "424": {"statusCode": "502"}, "429": {"statusCode": "429"}, "5\\\\d{2}": {"statusCode": "502"}, "default": {"statusCode": "200"}}, "timeoutInMillis": 29000, "type": "aws", "uri": "arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/prod-group-001/invocations"}}}, "/m0003": {"post": {"parameters": [{"in": "header", "name": "Content-Type", "required": false, "schema": {"type": "string"}}, {"in": "header", "name": "Accept", "required": false, "schema": {"type": "string"}}], "responses": {"200": {"description": "answer"}, "400": {"description": "refused"}, "429": {"description": "try again"}, "502": {"description": "failed"}}, "security": [{"sigv4": []}], "x-amazon-apigateway-integration": {"credentials": "',
        edge_group_001.arn,
        '", "httpMethod": "POST", "passthroughBehavior": "when_no_match", "requestParameters": {"integration.request.header.Accept": "method.request.header.Accept", "integration.request.header.Content-Type": "method.request.header.Content-Type", "integration.request.header.X-Amzn-SageMaker-Target-Model": "\'m0003/1.tar.gz\'"}, "responses": {"4(?!24|29)\\\\d{2}": {"statusCode": "400"}, "424": {"statusCode": "502"}, "429": {"statusCode": "429"}, "5\\\\d{2}": {"statusCode": "502"}, "default": {"statusCode": "200"}}, "timeoutInMillis": 29000, "type": "aws", "uri": "arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/prod-group-001/invocations"}}}}, "x-amazon-apigateway-binary-media-types": ["*/*"]}',
    ),
    disable_execute_api_endpoint=True,
    endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL"),
    name="prod-bench",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_record = aws.route53.Record(
    "edge-record",
    aliases=[
        aws.route53.RecordAliasArgs(
            evaluate_target_health=False, name=edge_domain.regional_domain_name, zone_id=edge_domain.regional_zone_id
        )
    ],
    name="us-east-1.models.example.com",
    type="A",
    zone_id="Z0123456789ABCDEFGHIJ",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_artifacts_1_attached = aws.iam.RolePolicyAttachment(
    "group-000-artifacts-1-attached",
    policy_arn=group_000_artifacts_1.arn,
    role=group_000_execution.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_execution_policy = aws.iam.RolePolicy(
    "group-000-execution-policy",
    policy=pulumi.Output.concat(
        '{"Statement": [{"Action": "ecr:GetAuthorizationToken", "Effect": "Allow", "Resource": "*", "Sid": "Login"}, {"Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Effect": "Allow", "Resource": "arn:aws:ecr:us-east-1:123456789012:repository/server", "Sid": "Image"}, {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], "Effect": "Allow", "Resource": ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/prod-group-000", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/prod-group-000:*"], "Sid": "Logs"}, {"Action": "cloudwatch:PutMetricData", "Condition": {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}, "Effect": "Allow", "Resource": "*", "Sid": "Metrics"}, {"Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"], "Effect": "Allow", "Resource": "',
        region_key.arn,
        '", "Sid": "Key"}], "Version": "2012-10-17"}',
    ),
    role=group_000_execution.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_model = aws.sagemaker.Model(
    "group-000-model",
    execution_role_arn=group_000_execution.arn,
    primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1",
        mode="MultiModel",
        model_data_url="s3://bench-models/",
        multi_model_config=aws.sagemaker.ModelPrimaryContainerMultiModelConfigArgs(model_cache_setting="Enabled"),
    ),
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_artifacts_1_attached = aws.iam.RolePolicyAttachment(
    "group-001-artifacts-1-attached",
    policy_arn=group_001_artifacts_1.arn,
    role=group_001_execution.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_execution_policy = aws.iam.RolePolicy(
    "group-001-execution-policy",
    policy=pulumi.Output.concat(
        '{"Statement": [{"Action": "ecr:GetAuthorizationToken", "Effect": "Allow", "Resource": "*", "Sid": "Login"}, {"Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Effect": "Allow", "Resource": "arn:aws:ecr:us-east-1:123456789012:repository/server", "Sid": "Image"}, {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], "Effect": "Allow", "Resource": ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/prod-group-001", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/prod-group-001:*"], "Sid": "Logs"}, {"Action": "cloudwatch:PutMetricData", "Condition": {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}, "Effect": "Allow", "Resource": "*", "Sid": "Metrics"}, {"Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"], "Effect": "Allow", "Resource": "',
        region_key.arn,
        '", "Sid": "Key"}], "Version": "2012-10-17"}',
    ),
    role=group_001_execution.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_model = aws.sagemaker.Model(
    "group-001-model",
    execution_role_arn=group_001_execution.arn,
    primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1",
        mode="MultiModel",
        model_data_url="s3://bench-models/",
        multi_model_config=aws.sagemaker.ModelPrimaryContainerMultiModelConfigArgs(model_cache_setting="Enabled"),
    ),
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
alarms_email = aws.sns.TopicSubscription(
    "alarms-email",
    endpoint="oncall@example.com",
    protocol="email",
    topic=alarms.arn,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
alarms_policy = aws.sns.TopicPolicy(
    "alarms-policy",
    arn=alarms.arn,
    policy=pulumi.Output.concat(
        '{"Version": "2012-10-17", "Statement": [{"Sid": "Publish", "Effect": "Allow", "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}, "Action": "sns:Publish", "Resource": "',
        alarms.arn,
        '", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}',
    ),
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
budget_group_000 = aws.budgets.Budget(
    "budget-group-000",
    budget_type="COST",
    cost_filters=[aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=["user:group$group-000"])],
    limit_amount="336",
    limit_unit="USD",
    name="us-east-1-prod-group-000",
    notifications=[
        aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type="ACTUAL",
            subscriber_sns_topic_arns=[alarms.arn],
            threshold=80,
            threshold_type="PERCENTAGE",
        ),
        aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type="FORECASTED",
            subscriber_sns_topic_arns=[alarms.arn],
            threshold=100,
            threshold_type="PERCENTAGE",
        ),
    ],
    time_unit="MONTHLY",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
budget_group_001 = aws.budgets.Budget(
    "budget-group-001",
    budget_type="COST",
    cost_filters=[aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=["user:group$group-001"])],
    limit_amount="336",
    limit_unit="USD",
    name="us-east-1-prod-group-001",
    notifications=[
        aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type="ACTUAL",
            subscriber_sns_topic_arns=[alarms.arn],
            threshold=80,
            threshold_type="PERCENTAGE",
        ),
        aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN",
            notification_type="FORECASTED",
            subscriber_sns_topic_arns=[alarms.arn],
            threshold=100,
            threshold_type="PERCENTAGE",
        ),
    ],
    time_unit="MONTHLY",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_deployment = aws.apigateway.Deployment(
    "edge-deployment",
    rest_api=edge_api.id,
    triggers={"body": "899c5bb19565f9481bf27072ef8ad61c963fcc09c251f7c22b888dc8572477da"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0000_errors = aws.cloudwatch.MetricAlarm(
    "edge-m0000-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of this model's requests fail.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0000", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    metric_name="5XXError",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0000_latency = aws.cloudwatch.MetricAlarm(
    "edge-m0000-latency",
    alarm_actions=[alarms.arn],
    alarm_description="This model answers later than its objective.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0000", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="Latency",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    tags={},
    threshold=500,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0001_errors = aws.cloudwatch.MetricAlarm(
    "edge-m0001-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of this model's requests fail.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0001", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    metric_name="5XXError",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0001_latency = aws.cloudwatch.MetricAlarm(
    "edge-m0001-latency",
    alarm_actions=[alarms.arn],
    alarm_description="This model answers later than its objective.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0001", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="Latency",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    tags={},
    threshold=500,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0002_errors = aws.cloudwatch.MetricAlarm(
    "edge-m0002-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of this model's requests fail.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0002", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    metric_name="5XXError",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0002_latency = aws.cloudwatch.MetricAlarm(
    "edge-m0002-latency",
    alarm_actions=[alarms.arn],
    alarm_description="This model answers later than its objective.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0002", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="Latency",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    tags={},
    threshold=500,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0003_errors = aws.cloudwatch.MetricAlarm(
    "edge-m0003-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of this model's requests fail.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0003", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    metric_name="5XXError",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_m0003_latency = aws.cloudwatch.MetricAlarm(
    "edge-m0003-latency",
    alarm_actions=[alarms.arn],
    alarm_description="This model answers later than its objective.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"Resource": "/m0003", "ApiName": "prod-bench", "Stage": "live", "Method": "POST"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="Latency",
    namespace="AWS/ApiGateway",
    ok_actions=[alarms.arn],
    period=60,
    tags={},
    threshold=500,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_mapping = aws.apigateway.BasePathMapping(
    "edge-mapping",
    domain_name="us-east-1.models.example.com",
    rest_api=edge_api.id,
    stage_name="live",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_metrics = aws.apigateway.MethodSettings(
    "edge-metrics",
    method_path="*/*",
    rest_api=edge_api.id,
    settings=aws.apigateway.MethodSettingsSettingsArgs(metrics_enabled=True),
    stage_name="live",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_cache_misses = aws.cloudwatch.MetricAlarm(
    "group-000-cache-misses",
    alarm_actions=[alarms.arn],
    alarm_description="More than 10 % of invocations find their model not loaded: the group has outgrown its memory.",
    comparison_operator="LessThanThreshold",
    datapoints_to_alarm=4,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=6,
    metric_name="ModelCacheHit",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=300,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=0.9,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_client_errors = aws.cloudwatch.MetricAlarm(
    "group-000-client-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 5 % of invocations are refused.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=5,
    metric_name="Invocation4XXErrors",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=0.05,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_cold_loads = aws.cloudwatch.MetricAlarm(
    "group-000-cold-loads",
    alarm_actions=[alarms.arn],
    alarm_description="Invocations wait for a model to load longer than the longest objective of the group.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=3,
    metric_name="ModelLoadingWaitTime",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=500000,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_config = aws.sagemaker.EndpointConfiguration(
    "group-000-config",
    kms_key_arn=region_key.arn,
    production_variants=[
        aws.sagemaker.EndpointConfigurationProductionVariantArgs(
            container_startup_health_check_timeout_in_seconds=1800,
            initial_instance_count=1,
            initial_variant_weight=1,
            instance_type="ml.m5.large",
            model_data_download_timeout_in_seconds=1800,
            model_name=group_000_model.name,
            variant_name="live",
        )
    ],
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_idle = aws.cloudwatch.MetricAlarm(
    "group-000-idle",
    alarm_actions=[alarms.arn],
    alarm_description="No invocation for a day.",
    comparison_operator="LessThanThreshold",
    datapoints_to_alarm=22,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=24,
    metric_name="Invocations",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=3600,
    statistic="Sum",
    tags={"group": "group-000"},
    threshold=1,
    treat_missing_data="breaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_latency = aws.cloudwatch.MetricAlarm(
    "group-000-latency",
    alarm_actions=[alarms.arn],
    alarm_description="The container takes longer than the longest objective of the group.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="ModelLatency",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    tags={"group": "group-000"},
    threshold=500000,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_memory = aws.cloudwatch.MetricAlarm(
    "group-000-memory",
    alarm_actions=[alarms.arn],
    alarm_description="Memory above 90 %.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=5,
    metric_name="MemoryUtilization",
    namespace="/aws/sagemaker/Endpoints",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=90,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_saturation = aws.cloudwatch.MetricAlarm(
    "group-000-saturation",
    alarm_actions=[alarms.arn],
    alarm_description="Above 90 % of the machine.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=8,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=10,
    metric_name="CPUUtilization",
    namespace="/aws/sagemaker/Endpoints",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=180,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_server_errors = aws.cloudwatch.MetricAlarm(
    "group-000-server-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of invocations fail in the container.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-000"},
    evaluation_periods=5,
    metric_name="Invocation5XXErrors",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-000"},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_cache_misses = aws.cloudwatch.MetricAlarm(
    "group-001-cache-misses",
    alarm_actions=[alarms.arn],
    alarm_description="More than 10 % of invocations find their model not loaded: the group has outgrown its memory.",
    comparison_operator="LessThanThreshold",
    datapoints_to_alarm=4,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=6,
    metric_name="ModelCacheHit",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=300,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=0.9,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_client_errors = aws.cloudwatch.MetricAlarm(
    "group-001-client-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 5 % of invocations are refused.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=5,
    metric_name="Invocation4XXErrors",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=0.05,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_cold_loads = aws.cloudwatch.MetricAlarm(
    "group-001-cold-loads",
    alarm_actions=[alarms.arn],
    alarm_description="Invocations wait for a model to load longer than the longest objective of the group.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=3,
    metric_name="ModelLoadingWaitTime",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=500000,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_config = aws.sagemaker.EndpointConfiguration(
    "group-001-config",
    kms_key_arn=region_key.arn,
    production_variants=[
        aws.sagemaker.EndpointConfigurationProductionVariantArgs(
            container_startup_health_check_timeout_in_seconds=1800,
            initial_instance_count=1,
            initial_variant_weight=1,
            instance_type="ml.m5.large",
            model_data_download_timeout_in_seconds=1800,
            model_name=group_001_model.name,
            variant_name="live",
        )
    ],
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_idle = aws.cloudwatch.MetricAlarm(
    "group-001-idle",
    alarm_actions=[alarms.arn],
    alarm_description="No invocation for a day.",
    comparison_operator="LessThanThreshold",
    datapoints_to_alarm=22,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=24,
    metric_name="Invocations",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=3600,
    statistic="Sum",
    tags={"group": "group-001"},
    threshold=1,
    treat_missing_data="breaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_latency = aws.cloudwatch.MetricAlarm(
    "group-001-latency",
    alarm_actions=[alarms.arn],
    alarm_description="The container takes longer than the longest objective of the group.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=5,
    extended_statistic="p99",
    metric_name="ModelLatency",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    tags={"group": "group-001"},
    threshold=500000,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_memory = aws.cloudwatch.MetricAlarm(
    "group-001-memory",
    alarm_actions=[alarms.arn],
    alarm_description="Memory above 90 %.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=5,
    metric_name="MemoryUtilization",
    namespace="/aws/sagemaker/Endpoints",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=90,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_saturation = aws.cloudwatch.MetricAlarm(
    "group-001-saturation",
    alarm_actions=[alarms.arn],
    alarm_description="Above 90 % of the machine.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=8,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=10,
    metric_name="CPUUtilization",
    namespace="/aws/sagemaker/Endpoints",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=180,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_server_errors = aws.cloudwatch.MetricAlarm(
    "group-001-server-errors",
    alarm_actions=[alarms.arn],
    alarm_description="More than 1 % of invocations fail in the container.",
    comparison_operator="GreaterThanThreshold",
    datapoints_to_alarm=3,
    dimensions={"VariantName": "live", "EndpointName": "prod-group-001"},
    evaluation_periods=5,
    metric_name="Invocation5XXErrors",
    namespace="AWS/SageMaker",
    ok_actions=[alarms.arn],
    period=60,
    statistic="Average",
    tags={"group": "group-001"},
    threshold=0.01,
    treat_missing_data="notBreaching",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_stage = aws.apigateway.Stage(
    "edge-stage",
    deployment=edge_deployment.id,
    rest_api=edge_api.id,
    stage_name="live",
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_000_endpoint = aws.sagemaker.Endpoint(
    "group-000-endpoint",
    deployment_config=aws.sagemaker.EndpointDeploymentConfigArgs(
        auto_rollback_configuration=aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationArgs(
            alarms=[
                aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs(
                    alarm_name=group_000_server_errors.name
                ),
                aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs(
                    alarm_name=group_000_latency.name
                ),
            ]
        ),
        blue_green_update_policy=aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyArgs(
            maximum_execution_timeout_in_seconds=7200,
            termination_wait_in_seconds=600,
            traffic_routing_configuration=aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgs(
                type="ALL_AT_ONCE", wait_interval_in_seconds=600
            ),
        ),
    ),
    endpoint_config_name=group_000_config.name,
    name="prod-group-000",
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
group_001_endpoint = aws.sagemaker.Endpoint(
    "group-001-endpoint",
    deployment_config=aws.sagemaker.EndpointDeploymentConfigArgs(
        auto_rollback_configuration=aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationArgs(
            alarms=[
                aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs(
                    alarm_name=group_001_server_errors.name
                ),
                aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs(
                    alarm_name=group_001_latency.name
                ),
            ]
        ),
        blue_green_update_policy=aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyArgs(
            maximum_execution_timeout_in_seconds=7200,
            termination_wait_in_seconds=600,
            traffic_routing_configuration=aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgs(
                type="ALL_AT_ONCE", wait_interval_in_seconds=600
            ),
        ),
    ),
    endpoint_config_name=group_001_config.name,
    name="prod-group-001",
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_000_models_1 = aws.iam.Policy(
    "edge-group-000-models-1",
    policy=pulumi.Output.concat(
        '{"Statement":[{"Action":"sagemaker:InvokeEndpoint","Condition":{"StringEquals":{"sagemaker:TargetModel":["m0000/1.tar.gz","m0001/1.tar.gz"]}},"Effect":"Allow","Resource":"',
        group_000_endpoint.arn,
        '","Sid":"Invoke"}],"Version":"2012-10-17"}',
    ),
    tags={"group": "group-000"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_001_models_1 = aws.iam.Policy(
    "edge-group-001-models-1",
    policy=pulumi.Output.concat(
        '{"Statement":[{"Action":"sagemaker:InvokeEndpoint","Condition":{"StringEquals":{"sagemaker:TargetModel":["m0002/1.tar.gz","m0003/1.tar.gz"]}},"Effect":"Allow","Resource":"',
        group_001_endpoint.arn,
        '","Sid":"Invoke"}],"Version":"2012-10-17"}',
    ),
    tags={"group": "group-001"},
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_000_models_1_attached = aws.iam.RolePolicyAttachment(
    "edge-group-000-models-1-attached",
    policy_arn=edge_group_000_models_1.arn,
    role=edge_group_000.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
edge_group_001_models_1_attached = aws.iam.RolePolicyAttachment(
    "edge-group-001-models-1-attached",
    policy_arn=edge_group_001_models_1.arn,
    role=edge_group_001.name,
    opts=pulumi.ResourceOptions(provider=aws_provider),
)
