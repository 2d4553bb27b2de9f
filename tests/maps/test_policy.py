"""The Content-Security-Policy of a page, and texts that want to be code."""

import json

import pytest
from jinja2 import Template

from app.maps.elements import script_json
from app.maps.policy import page_policy, tile_origin

HOSTILE = "</script><b>\"'`{{ 7*7 }}{% raw %}{# -- #}\\\u2028 é"


def test_the_policy_names_the_hash_of_each_inline_script_and_of_nothing_else() -> None:
    page = '<script src="/a.js"></script><script>go()</script><style>p{}</style>'
    policy = page_policy(page, ["https://tiles.example"])
    # printf 'go()' | openssl dgst -sha256 -binary | base64
    assert "script-src 'self' 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw=';" in policy
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy
    assert "img-src 'self' data: https://tiles.example" in policy


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://data.geopf.fr/wmts?x={x}", "https://data.geopf.fr"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
        ("https://tile-{s}.maps.example:8443/{z}", "https://*.maps.example:8443"),
        ("/tiles/{z}/{x}/{y}.png", None),
        ("", None),
    ],
)
def test_a_base_map_adds_its_origin_and_no_more(address: str, origin: str | None) -> None:
    assert tile_origin(address) == origin


def test_a_text_in_a_script_is_only_data_to_html_and_to_jinja() -> None:
    written = script_json({HOSTILE: [HOSTILE, 1, None, {"a": {"b": True}}]})
    assert "<" not in written
    assert "`" not in written
    rendered = Template(written).render()
    assert rendered == written
    assert json.loads(rendered) == {HOSTILE: [HOSTILE, 1, None, {"a": {"b": True}}]}
