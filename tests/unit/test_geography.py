"""Distances, round trips, and the words people use for places."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.geography import great_circle_km, region_matches, residency_words, round_trip_ms
from generator.model import Place, Region

LONDON = Place("London", 51.5074, -0.1278)
IRELAND = Region("aws", "eu-west-1", "Europe", "Ireland", "Ireland", 53.41291, -8.24389, 278.6, 0.09)
LINE = (5.0, 0.015)

latitudes = st.floats(min_value=-90, max_value=90)
longitudes = st.floats(min_value=-180, max_value=180)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((51.5074, -0.1278), (48.8566, 2.3522), 344),  # London to Paris
        ((35.6762, 139.6503), (-33.8688, 151.2093), 7827),  # Tokyo to Sydney, over the equator
        ((21.3, -157.8), (-18.1, 178.4), 5067),  # Honolulu to Suva, over the date line
        ((90.0, 0.0), (-90.0, 0.0), 20015),  # pole to pole
    ],
)
def test_distances_are_those_of_the_atlas(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    assert pytest.approx(km, rel=0.01) == great_circle_km(*a, *b)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_the_same_both_ways_and_at_most_half_the_globe(a: float, b: float, c: float, d: float) -> None:
    there = great_circle_km(a, b, c, d)
    assert pytest.approx(great_circle_km(c, d, a, b), abs=1e-6) == there
    assert 0 <= there <= 20016


@given(latitudes, longitudes)
def test_a_point_is_nowhere_but_where_it_is(latitude: float, longitude: float) -> None:
    assert 0 == great_circle_km(latitude, longitude, latitude, longitude)


def test_round_trip_is_the_line_over_distance() -> None:
    distance_km = great_circle_km(LONDON.latitude, LONDON.longitude, 53.41291, -8.24389)
    assert 5.0 + 0.015 * distance_km == round_trip_ms(LONDON, IRELAND, LINE)


def test_a_region_nobody_placed_has_no_round_trip() -> None:
    assert round_trip_ms(LONDON, replace(IRELAND, latitude=None, longitude=None), LINE) is None


@pytest.mark.parametrize(
    "word",
    ["Europe", "europe", "Ireland", "ie", "IE", "EU", "European Union", "european-union", "eu-west-1", "EU West 1"],
)
def test_ireland_answers_to_its_names(word: str) -> None:
    assert region_matches(IRELAND, word)


def test_a_region_answers_to_its_name_with_its_own_cloud_only() -> None:
    assert region_matches(IRELAND, "aws:eu-west-1")
    assert not region_matches(IRELAND, "gcp:eu-west-1")


@pytest.mark.parametrize("word", ["", " ", "Eire", "eur", "europe-west1", "United States", "eu-west-2", "*"])
def test_ireland_answers_to_nothing_else(word: str) -> None:
    assert not region_matches(IRELAND, word)


def test_the_united_kingdom_is_in_europe_and_not_in_the_union() -> None:
    london = replace(IRELAND, name="eu-west-2", country="United Kingdom")
    assert region_matches(london, "Europe")
    assert region_matches(london, "UK")
    assert not region_matches(london, "EU")


def test_hong_kong_does_not_answer_to_china() -> None:
    hong_kong = replace(IRELAND, name="ap-east-1", continent="Asia", country="Hong Kong")
    assert not region_matches(hong_kong, "China")


def test_a_region_without_a_country_answers_to_its_own_name_only() -> None:
    unknown = replace(IRELAND, continent="", country="")
    assert {"eu-west-1", "aws:eu-west-1"} == residency_words(unknown)
