"""Where things are on the globe: distances, the round trips they cost, and the words people use for places."""

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt

from generator.model import Place, Region

# Mean radius R1 of the GRS 80 ellipsoid: H. Moritz, Geodetic Reference System 1980, Journal of Geodesy 74 (2000).
EARTH_RADIUS_KM = 6371.0088

# ISO 3166-1 alpha-2 codes of the countries of the catalogue, and the everyday second names of three of them.
COUNTRY_CODES: Mapping[str, tuple[str, ...]] = {
    "Australia": ("au",),
    "Bahrain": ("bh",),
    "Belgium": ("be",),
    "Brazil": ("br",),
    "Canada": ("ca",),
    "Chile": ("cl",),
    "Finland": ("fi",),
    "France": ("fr",),
    "Germany": ("de",),
    "Hong Kong": ("hk",),
    "India": ("in",),
    "Indonesia": ("id",),
    "Ireland": ("ie",),
    "Israel": ("il",),
    "Italy": ("it",),
    "Japan": ("jp",),
    "Mexico": ("mx",),
    "Netherlands": ("nl",),
    "Poland": ("pl",),
    "Qatar": ("qa",),
    "Saudi Arabia": ("sa",),
    "Singapore": ("sg",),
    "South Africa": ("za",),
    "South Korea": ("kr", "korea"),
    "Spain": ("es",),
    "Sweden": ("se",),
    "Switzerland": ("ch",),
    "Taiwan": ("tw",),
    "Thailand": ("th",),
    "United Arab Emirates": ("ae", "uae"),
    "United Kingdom": ("gb", "uk"),
    "United States": ("us", "usa"),
}

# Members among the countries above. The United Kingdom and Switzerland are in Europe, but not in the Union.
EUROPEAN_UNION = frozenset(
    {
        "Belgium",
        "Finland",
        "France",
        "Germany",
        "Ireland",
        "Italy",
        "Netherlands",
        "Poland",
        "Spain",
        "Sweden",
    }
)


def great_circle_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Measure the shortest way over a spherical earth by the haversine formula.

    Parameters
    ----------
    latitude_a, longitude_a, latitude_b, longitude_b : float
        The two points in degrees, north and east positive.

    Returns
    -------
    float
        Kilometres, from 0 to half the circumference.

    Notes
    -----
    ``h = sin²(Δlat / 2) + cos(lat_a) cos(lat_b) sin²(Δlon / 2)``, distance ``2 R asin(sqrt(h))``. The earth's
    flattening is left out: at most .5 %, far below the error of a region's centroid.

    Examples
    --------
    >>> round(great_circle_km(0.0, 0.0, 0.0, 180.0))
    20015
    """
    a, b = radians(latitude_a), radians(latitude_b)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(longitude_b - longitude_a) / 2) ** 2
    # Rounding can lift h above 1 for opposite points.
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, h)))


def round_trip_ms(place: Place, region: Region, network_ms: tuple[float, float]) -> float | None:
    """Estimate the network round trip between users and a region.

    Parameters
    ----------
    place : Place
        Where the users are.
    region : Region
        Where the machines are.
    network_ms : tuple of (float, float)
        `Catalog.network_ms`: intercept in ms and slope in ms/km.

    Returns
    -------
    float or None
        Milliseconds; None where the catalogue does not know where the region is.
    """
    if region.latitude is None or region.longitude is None:
        return None
    intercept_ms, slope_ms_per_km = network_ms
    distance_km = great_circle_km(place.latitude, place.longitude, region.latitude, region.longitude)
    return intercept_ms + slope_ms_per_km * distance_km


def region_matches(region: Region, word: str) -> bool:
    """Tell whether a region lies in what a residency word names.

    A word is a continent (``Europe``), a country (``United Kingdom``), its ISO 3166 code (``GB``), the European
    Union (``EU``), a region (``eu-west-1``), or a region with its cloud (``aws:eu-west-1``). Case does not matter, and
    spaces, hyphens and underscores are alike.
    """
    return _plain(word) in residency_words(region)


def residency_words(region: Region) -> frozenset[str]:
    """List every word `region_matches` takes for this region, in lower case with hyphens."""
    words = {
        region.name,
        f"{region.cloud}:{region.name}",
        region.continent,
        region.country,
        *COUNTRY_CODES.get(region.country, ()),
    }
    if region.country in EUROPEAN_UNION:
        words |= {"eu", "european-union"}
    return frozenset(_plain(word) for word in words if word)


def _plain(word: str) -> str:
    return "-".join(word.casefold().replace("-", " ").replace("_", " ").split())
