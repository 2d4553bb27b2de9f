"""Documents and images typeset in a process of their own (`typesetting_process`)."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anyio.to_thread

from app.french import number, typeset_text
from app.problems import ServiceBusy
from app.processes.bounds import Bounds
from app.processes.errors import JobEnded
from app.processes.fork_server import ForkServer
from app.processes.pool import Places, ProcessPool
from app.web.typesetting.fonts import FONTS, REPLACEMENT, Fitting, covered_signs

# A note of 900 communes takes a second, the report of the country a second, one of 2 500
# rows two.
BOUNDS = Bounds(cpu_s=8, memory_bytes=2 * 2**30, file_bytes=2**20)
IMAGE_WIDTH_PX = 2_000
_MOST_SIGNS_NAMED = 8
_IMAGE = """#set page(width: {width}pt, height: auto, margin: 0pt)
#image("/figure.svg", format: "svg", width: 100%)
"""
# Threads of typst and their stacks count as address space.
_ENVIRONMENT = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}


def typesetting_server() -> ForkServer:
    """Make a fork server that typesets; it starts nothing before its first job."""
    return ForkServer("app.web.typesetting.typesetting_process", _ENVIRONMENT)


# One for this worker process.
_SERVER = typesetting_server()


class Typesetter:
    """Typesets documents and images, a few at a time; one for each worker."""

    def __init__(self, places: Places | None = None) -> None:
        self.pool = ProcessPool(_SERVER, BOUNDS, what="documents à composer", places=places)

    async def typeset(self, make: Callable[[], bytes], *, address: str) -> bytes:
        """Typeset what a request asks for that `make` words, in a thread.

        Parameters: `address`, of the client, which has few places at once. Raises
        `ServiceBusy`, also when the process ended or met a bound.
        """
        request = await anyio.to_thread.run_sync(make)
        try:
            return await self.pool.run(request, address=address)
        except JobEnded:
            raise ServiceBusy(
                "Ce document n’a pas pu être composé : réessayez dans un moment."
            ) from None


def document_request(
    template: Path,
    data: Mapping[str, Any],
    drawings: Mapping[str, str],
    *,
    seen_at: str = "",
) -> bytes:
    """Word a request for a PDF, of signs that its fonts hold only.

    Parameters: `template`, a typst file, which reads `data` from `/data.json`; its member
    `replaced` says which signs are replaced, and that `seen_at` shows them; `drawings`, SVG
    by the name that the template reads them by.
    """
    fitting = Fitting(_covered())
    fitted = fitting.fit(data)
    # The drawings repeat names, and count for nothing more.
    told = replacement_told(list(fitting.replaced), seen_at)
    files = {
        "main.typ": template.read_text(encoding="utf-8"),
        "data.json": json.dumps({**fitted, "replaced": told}),
        **fitting.fit(drawings),
    }
    return json.dumps({"files": files, "width_px": None, "width_pt": None}).encode()


def typeset_texts(value: Any) -> Any:
    """Give texts, and those within lists and dicts, with the signs French is printed with."""
    if isinstance(value, str):
        return typeset_text(value)
    if isinstance(value, list | tuple):
        return [typeset_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: typeset_texts(item) for key, item in value.items()}
    return value


def image_request(drawing: str, width: int) -> bytes:
    """Word a request for a PNG of `IMAGE_WIDTH_PX` pixels.

    Parameters: `drawing`, an SVG document; `width`, its own, in units.
    """
    files = {
        "main.typ": _IMAGE.format(width=width),
        "figure.svg": Fitting(_covered()).fit(drawing),
    }
    return json.dumps({"files": files, "width_px": IMAGE_WIDTH_PX, "width_pt": width}).encode()


def replacement_told(signs: Sequence[str], seen_at: str) -> str:
    """Say how many signs are replaced, and which; nothing when none is.

    By number, since the fonts do not show them. Parameters: `seen_at`, what shows them.
    """
    if not signs:
        return ""
    named = ", ".join(f"U+{ord(sign):04X}" for sign in signs[:_MOST_SIGNS_NAMED])
    more = ", …" if len(signs) > _MOST_SIGNS_NAMED else ""
    what, become = (
        ("signe", "est remplacé") if len(signs) == 1 else ("signes", "sont remplacés")
    )
    return (
        f"{number(len(signs))} {what} que la police ne contient pas ({named}{more}) {become} "
        f"par « {REPLACEMENT} » ; {seen_at} les montre."
    )


@cache
def _covered() -> frozenset[str]:
    return frozenset.intersection(*map(covered_signs, FONTS))
