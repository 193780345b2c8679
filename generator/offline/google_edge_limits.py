"""What Google Cloud refuses of the load balancer in front of the services, and of its DNS records."""

from generator.offline.google_limits import RUN_NAME
from generator.offline.stated import Limit, matches, sized, within

URL_MAP = "gcp:compute/uRLMap:URLMap"
RECORD = "gcp:dns/recordSet:RecordSet"
RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
PROXY = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
BACKEND = "gcp:compute/backendService:BackendService"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"

HOST = r"(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"

URL_MAP_API = "https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps"
COMPUTE_NAMES = "https://cloud.google.com/compute/docs/naming-resources"
COMPUTE_API = "https://cloud.google.com/compute/docs/reference/rest/v1"
DNS_API = "https://cloud.google.com/dns/docs/reference/rest/v1"

MATCHER = "pathMatchers[]"
ABORT = "faultInjectionPolicy.abort"

GOOGLE_EDGE: tuple[Limit, ...] = (
    Limit("gcp:compute/*", "name", matches(r"[a-z]([-a-z0-9]*[a-z0-9])?", 63), COMPUTE_NAMES),
    Limit("gcp:compute/*", "description", sized(0, 2048, "characters"), URL_MAP_API),
    Limit(
        GROUP,
        "cloudRun.service",
        matches(RUN_NAME),
        f"{COMPUTE_API}/regionNetworkEndpointGroups",
    ),
    Limit(
        BACKEND,
        "logConfig.sampleRate",
        within(0, 1),
        f"{COMPUTE_API}/backendServices, logConfig",
    ),
    Limit(
        BACKEND,
        "timeoutSec connectionDrainingTimeoutSec",
        within(0, 2_147_483_647),
        f"{COMPUTE_API}/backendServices",
    ),
    Limit(
        BACKEND,
        "outlierDetection.enforcingConsecutiveErrors outlierDetection.enforcingConsecutiveGatewayFailure"
        " outlierDetection.enforcingSuccessRate outlierDetection.maxEjectionPercent",
        within(0, 100),
        f"{COMPUTE_API}/backendServices, outlierDetection",
    ),
    Limit(
        BACKEND,
        "backends[].group",
        matches(r"(https://[!-~]+/)?projects/[\w.:~%-]+/[!-~]+/(networkEndpointGroups|instanceGroups)/[\w.:~%-]+"),
        f"{COMPUTE_API}/backendServices, backends[].group",
    ),
    Limit(URL_MAP, "hostRules[].hosts", sized(1, 200, "hosts"), "https://cloud.google.com/load-balancing/docs/quotas"),
    Limit(URL_MAP, "hostRules[].hosts[]", matches(rf"\*|{HOST}", 255), f"{URL_MAP_API}, hostRules[].hosts"),
    Limit(URL_MAP, f"hostRules[].pathMatcher {MATCHER}.name", matches(r"[a-z]([-a-z0-9]*[a-z0-9])?", 63), URL_MAP_API),
    Limit(
        URL_MAP,
        f"{MATCHER}.pathRules[].paths[]",
        matches(r"(?=[!-~]*\Z)(/([^*?#]*/)?\*|/[^*?#]*)", 1024),
        f"{URL_MAP_API}, pathRules[].paths: begin with /, * only at the end after /",
    ),
    Limit(
        URL_MAP,
        f"{MATCHER}.pathRules[].routeAction.urlRewrite.pathPrefixRewrite"
        f" {MATCHER}.defaultRouteAction.urlRewrite.pathPrefixRewrite",
        matches(r"(?=[!-~]*\Z)/[^?#]*", 1024),
        f"{URL_MAP_API}, urlRewrite.pathPrefixRewrite",
    ),
    Limit(
        URL_MAP,
        f"defaultRouteAction.{ABORT}.httpStatus {MATCHER}.defaultRouteAction.{ABORT}.httpStatus",
        within(200, 599),
        f"{URL_MAP_API}, HttpFaultAbort.httpStatus",
    ),
    Limit(
        URL_MAP,
        f"defaultRouteAction.{ABORT}.percentage {MATCHER}.defaultRouteAction.{ABORT}.percentage",
        within(0, 100),
        f"{URL_MAP_API}, HttpFaultAbort.percentage",
    ),
    Limit(
        URL_MAP,
        f"defaultUrlRedirect.hostRedirect {MATCHER}.defaultUrlRedirect.hostRedirect",
        matches(HOST, 255),
        f"{URL_MAP_API}, HttpRedirectAction.hostRedirect",
    ),
    Limit(
        URL_MAP,
        f"defaultUrlRedirect.pathRedirect {MATCHER}.defaultUrlRedirect.pathRedirect",
        matches(r"/[!-~]*", 1024),
        f"{URL_MAP_API}, HttpRedirectAction.pathRedirect",
    ),
    Limit(
        URL_MAP,
        f"defaultService {MATCHER}.defaultService {MATCHER}.pathRules[].service",
        matches(r"(https://[!-~]+/)?projects/[\w.:~%-]+/[!-~]+/backend(Services|Buckets)/[\w.:~%-]+"),
        f"{URL_MAP_API}, defaultService",
    ),
    Limit(
        PROXY,
        "urlMap",
        matches(r"(https://[!-~]+/)?projects/[\w.:~%-]+/[!-~]+/urlMaps/[\w.:~%-]+"),
        f"{COMPUTE_API}/targetHttpsProxies",
    ),
    Limit(
        PROXY,
        "certificateMap",
        matches(
            r"(//certificatemanager\.googleapis\.com/)?projects/[\w.:~%-]+/locations/[\w.:~%-]+/certificateMaps/[\w.:~%-]+"
        ),
        f"{COMPUTE_API}/targetHttpsProxies, certificateMap",
    ),
    Limit(
        PROXY,
        "sslPolicy",
        matches(r"(https://[!-~]+/)?projects/[\w.:~%-]+/[!-~]+/sslPolicies/[\w.:~%-]+"),
        f"{COMPUTE_API}/targetHttpsProxies",
    ),
    Limit(
        RULE,
        "portRange",
        matches(r"\d{1,5}(-\d{1,5})?"),
        f"{COMPUTE_API}/globalForwardingRules",
    ),
    Limit(
        RULE,
        "target",
        matches(r"(https://[!-~]+/)?projects/[\w.:~%-]+/[!-~]+/target\w+/[\w.:~%-]+"),
        f"{COMPUTE_API}/globalForwardingRules",
    ),
    Limit(
        RULE,
        "ipAddress",
        matches(r"[0-9.]+|[0-9a-f:]+(/\d+)?|(https://[!-~]+/)?projects/[!-~]+/addresses/[\w.:~%-]+"),
        f"{COMPUTE_API}/globalForwardingRules",
    ),
    Limit(
        "gcp:compute/globalAddress:GlobalAddress",
        "address",
        matches(r"[0-9.]+|[0-9a-f:]+"),
        f"{COMPUTE_API}/globalAddresses",
    ),
    Limit(
        RECORD,
        "name",
        matches(rf"{HOST}\.", 255),
        f"{DNS_API}/resourceRecordSets",
    ),
    Limit(
        RECORD,
        "ttl",
        within(0, 2_147_483_647),
        f"{DNS_API}/resourceRecordSets",
    ),
    Limit(
        RECORD,
        "type",
        matches("A|AAAA|ALIAS|CAA|CNAME|DNSKEY|DS|HTTPS|IPSECKEY|MX|NAPTR|NS|PTR|SOA|SPF|SRV|SSHFP|SVCB|TLSA|TXT"),
        "https://cloud.google.com/dns/docs/records-overview",
    ),
    Limit(
        RECORD,
        "managedZone",
        matches(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"),
        f"{DNS_API}/managedZones",
    ),
)
