"""What axe finds on a page (WCAG 2.2 AA and good practice), as text to read in a failure."""

import zlib
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.exploration import examples

WIDTHS = (360, 768, 1440)
_NARROWEST = 320
_RUN = (
    "([context, more]) => axe.run(context ?? document,"
    " {iframes: false, resultTypes: ['violations'], ...more})"
)
# The thirteenth row of a table, or item of a list, is made as those before it are.
_WITHOUT_REPETITION = {"exclude": [["tbody > tr:nth-child(n+13)"], ["li:nth-child(n+13)"]]}
# Of WCAG 2.2, which axe leaves out unless it is asked.
_WITH_TARGETS = {"target-size": {"enabled": True}}
# Styles are fetched again for one rule, on locked orientations, which asks the same ones on
# every page; `accessibility_faults` has it.
_READS_STYLES = examples(False, many=True)  # noqa: FBT003
# What depends on colours; nothing else differs between light and dark.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
_PAINTED = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
)
# Of each target in a table its size in CSS pixels, where it is smaller than a finger needs.
_SMALL_TARGETS = """() =>
  [...document.querySelectorAll(
    'table :is(a[href], button, select, summary, input:not([type=hidden]))')]
  .map((target) => [target, target.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height && (box.width < 23.95 || box.height < 23.95))
  .filter(([target]) => !target.closest('caption, .visually-hidden'))
  .map(([target, box]) =>
    `${box.width.toFixed(1)} × ${box.height.toFixed(1)}: ${target.outerHTML.slice(0, 150)}`)
"""
_WIDEST = "document.documentElement.scrollWidth"


def accessibility_faults(page: Page) -> list[str]:
    """Give one line for each element at fault, none when all is well.

    Frames are left out: what they show is a page of its own. The script reaches the page
    through the browser's debugger, hence the page's policy does not concern it.
    """
    page.evaluate(AXE_SCRIPT)
    return _faults(page)


def accessibility_faults_in_light_and_dark(page: Page) -> list[str]:
    """Give the same in both schemes, of a page without motion."""
    _show(page, "light")
    faults = accessibility_faults(page)
    return faults + _faults_in_the_dark(page)


def accessibility_faults_at_every_width(
    page: Page, axe_at: tuple[int, ...] | None = None
) -> list[str]:
    """Give the same of a telephone, a tablet and a desk, without loading the page again.

    Of long tables and lists axe looks at the beginning, which is half of its time; at
    `axe_at`, if it is None at one of the widths with every change, of each third page in
    the dark too, and at all of them when many examples are asked for.
    Also what is wider than the screen, at the narrowest that pages are made for too, and
    targets in tables under 24 × 24 CSS pixels (WCAG 2.2, 2.5.8, without its exceptions).
    """
    _show(page, "light")
    page.evaluate(AXE_SCRIPT)
    looked_at = axe_at or _widths_of(page)
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(_PAINTED)
        found = page.evaluate(_SMALL_TARGETS)
        if width in looked_at:
            found += _faults(
                page, _WITHOUT_REPETITION, rules=_WITH_TARGETS, preload=_READS_STYLES
            )
        wide = page.evaluate(_WIDEST)
        found += [f"{wide} pixels wide"] if wide > width else []
        faults += [f"{width}: {fault}" for fault in found]
    page.set_viewport_size({"width": _NARROWEST, "height": 800})
    if (wide := page.evaluate(_WIDEST)) > _NARROWEST:
        faults.append(f"{_NARROWEST}: {wide} pixels wide")
    dark = []
    for width in looked_at[::-1] if axe_at or _is_looked_at_in_the_dark(page) else ():
        page.set_viewport_size({"width": width, "height": 800})
        found = _faults_in_the_dark(page, _WITHOUT_REPETITION)
        dark += [f"{width}: {fault}" for fault in found]
    return faults + dark


def _widths_of(page: Page) -> tuple[int, ...]:
    chosen = _number_of(page) % len(WIDTHS)
    return examples(WIDTHS[chosen:][:1], many=WIDTHS)


def _is_looked_at_in_the_dark(page: Page) -> bool:
    # Half as long as all rules in the light; the pages share their dark colours.
    return examples(_number_of(page) // len(WIDTHS) % 3 == 0, many=True)


def _number_of(page: Page) -> int:
    """Give a number by the page's address, the same at each run."""
    return zlib.crc32(urlsplit(page.url)._replace(scheme="", netloc="").geturl().encode())


def _faults_in_the_dark(page: Page, context: Any = None) -> list[str]:
    _show(page, "dark")
    page.evaluate(_PAINTED)
    colours = {"type": "rule", "values": _OF_COLOURS}
    dark = _faults(page, context, runOnly=colours, preload=False)
    return [f"dark: {fault}" for fault in dark]


def _show(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def _faults(page: Page, context: Any = None, **more: Any) -> list[str]:
    found = page.evaluate(_RUN, [context, more])
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]} – "
        + "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
