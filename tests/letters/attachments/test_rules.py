"""What a file is, by its content alone."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.letters.attachments.rules import media_type_of, name_for

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (8, 8)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        # Cut short, or something else.
        (PDF[:-8], None),
        (picture("PNG")[:20], None),
        (picture("GIF"), None),
        (picture("WEBP"), None),
        (b"<html><script>alert(1)</script></html>", None),
        (b"MZ\x90\x00" + b"\0" * 200, None),
        (b"PK\x03\x04", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 400, None),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, None),
        (b"GIF89a", None),
        (b"", None),
        # A page that only calls itself one.
        (b"<svg/>%PDF-1.7 %%EOF", None),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, media_type: str | None) -> None:
    assert media_type_of(content) == media_type


def test_a_picture_that_would_fill_the_memory_is_none() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        summed = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", summed)

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")
    assert media_type_of(bomb) is None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("lettre.PDF", "lettre.pdf"),
        ("lettre.html", "lettre.pdf"),
        ("carte.png.exe", "carte.png.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("…", "….pdf"),
        (". .", "piece.pdf"),
        ("a" * 300 + ".pdf", "a" * 100 + ".pdf"),
    ],
)
def test_a_name_ends_as_the_content_says(given: str, name: str) -> None:
    assert name_for(given, "application/pdf") == name
