"""Static files under addresses that name their version, so that they never go stale.

A folder is served as `/static/<name>-<version>/<file>`; a new version is a new address,
which is why browsers and proxies may keep a file for a year without asking again.
"""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import brotli
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.http.compression import BROTLI, GZIP, coding_at
from app.problems import NotFound

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFolder:
    """Files of one package.

    Parameters: `name`, in the address; `directory`, where they lie; `patterns`, globs of
    the files that are served; `version`, or None for a hash of the files' content.
    """

    name: str
    directory: Path
    patterns: Sequence[str] = ("**/*",)
    version: str | None = None
    files: dict[str, Path] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """List the files once: nothing else can be asked for."""
        found = {
            path.relative_to(self.directory).as_posix(): path
            for pattern in self.patterns
            for path in sorted(self.directory.glob(pattern))
            if path.is_file() and path.suffix in MEDIA_TYPES
        }
        object.__setattr__(self, "files", found)
        if self.version is None:
            digest = hashlib.sha256()
            for file, path in sorted(found.items()):
                digest.update(file.encode() + b"\0" + path.read_bytes() + b"\0")
            object.__setattr__(self, "version", digest.hexdigest()[:12])

    def address(self, file: str) -> str:
        """Give the root-relative address of a file; raises KeyError when there is none."""
        self.files[file]
        return f"/static/{self.name}-{self.version}/{file}"


@lru_cache(maxsize=128)
def _body(path: Path, coding: str) -> bytes:
    plain = path.read_bytes()
    if coding == BROTLI:
        return bytes(brotli.compress(plain, quality=11))
    if coding == GZIP:
        return gzip.compress(plain, compresslevel=9, mtime=0)
    return plain


def static_router(folders: Sequence[StaticFolder]) -> APIRouter:
    """Make the routes that serve these folders; any other address there is a 404."""
    router = APIRouter(include_in_schema=False)
    served = {
        folder.address(file): path for folder in folders for file, path in folder.files.items()
    }

    @router.get("/static/{folder}/{file:path}")
    def static_file(request: Request, folder: str, file: str) -> Response:
        path = served.get(f"/static/{folder}/{file}")
        if path is None:
            raise NotFound("Ce fichier n'existe pas.")
        accepted = request.headers.get("accept-encoding", "").encode("latin-1")
        coding = coding_at(file, accepted)
        headers = {
            "Cache-Control": _FOREVER,
            "Vary": "Accept-Encoding",
        }
        if coding:
            headers["Content-Encoding"] = coding
        return Response(
            _body(path, coding), media_type=MEDIA_TYPES[path.suffix], headers=headers
        )

    return router
