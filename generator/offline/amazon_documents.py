"""What AWS refuses of ARNs and of the documents it takes: policies, and APIs written as OpenAPI."""

import re

from generator.offline.stated import Judge, as_list, json_object, matches
from generator.offline.values import Properties, Value

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html, arn
MOST_OF_ARN = 2048
PARTITION = r"arn:aws(-[a-z]+)*"
ROLE = rf"{PARTITION}:iam::\d{{12}}:role/[\w+=,.@/-]+"
INTEGRATION = {
    "type": "aws|aws_proxy|http|http_proxy|mock|AWS|AWS_PROXY|HTTP|HTTP_PROXY|MOCK",
    "uri": rf"https?://\S+|{PARTITION}:apigateway:[a-z]{{2}}(-[a-z]+)+-\d:[\w.-]+:(path|action)/\S+",
    "credentials": rf"{ROLE}|{PARTITION}:iam::\*:user/\*",
    "httpMethod": "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY",
    "passthroughBehavior": "(?i:when_no_match|when_no_templates|never)",
}


def arn(service: str, resource: str) -> Judge:
    """Take the ARN of one service's resource in a region."""
    return matches(rf"{PARTITION}:{service}:[a-z]{{2}}(-[a-z]+)+-\d:\d{{12}}:{resource}", MOST_OF_ARN)


def policy(most: int, *, resource_based: bool) -> Judge:
    """Take a policy document: of so many characters without white space, its statements whole."""

    def judge(value: Value) -> str | None:
        document = json_object(value)
        if document is None:
            return "is no JSON object"
        size = len(re.sub(r"\s", "", str(value)))
        if size > most:
            return f"{size} characters without white space is more than the most, {most}"
        statements = document.get("Statement")
        listed = statements if isinstance(statements, list) else [statements]
        wrong = [reason for statement in listed if (reason := in_statement(statement, resource_based=resource_based))]
        return wrong[0] if wrong else None

    return judge


def in_statement(statement: Value, *, resource_based: bool) -> str | None:
    """Say what is wrong with one statement of a policy."""
    if not isinstance(statement, dict):
        return "has a Statement that is no object"
    needed = ("Effect", "Action", "Principal" if resource_based else "Resource")
    absent = [name for name in needed if name not in statement and f"Not{name}" not in statement]
    if absent:
        return f"has a statement without {', '.join(absent)}"
    if statement["Effect"] not in ("Allow", "Deny"):
        return f"has the effect {statement['Effect']!r}, none of Allow, Deny"
    for action in as_list(statement.get("Action")):
        if re.fullmatch(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", str(action)) is None:
            return f"has the action {action!r}, which is none of service:Action"
    for resource in as_list(statement.get("Resource")):
        if re.fullmatch(rf"\*|{PARTITION}:[a-z0-9-]+:[a-z0-9*-]*:(\d{{12}}|\*|):\S+", str(resource)) is None:
            return f"has the resource {resource!r}, which is no ARN"
    return None


def openapi(value: Value) -> str | None:
    """Say what API Gateway would refuse about an imported OpenAPI document."""
    document = json_object(value)
    if document is None:
        return "is no JSON object"
    paths = document.get("paths")
    if not isinstance(document.get("openapi"), str) or not isinstance(paths, dict):
        return "is no OpenAPI document: openapi and paths are needed"
    if len(paths) > 300:
        return f"{len(paths)} paths is more than the 300 resources an API holds"
    for path, operations in paths.items():
        if re.fullmatch(r"/|(/([\w.:-]+|\{[\w.:-]+\+?\}))+/?", path) is None:
            return f"has the path {path!r}, whose letters API Gateway does not take"
        for operation in operations.values() if isinstance(operations, dict) else ():
            wrong = in_operation(operation) if isinstance(operation, dict) else "is no object"
            if wrong:
                return f"{path} {wrong}"
    return None


def in_operation(operation: Properties) -> str | None:
    """Say what is wrong with one operation's integration."""
    integration = operation.get("x-amazon-apigateway-integration")
    if not isinstance(integration, dict):
        return "has no integration"
    wrong = [
        f"has an integration whose {name} is {integration.get(name)!r}"
        for name, pattern in INTEGRATION.items()
        if name in integration and re.fullmatch(pattern, str(integration[name])) is None
    ]
    timeout = integration.get("timeoutInMillis", 29_000)
    if not isinstance(timeout, int) or not 50 <= timeout <= 300_000:
        wrong.append(f"has an integration of {timeout} ms, not within 50 and 300000")
    answers, declared = integration.get("responses"), operation.get("responses")
    given = (
        {str(answer.get("statusCode")) for answer in answers.values() if isinstance(answer, dict)}
        if isinstance(answers, dict)
        else set[str]()
    )
    undeclared = sorted(given - set(declared if isinstance(declared, dict) else ()))
    if undeclared:
        wrong.append(f"answers {', '.join(undeclared)}, which it does not declare")
    return wrong[0] if wrong else None
