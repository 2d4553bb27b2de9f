"""Screenshots of the site, at three widths, light and dark; see docs/site.md.

`python -m tests.web.screenshots http://127.0.0.1:8000 FOLDER [/address …]`
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")
# A base map that is not to be had may be asked for again and again.
SETTLED_MS = 8_000
PAGES = (
    "/",
    "/recherche?q=saint-denis",
    "/regions",
    "/regions/93",
    "/regions/93?stage=aci_signe&sort=-population",
    "/departements/83",
    "/communes/59350",
    "/communes/05101",
    "/communes/13055",
    "/cpts/12",
    "/cpts/12/signaler",
    "/statistiques",
    "/statistiques?at=2021-12-31",
    "/donnees",
    "/integrer?region=93",
    "/aide",
    "/mentions-legales",
    "/donnees-personnelles",
    "/accessibilite",
    "/connexion",
    "/une-page-qui-n-existe-pas",
)


def file_name(address: str, width: int, scheme: str) -> str:
    """Name the picture of a page."""
    words = "".join(char if char.isalnum() else "-" for char in address).strip("-")
    return f"{words or 'accueil'}-{width}-{scheme}"


def take(base: str, folder: Path, addresses: tuple[str, ...]) -> None:
    """Write a JPEG of each page, width and scheme; other hosts are not asked for anything."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CPTS_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        for scheme in SCHEMES:
            for width in WIDTHS:
                context = browser.new_context(
                    base_url=base,
                    viewport={"width": width, "height": 900},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale="fr-FR",
                )
                context.route(
                    lambda address: not address.startswith((base, "data:")),
                    lambda route: route.abort(),
                )
                page = context.new_page()
                for address in addresses:
                    page.goto(address)
                    # A frame that loads lazily does so once it is seen.
                    for frame in page.locator("iframe").all():
                        frame.scroll_into_view_if_needed()
                    with suppress(PlaywrightTimeout):
                        page.wait_for_load_state("networkidle", timeout=SETTLED_MS)
                    page.evaluate("scrollTo(0, 0)")
                    name = file_name(address, width, scheme)
                    page.screenshot(
                        path=folder / f"{name}.jpg", full_page=True, type="jpeg", quality=60
                    )
                context.close()
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1], Path(sys.argv[2]), tuple(sys.argv[3:]) or PAGES)
