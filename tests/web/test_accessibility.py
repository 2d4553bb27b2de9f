"""What the other tests ask axe: a fault is found in either scheme, and at each width."""

import pytest
from playwright.sync_api import Browser

from tests.web.accessibility import (
    WIDTHS,
    accessibility_faults_at_every_width,
    accessibility_faults_in_light_and_dark,
)

PAGE = """<!doctype html><html lang="fr"><head><title>Essai</title><style>
body {{ background: #fff; color: #000 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #000; color: #fff }} }}
@media (prefers-color-scheme: {scheme}) {{ p {{ color: #777; background: #888 }} }}
</style></head><body><main><h1>Essai</h1><p>Illisible</p></main></body></html>"""


@pytest.mark.parametrize("scheme", ["light", "dark", "none"])
def test_text_that_cannot_be_read_is_a_fault_in_the_scheme_that_shows_it(
    browser: Browser, scheme: str
) -> None:
    page = browser.new_page()
    try:
        page.set_content(PAGE.format(scheme=scheme))
        faults = accessibility_faults_in_light_and_dark(page)
    finally:
        page.close()
    if scheme == "none":
        assert faults == []
        return
    (fault,) = faults
    assert "color-contrast" in fault
    assert fault.startswith("dark: ") == (scheme == "dark")


FAULTY = """<!doctype html><html lang="fr"><head><title>Essai</title><style>
body { background: #fff; color: #000; margin: 0 } a { color: inherit }
@media (prefers-color-scheme: dark) { body { background: #000; color: #fff } }
@media (prefers-color-scheme: dark) and (width: 768px) { h2 { color: #777; background: #888 } }
@media (width: 360px) { input { position: absolute; inset: 0 } label { display: none } }
@media (width: 1440px) { table a { line-height: 16px !important } }
@media (width: 320px) { h2 { width: 400px } }
</style></head><body><main><h1>Essai</h1><h2>Illisible</h2>
<label for="q">Mot</label><input id="q" placeholder=""><table><tr><td>
<a href="#a" style="display: block; line-height: 30px">Lien</a></td></tr></table>
</main></body></html>"""


def test_each_fault_is_found_at_the_width_and_in_the_scheme_that_have_it(
    browser: Browser,
) -> None:
    page = browser.new_page()
    try:
        page.set_content(FAULTY)
        faults = accessibility_faults_at_every_width(page, WIDTHS)
    finally:
        page.close()
    assert [fault[:15] for fault in faults if "pixels wide" in fault] == ["320: 400 pixels"]
    others = [fault for fault in faults if "pixels wide" not in fault]
    assert [each for each in others if each.startswith("768: ")] == [
        each for each in others if "color-contrast" in each
    ]
    for start, told in (("360: ", "label"), ("768: dark: ", "color-contrast"),
                        ("1440: ", "× 16.0")):  # fmt: skip
        assert [each for each in others if each.startswith(start) and told in each], others
