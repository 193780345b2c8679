"""The public paths of prod on GCP, as data. The file to review."""

from components.values import Backend, GcpEdge, Host, Route

STACK = GcpEdge(
    environment="prod",
    fleet="two-clouds",
    project="shop-models-prod",
    domain="models.example.com",
    url_map="prod-two-clouds",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "two-clouds",
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
                            key="electronics-europe",
                            path="/model1",
                            rewrite="/invocations/electronics/europe/3.tar.gz",
                            latency_s=0.25,
                            percentile=0.99,
                            labels={
                                "cohort": "electronics",
                                "team": "search",
                            },
                        ),
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
