"""The map on a page of another origin, in Chromium, with every other host blocked."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

GAP = "05061"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the output of the tests for the tests."""


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address by which another origin serves it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def guest(client: TestClient, page: Page, other_site: tuple[Path, str]) -> Page:
    """A page to which the other site, too, is open."""
    page.route(f"{other_site[1]}/**", lambda route: route.continue_())
    return page


def _host(other_site: tuple[Path, str], markup: str) -> str:
    folder, address = other_site
    (folder / "page.html").write_text(
        f"<!doctype html><html lang=fr><title>Un autre site</title><h1>Notre CPTS</h1>{markup}",
        "utf-8",
    )
    return f"{address}/page.html"


def test_the_code_of_the_page_shows_the_map_on_another_site(
    guest: Page, live_server: str, other_site: tuple[Path, str], alps: dict[str, int]
) -> None:
    guest.goto("/integrer")
    guest.get_by_label("Département", exact=True).select_option("05")
    guest.get_by_label("ACI signé").check()
    guest.get_by_role("button", name="Préparer le code").click()
    code = guest.get_by_role("textbox", name="Carte : CPTS").input_value()
    guest.goto(_host(other_site, code))
    frame = guest.frame_locator("iframe")
    expect(frame.locator("html[data-state=ready]")).to_be_attached()
    expect(frame.locator("#count")).to_have_text("2 CPTS")
    source = frame.get_by_role("link", name="Cartographie des CPTS")
    expect(source).to_be_visible()
    with guest.context.expect_page() as opened:
        source.click()
    assert opened.value.url == f"{live_server}/departements/05?stage=aci_signe"


def test_a_day_chosen_in_the_form_is_in_the_code_and_on_the_map(
    guest: Page, other_site: tuple[Path, str], alps: dict[str, int]
) -> None:
    guest.goto("/integrer")
    guest.get_by_label("Modifiées depuis le", exact=True).fill("2020-02-03")
    guest.get_by_role("button", name="Préparer le code").click()
    expect(guest.get_by_label("Modifiées depuis le", exact=True)).to_have_value("2020-02-03")
    field = guest.get_by_role("textbox", name="Carte : CPTS – modifiées depuis le 03/02/2020")
    code = field.input_value()
    assert "updated_since=2020-02-03" in code
    guest.goto(_host(other_site, code))
    frame = guest.frame_locator("iframe")
    expect(frame.locator("html[data-state=ready]")).to_be_attached()
    expect(frame.locator("#count")).to_have_text("4 CPTS")


def test_the_map_on_another_site_leaves_no_cookie_and_asks_no_other_host(
    guest: Page, live_server: str, other_site: tuple[Path, str], alps: dict[str, int]
) -> None:
    address = f"{live_server}/embed/carte?region=93"
    guest.goto(_host(other_site, f'<iframe src="{address}" title="Carte"></iframe>'))
    expect(guest.frame_locator("iframe").locator("html[data-state=ready]")).to_be_attached()
    assert guest.context.cookies() == []
    blocked: list[str] = guest.blocked  # type: ignore[attr-defined]
    assert [url for url in blocked if not url.startswith("https://data.geopf.fr/")] == []


def test_nothing_else_of_the_site_is_shown_on_another(
    guest: Page,
    live_server: str,
    other_site: tuple[Path, str],
    alps: dict[str, int],
) -> None:
    for address in ("/maps/cpts?region=93", "/donnees", "/"):
        guest.goto(
            _host(other_site, f'<iframe src="{live_server}{address}" title="Page"></iframe>')
        )
        inside = guest.frames[1]
        expect(inside.get_by_role("link", name="Cartographie des CPTS")).to_have_count(0)
        assert inside.url == "chrome-error://chromewebdata/", address


def test_the_code_is_written_without_script_and_the_map_keeps_its_source(
    plain_visitor: Page, alps: dict[str, int]
) -> None:
    plain_visitor.goto("/integrer")
    plain_visitor.get_by_label("Région", exact=True).select_option("93")
    plain_visitor.get_by_role("button", name="Préparer le code").click()
    code = plain_visitor.get_by_role("textbox", name="Carte : CPTS").input_value()
    assert "/embed/carte?region=93" in code
    expect(plain_visitor.get_by_role("button", name="Copier le code")).to_be_hidden()
    plain_visitor.goto("/embed/carte?region=93")
    assert "La carte a besoin de JavaScript" in plain_visitor.content()
    expect(plain_visitor.get_by_role("link", name="Cartographie des CPTS")).to_be_visible()


def test_the_code_is_copied_by_its_button(visitor: Page, alps: dict[str, int]) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.goto("/integrer?region=93")
    visitor.get_by_role("button", name="Copier le code").click()
    expect(visitor.get_by_role("status").filter(has_text="Code copié.")).to_be_visible()
    copied = visitor.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("<iframe src=")
