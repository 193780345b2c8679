"""The public paths of prod on GCP, as data. The file to review."""

from components.values import Backend, GcpEdge, Host, Route

STACK = GcpEdge(
    environment="prod",
    fleet="shop-rm-rf",
    project="shop-models-prod",
    domain="models.example.com",
    url_map="prod-shop-rm-rf",
    labels={
        "cost-centre": "x___",
        "environment": "prod",
        "fleet": "shop___rm_-rf__",
        "managed-by": "covey",
        "stack": "prod-gcp-edge",
    },
    hosts=(
        Host(
            region="europe-west1",
            host="europe-west1.models.example.com",
            backends=(
                Backend(
                    group="retail-europe",
                    service="prod-retail-europe",
                    routes=(
                        Route(
                            key="fashion-europe",
                            path="/model2",
                            rewrite="/invocations/fashion/europe/3.tar.gz",
                            latency_s=0.25,
                            percentile=0.99,
                            labels={
                                "cohort": "electronics",
                                "team": "search",
                            },
                        ),
                        Route(
                            key="script-alert-1-script-long-long-long-lon",
                            path="/model1",
                            rewrite="/invocations/electronics/europe/3.tar.gz",
                            latency_s=0.25,
                            percentile=0.99,
                            labels={
                                "aws_____script_alert_1___script______long_long_long_long_long_l": (
                                    "x____script_alert_1___script______long_long_long_long_long_long"
                                ),
                                "cohort": "x____script_alert_1___script______long_long_long_long_long_long",
                                "team": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                            },
                        ),
                    ),
                ),
            ),
        ),
        Host(
            region="us-central1",
            host="us-central1.models.example.com",
            backends=(
                Backend(
                    group="video",
                    service="prod-video",
                    routes=(
                        Route(
                            key="video-usa",
                            path="/video",
                            rewrite="/v2/infer",
                            latency_s=0.25,
                            percentile=0.99,
                            labels={
                                "cohort": "electronics",
                                "team": "search",
                            },
                        ),
                    ),
                ),
            ),
        ),
    ),
    nearest=(),
)
