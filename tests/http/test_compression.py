"""Which coding a client gets."""

import gzip

import brotli
import pytest

from app.http.compression import best_coding, encoded


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (b"", ""),
        (b"gzip", "gzip"),
        (b"br", "br"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"GZIP;Q=0.5, BR;Q=0.4", "gzip"),
        (b"br;q=0, gzip", "gzip"),
        (b"br;q=0,gzip;q=0", ""),
        (b"*", "br"),
        (b"*;q=0.2, gzip;q=0.8", "gzip"),
        (b"br;q=0, *", "gzip"),
        (b"identity", ""),
        (b"identity;q=1, gzip;q=0.5", ""),
        (b"identity;q=0, *;q=0", ""),
        (b"gzip;q=abc", ""),
        (b"deflate", ""),
        (b";;,,=\xff", ""),
    ],
)
def test_the_client_s_weights_decide_and_brotli_wins_among_equals(
    header: bytes, coding: str
) -> None:
    assert best_coding(header) == coding


def test_a_body_is_the_same_after_decoding() -> None:
    body = "Périgueux, Périers, Périssac. ".encode() * 100
    compressed, coding = encoded(body, "br")
    assert coding == "br"
    assert brotli.decompress(compressed) == body
    compressed, coding = encoded(body, "gzip")
    assert coding == "gzip"
    assert gzip.decompress(compressed) == body
    assert encoded(body, "") == (body, "")


def test_a_small_body_stays_as_it_is() -> None:
    assert encoded(b"{}", "br") == (b"{}", "")
