"""What the other tests ask axe: a fault is found in either scheme."""

import pytest
from playwright.sync_api import Browser

from tests.web.accessibility import accessibility_faults_in_light_and_dark

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
