"""Links made of strangers' texts, tokens of forms, labels of drawings, texts of regions."""

from pathlib import Path

import pytest

from app.cpts.drawing.rules import placed_labels
from app.cpts.reports.rules import terminal_safe
from app.failures import Failure
from app.http.origin import same_origin
from app.web.layout.links import mail_address, safe_website, telephone_address
from app.web.sheets.contacts import contact_of, read_contacts
from app.web.sheets.rules import (
    MESSAGE_LIMIT,
    embed_code,
    fill_time_s,
    form_token,
    read_report,
)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "ftp://cpts.example",
        "www.cpts.example",
        "https://",
        "https://user@evil.example/",
        "http://[",
        "",
        None,
    ],
)
def test_only_absolute_web_addresses_become_links(address: str | None) -> None:
    assert safe_website(address) is None


def test_a_web_address_is_linked_as_it_stands() -> None:
    assert safe_website(" https://cpts.example/a?b=c ") == "https://cpts.example/a?b=c"


@pytest.mark.parametrize(
    "mailbox",
    ["a@b", "a b@c.example", "a@b.example?bcc=x@y.example", "<a@b.example>", "", None],
)
def test_only_a_plain_mailbox_becomes_a_link(mailbox: str | None) -> None:
    assert mail_address(mailbox) is None


def test_a_mailbox_and_a_telephone_become_links() -> None:
    assert mail_address("contact@cpts.example") == "mailto:contact@cpts.example"
    assert telephone_address("04 99 00 00 01") == "tel:0499000001"
    assert telephone_address("+33 (0)4-99 00 00 01") == "tel:+33499000001"
    assert telephone_address("+33(0)499000001") == "tel:+33499000001"
    assert telephone_address("(0)4 99 00 00 01") is None
    assert telephone_address("0(0)499000001") == "tel:00499000001"
    assert telephone_address("sur rendez-vous") is None


def test_a_token_tells_how_long_its_own_form_was_open() -> None:
    token = form_token("secret", "/cpts/1", 1_000.9)
    assert fill_time_s("secret", "/cpts/1", token, 1_010.0) == 10.0
    assert fill_time_s("other", "/cpts/1", token, 1_010.0) is None
    assert fill_time_s("secret", "/cpts/2", token, 1_010.0) is None
    earlier = "900." + token.partition(".")[2]
    assert fill_time_s("secret", "/cpts/1", earlier, 1_010.0) is None


@pytest.mark.parametrize("token", ["", ".", "x.y", "1000", "²." + "a" * 24, "1000.\udcff"])
def test_what_is_no_token_is_refused_without_an_error(token: str) -> None:
    assert fill_time_s("secret", "/cpts/1", token, 2_000.0) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "https://carte.example", "host": "carte.example"}, True),
        ({"origin": "https://public.example", "host": "interne:8000"}, True),
        ({"origin": "https://evil.example", "host": "carte.example"}, False),
        ({"origin": "null", "host": "carte.example"}, False),
        ({"origin": "http://[", "host": "carte.example"}, False),
        ({"sec-fetch-site": "same-origin", "host": "carte.example"}, True),
        ({"host": "carte.example"}, False),
    ],
)
def test_a_form_counts_only_from_a_page_of_this_host(
    headers: dict[str, str], *, expected: bool
) -> None:
    assert same_origin(headers, "https://public.example") is expected


def test_a_report_needs_a_message_and_a_true_mailbox_if_any() -> None:
    assert set(read_report("  \r\n ", "").errors) == {"message"}
    assert set(read_report("x" * (MESSAGE_LIMIT + 1), "").errors) == {"message"}
    assert set(read_report("une date", "pas une adresse").errors) == {"reply_to"}
    for unread in ("\0", "\ufffe", "\u202e", "\ufdd0", "\x07"):
        assert set(read_report(f"une date{unread}!", "").errors) == {"message"}
    assert set(read_report("une date", "a?bcc=b@c.example").errors) == {"reply_to"}
    given = read_report(" une\r\ndate ", " a@b.example ")
    assert (given.message, given.reply_to, given.errors) == ("une\ndate", "a@b.example", {})


def test_embed_code_holds_hostile_names_as_text() -> None:
    code = embed_code("/embed/carte?bbox=1,2", "\"><script>alert('x')</script>")
    assert "<script>" not in code
    assert code.count('"') == 10


def test_labels_never_lie_over_each_other_and_the_important_one_stays() -> None:
    labels = placed_labels(
        [
            ("Voisine", 100.0, 100.0, 200.0, False),
            ("Ici", 102.0, 102.0, 20.0, True),
            ("Lointaine", 400.0, 300.0, 200.0, False),
            ("Trop étroite", 500.0, 100.0, 10.0, False),
            ("Au bord", 639.0, 200.0, 200.0, False),
        ],
        640,
        460,
    )
    assert [label.text for label in labels] == ["Ici", "Lointaine"]


def test_terminals_get_no_command_from_a_report() -> None:
    assert terminal_safe("a\x1b[2Jb\u202ec") == "a\ufffd[2Jb\ufffdc"


def test_each_region_may_have_a_text_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(
        '[default]\ntext = "Partout"\n[regions.93]\ntext = "Au sud"\nlink = "https://a.example"\n',
        "utf-8",
    )
    contacts = read_contacts(file)
    assert contact_of(contacts, "93").text == "Au sud"
    assert contact_of(contacts, "32").text == "Partout"
    assert contact_of(read_contacts(None), "32").text


@pytest.mark.parametrize(
    "content",
    [
        "pas du toml",
        "",
        "[default]\ntext = 3",
        '[default]\ntext = " "',
        '[default]\ntext = "a"\nlink = "javascript:alert(1)"',
        '[default]\ntext = "a"\nother = "b"',
        'regions = 1\n[default]\ntext = "a"',
    ],
)
def test_a_wrong_file_of_texts_is_told_at_once(tmp_path: Path, content: str) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(Failure):
        read_contacts(file)


def test_a_missing_file_of_texts_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        read_contacts(tmp_path / "absent.toml")
