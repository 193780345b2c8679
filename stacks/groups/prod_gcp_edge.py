"""The public paths of prod on GCP, as data. The file to review."""

from components.values import Backend, GcpEdge, Host, Route

STACK = GcpEdge(
    environment="prod",
    fleet="paper",
    project="merchandising-prod",
    domain="models.example.com",
    url_map="prod-paper",
    labels={
        "cost-centre": "merchandising",
        "environment": "prod",
        "fleet": "paper",
        "managed-by": "covey",
        "stack": "prod-gcp-edge",
    },
    hosts=(
        Host(
            region="europe-west4",
            host="europe-west4.models.example.com",
            backends=(
                Backend(
                    group="electronics-europe",
                    service="prod-electronics-europe",
                    routes=(
                        Route(
                            key="electronics-europe",
                            path="/model1",
                            rewrite="/invocations/electronics/europe/1.tar.gz",
                            latency_s=0.3,
                            percentile=0.99,
                            labels={
                                "cohort": "electronics",
                            },
                        ),
                        Route(
                            key="fashion-europe",
                            path="/model2",
                            rewrite="/invocations/fashion/europe/1.tar.gz",
                            latency_s=0.3,
                            percentile=0.99,
                            labels={
                                "cohort": "fashion",
                            },
                        ),
                    ),
                ),
            ),
        ),
    ),
    nearest=(),
)
