"""The global load balancer before an environment's Cloud Run services: one host a region, one path rule a model.

Services are named, not referenced, so no region's stack has to be read. Whatever no rule matches is redirected to the
fleet's own domain: a default service would answer for paths nobody planned.

Configuration of the stack: ``certificateMap`` name of a Certificate Manager map that covers the hosts, ``managedZone``
Cloud DNS zone of the domain. Optional: ``alarmChannel`` or ``alarmEmail``, ``protect``.
"""

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp import compute
from pulumi_gcp.compute import URLMapPathMatcherDefaultUrlRedirectArgs as MatcherRedirectArgs
from pulumi_gcp.compute import URLMapPathMatcherPathRuleRouteActionArgs as RouteActionArgs
from pulumi_gcp.compute import URLMapPathMatcherPathRuleRouteActionUrlRewriteArgs as UrlRewriteArgs

from .gcp import google
from .gcp_watch import notification_channels, route_alerts
from .renames import formerly
from .values import Backend, GcpEdge, Host


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

    backends: dict[str, compute.BackendService] = {}
    for host in stack.hosts:
        for backend in host.backends:
            service = backend_service(host, backend, edge)
            backends[backend.service] = service
            for route in backend.routes:
                labels = {**route.labels, **stack.labels}
                route_alerts(f"edge-{route.key}", route, stack.url_map, service.name, labels, channels, edge)

    url_map = compute.URLMap(
        "edge-routes",
        name=stack.url_map,
        default_url_redirect=compute.URLMapDefaultUrlRedirectArgs(
            host_redirect=stack.domain, path_redirect="/", https_redirect=True, strip_query=True
        ),
        host_rules=[compute.URLMapHostRuleArgs(hosts=[host.host], path_matcher=host.region) for host in stack.hosts],
        path_matchers=[path_matcher(host, stack.domain, backends) for host in stack.hosts],
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
    for host in stack.hosts:
        gcp.dns.RecordSet(
            f"edge-{host.region}-record",
            managed_zone=config.require("managedZone"),
            name=f"{host.host}.",
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


def path_matcher(host: Host, domain: str, backends: dict[str, compute.BackendService]) -> compute.URLMapPathMatcherArgs:
    """Return one host's rules: a public path to a service, rewritten to the path its server answers."""
    return compute.URLMapPathMatcherArgs(
        name=host.region,
        default_url_redirect=MatcherRedirectArgs(
            host_redirect=domain, path_redirect="/", https_redirect=True, strip_query=True
        ),
        path_rules=[
            compute.URLMapPathMatcherPathRuleArgs(
                paths=[route.path],
                service=backends[backend.service].id,
                route_action=RouteActionArgs(url_rewrite=UrlRewriteArgs(path_prefix_rewrite=route.rewrite)),
            )
            for backend in host.backends
            for route in backend.routes
        ],
    )
