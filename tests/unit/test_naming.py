"""Names that clouds accept, whatever people write."""

import re

import pytest

from generator.naming import distinct_slugs, slug

HOSTILE = [
    "",
    " ",
    "1+1",
    "ÅÄÖ",
    "日本語",
    "../../etc/passwd",
    "<script>",
    "a" * 500,
    "-" * 50,
    "\x00\u202e",
    "{{ 7*7 }}",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("length", [12, 40])
def test_any_text_becomes_a_slug(text: str, length: int) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", slug(text, length))
    assert len(slug(text, length)) <= length


def test_texts_that_differ_get_slugs_that_differ() -> None:
    texts = [*HOSTILE, "a b", "a-b", "A B", "a" * 501, "日本", "x" * 39 + "-1", "x" * 39 + "-2"]
    found = distinct_slugs(texts)

    assert set(found) == set(texts)
    assert len(set(found.values())) == len(texts)
    assert all(re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", one) and len(one) <= 40 for one in found.values())


def test_a_text_spelled_as_another_s_digest_shares_no_slug_with_it() -> None:
    taken = distinct_slugs(["a b", "a-b"])["a b"]
    found = distinct_slugs(["a b", "a-b", taken])

    assert 3 == len(set(found.values()))


def test_texts_alone_keep_their_plain_slugs() -> None:
    assert {
        "United Kingdom/cat22": "united-kingdom-cat22",
        "France": "france",
    } == distinct_slugs(["United Kingdom/cat22", "France"])


def test_the_order_of_the_texts_does_not_matter() -> None:
    texts = ["a b", "a-b", "a.b", "c"]

    assert distinct_slugs(texts) == distinct_slugs(texts[::-1])
