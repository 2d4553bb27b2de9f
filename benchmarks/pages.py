"""What the national map weighs, beside plain Folium with the polygons inside."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import folium
from playwright.sync_api import Response, Route, sync_playwright

from benchmarks.figures import Figure, Target, ratio
from benchmarks.scratch import ScratchServer
from benchmarks.servers import fetch, free_port, service

TOPIC = "La carte nationale, comprimée"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_KILOBYTE = 1_000


def measure_page(server: ScratchServer, chromium: Path) -> list[Figure]:
    """Open the map in Chromium and weigh every answer of the service as it was sent."""
    with service(free_port(), settings={"DATABASE_URL": server.url, "CPTS_DEMO": "0"}) as base:
        answers = _open(base, chromium)
        in_gzip = {path: len(fetch(base + path, "gzip")[2]) for path, _, _ in answers}
        full = json.loads(fetch(f"{base}/api/v1/cpts.geojson?detail=full")[2])
        national = json.loads(fetch(f"{base}/api/v1/cpts.geojson")[2])
    figures = [
        Figure(TOPIC, f"{path} ({coding})", size / _KILOBYTE, "ko")
        for path, coding, size in sorted(answers, key=lambda answer: -answer[2])
    ]
    total = sum(size for _, _, size in answers) / _KILOBYTE
    plain = {
        "au tracé complet": _folium_page(full),
        "au tracé national": _folium_page(national),
    }
    figures += [
        Figure(
            TOPIC,
            f"la page avec ses {len(answers)} réponses, comme Chromium les reçoit",
            total,
            "ko",
            target=Target("below", 700),
            note="en-têtes compris ; sans les images du fond de plan, d'un autre hôte",
        ),
        Figure(
            TOPIC,
            "les mêmes réponses en gzip",
            sum(in_gzip.values()) / _KILOBYTE,
            "ko",
            note="corps seuls",
        ),
    ]
    for name, page in plain.items():
        packed = len(gzip.compress(page, compresslevel=6)) / _KILOBYTE
        smaller = len(brotli.compress(page, quality=6)) / _KILOBYTE
        figures.append(
            Figure(
                TOPIC,
                f"Folium seul, polygones dans la page, {name} (gzip)",
                packed,
                "ko",
                ratio(packed, sum(in_gzip.values()) / _KILOBYTE),
                "la page en gzip",
                note=f"{len(page) / 1e6:.1f} Mo sans compression, {smaller:.0f} ko en br ; "
                "sans ses bibliothèques, que d'autres hôtes envoient",
            )
        )
    return figures


def _open(base: str, chromium: Path) -> list[tuple[str, str, int]]:
    """Give the path, coding and bytes (with headers) of every answer of the map page."""
    answered: list[Response] = []

    def local_only(route: Route) -> None:
        if route.request.url.startswith(base):
            route.continue_()
        else:
            route.abort()

    def keep(response: Response) -> None:
        # Playwright marks what it calls, which a method of a list cannot bear.
        answered.append(response)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.route("**/*", local_only)
        page.on("response", keep)
        page.goto(f"{base}/maps/cpts")
        page.wait_for_selector("html[data-state=ready]", state="attached", timeout=60_000)
        page.wait_for_timeout(500)
        found = [_weighed(response) for response in answered if response.url.startswith(base)]
        browser.close()
    return found


def _weighed(response: Response) -> tuple[str, str, int]:
    parts = urlsplit(response.url)
    sizes = response.request.sizes()
    coding = response.header_value("content-encoding") or "identity"
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path, coding, sizes["responseBodySize"] + sizes["responseHeadersSize"]


def _folium_page(collection: Mapping[str, Any]) -> bytes:
    """Write the map as Folium's documentation does it: everything in the page."""
    drawn = {
        **collection,
        "features": [f for f in collection["features"] if f["geometry"] is not None],
    }
    plain = folium.Map(location=(46.6, 2.4), zoom_start=6)
    folium.GeoJson(
        drawn, tooltip=folium.GeoJsonTooltip(["name", "stage_label", "population", "tier"])
    ).add_to(plain)
    return str(plain.get_root().render()).encode()
