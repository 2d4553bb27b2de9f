"""Fetching a listing from an http(s) address, within bounds of size, time and redirects."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import httpx2

from app.files.sources import LARGEST_FILE, unusable

TIMEOUT_S = 30
LONGEST_DOWNLOAD_S = 300
MOST_REDIRECTS = 5


def is_address(text: str) -> bool:
    """Whether what the user gave is an address rather than a file."""
    return text.lower().startswith(("http://", "https://"))


@contextmanager
def fetched(address: str) -> Iterator[tuple[Path, str]]:
    """Give the content of an address as a temporary file, and its name for messages.

    Raises `Failure` (exit status 2, one French line without any password) when the
    server cannot be reached, refuses, is too slow, or sends too much.
    """
    parts = urlsplit(address)
    name = unquote(PurePosixPath(parts.path).name) or parts.hostname or "adresse"
    with TemporaryDirectory(prefix="cpts-fetch-") as folder:
        path = Path(folder) / "contenu"
        try:
            _download(address, path, name)
        except httpx2.TooManyRedirects:
            raise unusable(f"« {name} » : trop de redirections.") from None
        except httpx2.TimeoutException:
            raise unusable(f"« {name} » : le serveur ne répond pas à temps.") from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeError):
            raise unusable(f"« {name} » : l'adresse n'est pas valable.") from None
        except httpx2.HTTPError:
            raise unusable(
                f"« {name} » : le serveur {parts.hostname} n'a pas pu être joint."
            ) from None
        yield path, name


def _download(address: str, path: Path, name: str) -> None:
    began = time.monotonic()
    received = 0
    with (
        httpx2.Client(
            follow_redirects=True, max_redirects=MOST_REDIRECTS, timeout=TIMEOUT_S
        ) as client,
        client.stream("GET", address) as response,
        path.open("wb") as target,
    ):
        if response.status_code != httpx2.codes.OK:
            raise unusable(f"« {name} » : le serveur répond {response.status_code}.")
        for piece in response.iter_bytes():
            received += len(piece)
            if received > LARGEST_FILE:
                raise unusable(f"« {name} » dépasse {LARGEST_FILE // 2**20} Mo.")
            if time.monotonic() - began > LONGEST_DOWNLOAD_S:
                raise unusable(f"« {name} » : le téléchargement est trop lent.")
            target.write(piece)
