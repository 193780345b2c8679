"""The global load balancer before an environment's Cloud Run services: one host a region, one path rule a model.

Where all regions serve the same paths, the fleet's own domain leads to them as well: one backend holds the services of
several regions, and the load balancer asks the nearest. It has no health checks for Cloud Run; a region that answers
with errors is left out for a while (outlier detection), which each of the load balancer's proxies finds out by itself.

Services are named, not referenced, so no region's stack has to be read. What no rule matches is answered with 404: a
default service would answer for paths nobody planned, and a redirect to a domain that leads here would never end.

Configuration of the stack: ``certificateMap`` name of a Certificate Manager map that covers the hosts, ``managedZone``
Cloud DNS zone of the domain. Optional: ``alarmChannel`` or ``alarmEmail``, ``protect``.
"""

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp import compute
from pulumi_gcp.compute import URLMapDefaultRouteActionFaultInjectionPolicyAbortArgs as AbortArgs
from pulumi_gcp.compute import URLMapDefaultRouteActionFaultInjectionPolicyArgs as FaultArgs
from pulumi_gcp.compute import URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyAbortArgs as MatcherAbortArgs
from pulumi_gcp.compute import URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyArgs as MatcherFaultArgs
from pulumi_gcp.compute import URLMapPathMatcherPathRuleRouteActionArgs as RouteActionArgs
from pulumi_gcp.compute import URLMapPathMatcherPathRuleRouteActionUrlRewriteArgs as UrlRewriteArgs

from .gcp import google
from .gcp_watch import notification_channels, route_alerts
from .renames import formerly
from .values import Backend, GcpEdge, Host, Nearest, Route

NOT_FOUND = 404


def build_edge(stack: GcpEdge) -> None:
    """Build the load balancer, its records and per-model alerts, and export its URLs.

    Parameters
    ----------
    stack : GcpEdge
        The data of ``groups/<stack>.py``.
    """
    config = pulumi.Config()
    edge = pulumi.ResourceOptions(provider=google(stack.project, stack.labels))
    protect = config.get_bool("protect") or False
    channels = notification_channels(config, edge)

    nothing = compute.BackendService("edge-404", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", opts=edge)
    # By host: the name of its matcher, and its rules.
    rules: dict[str, tuple[str, list[compute.URLMapPathMatcherPathRuleArgs]]] = {}
    for host in stack.hosts:
        _, matched = rules.setdefault(host.host, (host.region, []))
        for backend in host.backends:
            service = backend_service(host, backend, edge)
            for route in backend.routes:
                matched.append(path_rule(route, service))
                labels = {**route.labels, **stack.labels}
                route_alerts(f"edge-{route.key}", route, stack.url_map, service.name, labels, channels, edge)
    for nearest in stack.nearest:
        _, matched = rules.setdefault(stack.domain, ("nearest", []))
        service = nearest_service(nearest, edge)
        for route in nearest.routes:
            matched.append(path_rule(route, service))
            labels = {**route.labels, **stack.labels}
            route_alerts(f"nearest-{route.key}", route, stack.url_map, service.name, labels, channels, edge)

    url_map = compute.URLMap(
        "edge-routes",
        name=stack.url_map,
        # Answered here and never passed on; the map wants a service all the same.
        default_service=nothing.id,
        default_route_action=compute.URLMapDefaultRouteActionArgs(
            fault_injection_policy=FaultArgs(abort=AbortArgs(http_status=NOT_FOUND, percentage=100.0))
        ),
        host_rules=[compute.URLMapHostRuleArgs(hosts=[host], path_matcher=name) for host, (name, _) in rules.items()],
        path_matchers=[
            compute.URLMapPathMatcherArgs(
                name=name,
                default_service=nothing.id,
                default_route_action=compute.URLMapPathMatcherDefaultRouteActionArgs(
                    fault_injection_policy=MatcherFaultArgs(
                        abort=MatcherAbortArgs(http_status=NOT_FOUND, percentage=100.0)
                    )
                ),
                path_rules=matched,
            )
            for name, matched in rules.values()
        ],
        opts=edge,
    )
    address = compute.GlobalAddress(
        "edge-address", opts=pulumi.ResourceOptions.merge(edge, pulumi.ResourceOptions(protect=protect))
    )
    proxy = compute.TargetHttpsProxy(
        "edge-proxy",
        url_map=url_map.id,
        certificate_map="//certificatemanager.googleapis.com/"
        f"projects/{stack.project}/locations/global/certificateMaps/{config.require('certificateMap')}",
        ssl_policy=compute.SSLPolicy("edge-tls", min_tls_version="TLS_1_2", profile="MODERN", opts=edge).id,
        opts=edge,
    )
    compute.GlobalForwardingRule(
        "edge-https",
        load_balancing_scheme="EXTERNAL_MANAGED",
        ip_address=address.address,
        port_range="443",
        target=proxy.id,
        opts=edge,
    )
    for host, (name, _) in rules.items():
        gcp.dns.RecordSet(
            "nearest-record" if host == stack.domain else f"edge-{name}-record",
            managed_zone=config.require("managedZone"),
            name=f"{host}.",
            type="A",
            ttl=300,
            rrdatas=[address.address],
            opts=edge,
        )
    pulumi.export(
        "urls",
        {
            route.key: f"https://{host.host}{route.path}"
            for host in stack.hosts
            for backend in host.backends
            for route in backend.routes
        },
    )
    if stack.nearest:
        pulumi.export("sharedUrl", f"https://{stack.domain}")


def backend_service(host: Host, backend: Backend, edge: pulumi.ResourceOptions) -> compute.BackendService:
    """Return the backend of one group's service. Serverless backends take no timeout, utilization or health check."""
    endpoints = compute.RegionNetworkEndpointGroup(
        f"edge-{backend.group}-neg",
        region=host.region,
        network_endpoint_type="SERVERLESS",
        cloud_run=compute.RegionNetworkEndpointGroupCloudRunArgs(service=backend.service),
        opts=formerly(edge, [f"edge-{name}-neg" for name in backend.formerly]),
    )
    return compute.BackendService(
        f"edge-{backend.group}",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTPS",
        backends=[compute.BackendServiceBackendArgs(group=endpoints.id)],
        log_config=compute.BackendServiceLogConfigArgs(enable=True, sample_rate=0.1),
        opts=formerly(edge, [f"edge-{name}" for name in backend.formerly]),
    )


def nearest_service(nearest: Nearest, edge: pulumi.ResourceOptions) -> compute.BackendService:
    """Return one backend of several regions' services, of which the load balancer asks the nearest that answers."""
    endpoints = [
        compute.RegionNetworkEndpointGroup(
            f"nearest-{nearest.name}-{region}",
            region=region,
            network_endpoint_type="SERVERLESS",
            cloud_run=compute.RegionNetworkEndpointGroupCloudRunArgs(service=service),
            opts=edge,
        )
        for region, service in nearest.services.items()
    ]
    return compute.BackendService(
        f"nearest-{nearest.name}",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTPS",
        backends=[compute.BackendServiceBackendArgs(group=group.id) for group in endpoints],
        # Five errors in a row, and a region gets no request for three minutes. Half of the regions go on being asked.
        outlier_detection=compute.BackendServiceOutlierDetectionArgs(
            consecutive_errors=5,
            enforcing_consecutive_errors=100,
            interval=compute.BackendServiceOutlierDetectionIntervalArgs(seconds=1),
            base_ejection_time=compute.BackendServiceOutlierDetectionBaseEjectionTimeArgs(seconds=180),
            max_ejection_percent=50,
        ),
        log_config=compute.BackendServiceLogConfigArgs(enable=True, sample_rate=0.1),
        opts=edge,
    )


def path_rule(route: Route, service: compute.BackendService) -> compute.URLMapPathMatcherPathRuleArgs:
    """Return one rule: a public path to a service, rewritten to the path its server answers."""
    return compute.URLMapPathMatcherPathRuleArgs(
        paths=[route.path],
        service=service.id,
        route_action=RouteActionArgs(url_rewrite=UrlRewriteArgs(path_prefix_rewrite=route.rewrite)),
    )
