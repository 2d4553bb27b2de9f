"""What axe finds on a page (WCAG 2.2 AA and good practice), as text to read in a failure."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_RUN = "() => axe.run(document, {iframes: false, resultTypes: ['violations']})"


def accessibility_faults(page: Page) -> list[str]:
    """Give one line for each element at fault, none when all is well.

    Frames are left out: what they show is a page of its own. The script reaches the page
    through the browser's debugger, hence the page's policy does not concern it.
    """
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN)
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]} – "
        + "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
