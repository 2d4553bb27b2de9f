"""Information and open data pages as readers meet them, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

PAGES = (
    "/donnees",
    "/integrer?region=93",
    "/mentions-legales",
    "/donnees-personnelles",
    "/accessibilite",
    "/aide",
)


def test_pages_read_without_script(plain_visitor: Page, alps: dict[str, int]) -> None:
    for address in PAGES:
        plain_visitor.goto(address)
        expect(plain_visitor.get_by_role("heading", level=1)).to_be_visible()
        assert plain_visitor.title().endswith("– Cartographie des CPTS"), address


def test_a_file_is_downloaded_from_the_page(visitor: Page, alps: dict[str, int]) -> None:
    visitor.goto("/donnees")
    with visitor.expect_download() as downloaded:
        visitor.get_by_role("link", name="cpts.csv", exact=True).click()
    assert downloaded.value.suggested_filename == "cpts.csv"
    assert "CPTS du Gapençais" in downloaded.value.path().read_text("utf-8")


def test_the_columns_open_by_keyboard(visitor: Page, alps: dict[str, int]) -> None:
    visitor.goto("/donnees")
    column = visitor.get_by_role("rowheader", name="lead_department")
    expect(column).to_be_hidden()
    visitor.locator("summary", has_text="colonnes de cpts.csv").focus()
    visitor.keyboard.press("Enter")
    expect(column).to_be_visible()


@pytest.mark.parametrize(
    ("address", "preview"),
    [
        ("/aide", "/apercu/accueil.png"),
        ("/regions/93", "/apercu/regions/93.png"),
        ("/departements/05", "/apercu/departements/05.png"),
    ],
)
def test_social_networks_are_given_the_preview_of_the_page(
    visitor: Page, alps: dict[str, int], address: str, preview: str
) -> None:
    visitor.goto(address)
    image = visitor.locator('meta[property="og:image"]').get_attribute("content")
    assert image == preview
    answer = visitor.request.get(image)
    assert answer.headers["content-type"] == "image/png"
