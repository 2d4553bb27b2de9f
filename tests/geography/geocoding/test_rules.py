"""What of a geocoder's answer is believed."""

from typing import Any

import orjson
import pytest

from app.geography.geocoding.rules import (
    MOST_FOUND,
    FoundAddress,
    NoAddresses,
    addresses_in,
    resembles_address,
)
from app.settings import GeocoderSettings


def answer(*properties: Any) -> bytes:
    features = [{"type": "Feature", "properties": each} for each in properties]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def test_an_address_is_its_label_and_its_commune() -> None:
    gap = {"label": " 12 Rue Carnot 05000 Gap", "citycode": "05061", "score": 0.9}
    ajaccio = {"label": "Ajaccio", "citycode": "2A004"}
    assert addresses_in(answer(gap, ajaccio, gap)) == [
        FoundAddress("12 Rue Carnot 05000 Gap", "05061"),
        FoundAddress("Ajaccio", "2A004"),
    ]


@pytest.mark.parametrize(
    "properties",
    [
        None,
        [],
        {},
        {"label": "Gap"},
        {"label": "Gap", "citycode": 5061},
        {"label": "Gap", "citycode": "5061"},
        {"label": "Gap", "citycode": "05061'"},
        {"label": "Gap", "citycode": "٠٥٠٦١"},
        {"label": ["Gap"], "citycode": "05061"},
        {"label": "  ", "citycode": "05061"},
        {"label": "Gap\u202e", "citycode": "05061"},
        {"label": "Gap\nCookie: x", "citycode": "05061"},
        {"label": "G" * 201, "citycode": "05061"},
    ],
)
def test_what_is_no_address_is_passed_over(properties: Any) -> None:
    good = {"label": "Gap", "citycode": "05061"}
    assert addresses_in(answer(properties, good)) == [FoundAddress("Gap", "05061")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[]",
        b'"features"',
        b'{"features": {}}',
        b"[" * 100_000,
        b'{"features": [{"properties": {"label": "\\ud800", "citycode": "05061"}}]}',
    ],
)
def test_what_is_no_geocoders_answer_is_refused(content: bytes) -> None:
    with pytest.raises(NoAddresses):
        addresses_in(content)


def test_no_more_is_believed_than_was_asked_for() -> None:
    many = [{"label": f"{number} rue Carnot", "citycode": "05061"} for number in range(50)]
    assert len(addresses_in(answer(*many))) == MOST_FOUND


@pytest.mark.parametrize("text", ["12 rue Carnot, Gap", "3bis rue des Écoles", "rue Carnot 12"])
def test_a_number_and_words_resemble_an_address(text: str) -> None:
    assert resembles_address(text)


@pytest.mark.parametrize("text", ["05000", "Gap", "2A004", "05 000", "Saint-Martin", ""])
def test_names_and_codes_resemble_none(text: str) -> None:
    assert not resembles_address(text)


def test_searches_go_below_the_address_of_the_settings() -> None:
    for given, asked in (
        ("https://ban.example", "https://ban.example/search/"),
        ("https://ban.example/geocodage/", "https://ban.example/geocodage/search/"),
        ("https://ban.example/search/", "https://ban.example/search"),
    ):
        assert GeocoderSettings(url=given).search_address == asked
    with pytest.raises(ValueError, match="http"):
        GeocoderSettings(url="ftp://ban.example")
