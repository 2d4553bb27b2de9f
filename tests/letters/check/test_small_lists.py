"""Small plain text is read without a process; nothing else is."""

import io
import zipfile

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.letters.check.small_lists import LARGEST_BYTES, is_small


def _zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.txt", "Gap")
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"Gap\nVeynes\n",
        "Barrême\r\nAllos".encode("cp1252"),
        b"\xef\xbb\xbfCommune;dpt\nGap;05",
        b"a\r" * 1_500,
    ],
)
def test_small_text_is_small(content: bytes) -> None:
    assert is_small(content)


@pytest.mark.parametrize(
    "content",
    [
        b"Gap\n" * (LARGEST_BYTES // 4 + 1),
        b"Gap\n" * 2_001,
        b"Gap\r" * 2_001,
        b"G" * 2_001,
        b";" * 13,
        _zip(),
        "Gap\nVeynes".encode("utf-16"),
        b"SQLite format 3\x00",
        b' \n{"type": "FeatureCollection"}',
        b"\xef\xbb\xbf<kml/>",
        b"{\\rtf1 Gap}",
        b"%PDF-1.7",
    ],
)
def test_whatever_is_large_or_no_list_is_not(content: bytes) -> None:
    assert not is_small(content)


def test_a_small_list_needs_no_process(client: TestClient, app: FastAPI) -> None:
    class Refused:
        async def run(self, request: bytes, *, address: str) -> bytes:
            raise AssertionError("a process was asked for")

    app.state.file_reader.pool, former = Refused(), app.state.file_reader.pool
    try:
        for name, content in {
            "l.txt": "Gap\nVeynes\n",
            "l.csv": "Commune;dpt\nGap;05\nVeynes;05\n",
        }.items():
            answer = client.post(
                "/api/v1/letters/check/file", files={"file": (name, content.encode())}
            )
            assert answer.status_code == 200, answer.text
            communes = answer.json()["territory"]["communes"]
            assert {commune["code"] for commune in communes} == {"05061", "05179"}
        refused = client.post(
            "/api/v1/letters/check/file", files={"file": ("l.csv", b"Population;Taille\n1;2")}
        )
        assert refused.status_code == 422
        assert "aucune colonne de communes" in refused.text
    finally:
        app.state.file_reader.pool = former
