"""What axe finds on a page (WCAG 2.2 AA and good practice), as text to read in a failure."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_RUN = "(more) => axe.run(document, {iframes: false, resultTypes: ['violations'], ...more})"
# What depends on colours; nothing else differs between light and dark.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
_PAINTED = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
)


def accessibility_faults(page: Page) -> list[str]:
    """Give one line for each element at fault, none when all is well.

    Frames are left out: what they show is a page of its own. The script reaches the page
    through the browser's debugger, hence the page's policy does not concern it.
    """
    page.evaluate(AXE_SCRIPT)
    return _faults(page)


def accessibility_faults_in_light_and_dark(page: Page) -> list[str]:
    """Give the same in both schemes, of a page without motion."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    faults = accessibility_faults(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.evaluate(_PAINTED)
    dark = _faults(page, runOnly={"type": "rule", "values": _OF_COLOURS})
    return faults + [f"dark: {fault}" for fault in dark]


def _faults(page: Page, **more: Any) -> list[str]:
    found = page.evaluate(_RUN, more)
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]} – "
        + "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
