"""What of a geocoder's answer is believed, and which texts are addresses."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from app.http.texts import refusal_of_line

MOST_FOUND = 5
_LONGEST_LABEL = 200
_COMMUNE_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_NUMBER_AND_WORD = re.compile(r"\d.*[^\W\d_]{2}|[^\W\d_]{2}.*\d")


class NoAddresses(ValueError):
    """The answer is none of a geocoder."""


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address as the geocoder words it, and the INSEE code of its commune."""

    label: str
    commune: str


def addresses_in(content: bytes) -> list[FoundAddress]:
    """Read the answer of a geocoder: GeoJSON with `label` and `citycode` of each address.

    What is no address is passed over, and so is what is said twice. Source: the search of the
    Base Adresse Nationale (addok, GeocodeJSON). Raises `NoAddresses` when it is something else.
    """
    try:
        told: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise NoAddresses("no JSON") from None
    features = told.get("features") if isinstance(told, dict) else None
    if not isinstance(features, list):
        raise NoAddresses("no features")
    found = (_address(each) for each in features[:MOST_FOUND])
    return list(dict.fromkeys(each for each in found if each is not None))


def _address(feature: Any) -> FoundAddress | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return None
    label, code = properties.get("label"), properties.get("citycode")
    if not isinstance(label, str) or not isinstance(code, str):
        return None
    label = label.strip()
    if not label or len(label) > _LONGEST_LABEL or refusal_of_line(label):
        return None
    return FoundAddress(label, code) if _COMMUNE_CODE.fullmatch(code) else None


def resembles_address(text: str) -> bool:
    """Tell whether a text has a number and words, as an address has and few names have."""
    return _NUMBER_AND_WORD.search(text) is not None
