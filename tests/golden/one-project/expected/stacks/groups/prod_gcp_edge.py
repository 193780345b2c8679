"""The public paths of prod on GCP, as data. The file to review."""

from components.values import Backend, GcpEdge, Host, Nearest, Route

STACK = GcpEdge(
    environment="prod",
    fleet="one-project",
    project="shop-models-prod",
    domain="models.example.com",
    url_map="prod-one-project",
    labels={
        "cost-centre": "shop_12",
        "environment": "prod",
        "fleet": "one-project",
        "managed-by": "covey",
        "stack": "prod-gcp-edge",
    },
    hosts=(
        Host(
            region="europe-west1",
            host="europe-west1.models.example.com",
            backends=(
                Backend(
                    group="belgium",
                    service="prod-belgium",
                    routes=(
                        Route(
                            key="search-belgium",
                            path="/search",
                            rewrite="/invocations",
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
                    group="iowa",
                    service="prod-iowa",
                    routes=(
                        Route(
                            key="search-iowa",
                            path="/search",
                            rewrite="/invocations",
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
    nearest=(
        Nearest(
            name="belgium-iowa",
            services={
                "europe-west1": "prod-belgium",
                "us-central1": "prod-iowa",
            },
            routes=(
                Route(
                    key="search",
                    path="/search",
                    rewrite="/invocations",
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
)
