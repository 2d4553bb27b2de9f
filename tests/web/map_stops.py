"""How many stops of the keyboard a map takes: what Tab meets between before and after it."""

from playwright.sync_api import Page, expect

MAPS = ".map-frame iframe, #map, main > .folium-map, .drawing svg, .plan-map svg, img.national"
MOST_PRESSES = 40

_SENTINELS = """(maps) => {
    const sentinel = (name) => {
        const made = document.createElement("button");
        made.dataset.sentinel = name;
        made.textContent = name;
        return made;
    };
    maps[0].before(sentinel("before"));
    maps.at(-1).after(sentinel("after"));
    document.querySelector("[data-sentinel=before]").focus();
}"""
_REACHED = "() => document.activeElement?.dataset.sentinel === 'after'"
_CLEAR = "() => document.querySelectorAll('[data-sentinel]').forEach((each) => each.remove())"


def stops(page: Page, first: str, last: str | None = None) -> int:
    """Press Tab through what `first`, up to `last` if given, select, and count the stops."""
    both = f"[{first!r}, {last or first!r}].map((each) => document.querySelector(each))"
    page.evaluate(f"() => ({_SENTINELS})({both})")
    for pressed in range(MOST_PRESSES):
        page.keyboard.press("Tab")
        if page.evaluate(_REACHED):
            page.evaluate(_CLEAR)
            return pressed
    raise AssertionError(f"no way out of {first} in {MOST_PRESSES} presses")


def stops_of_maps(page: Page) -> list[int]:
    """Count the stops of each map on a page, once those in frames have drawn theirs."""
    found = page.locator(MAPS)
    expect(found.first).to_be_attached()
    counted = []
    for number in range(found.count()):
        each = found.nth(number)
        each.scroll_into_view_if_needed()
        if each.evaluate("(each) => each.tagName") == "IFRAME":
            ready = each.content_frame.locator("html[data-state=ready]")
            expect(ready).to_be_attached()
        each.evaluate("(each, number) => { each.dataset.map = number; }", str(number))
        counted.append(stops(page, f'[data-map="{number}"]'))
    return counted
