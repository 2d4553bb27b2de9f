"""What the feed tells of a change, and what describes the published files."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from app.web.opendata import rules, schemas
from app.web.opendata.columns import CPTS

LABELS = {
    "dynamique_identifiee": "Dynamique identifiée",
    "lettre_intention_validee": "Lettre d'intention validée",
    "aci_signe": "ACI signé",
}
NAMES = {"05061": "Gap", "05160": "Saulce"}
ACCEPTED: dict[str, list[Any]] = {"stage": list(LABELS), "tier": [1, 2, 3, 4]}


@dataclass(frozen=True)
class Entry:
    """An entry of the history, as a change of territory unless told otherwise."""

    id: int = 7
    cpts_id: int = 3
    changed_at: datetime = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    name: str = "CPTS du Val"
    demonstration: bool = False
    is_new: bool = False
    ended_on: str | None = None
    stages_before: dict[str, str | None] | None = None
    stages_after: dict[str, str | None] | None = None
    claims_before: list[dict[str, Any]] | None = None
    claims_after: list[dict[str, Any]] | None = None


def _held(*codes: str, until: str | None = None) -> dict[str, Any]:
    return {"communes": list(codes), "from": "2024-01-01", "until": until}


def _told(entry: Entry) -> rules.News:
    news = rules.news(entry, LABELS, NAMES)
    assert news is not None
    return news


def test_a_new_cpts_is_told_with_its_stage_and_the_size_of_its_territory() -> None:
    news = _told(
        Entry(
            is_new=True,
            stages_after={"aci_signe": "2024-01-01"},
            claims_after=[_held("05061", "05160")],
        )
    )
    assert news.kinds == ("nouvelle",)
    assert news.title == "Nouvelle CPTS : CPTS du Val"
    assert "2\u00a0communes" in news.summary
    assert "ACI signé, depuis le 1er\u00a0janvier 2024" in news.summary


def test_a_change_of_territory_names_what_came_and_what_went() -> None:
    news = _told(
        Entry(
            claims_before=[_held("05061")],
            claims_after=[_held("05061", until="2026-03-04"), _held("05160")],
        )
    )
    assert news.kinds == ("territoire",)
    assert news.title == "Territoire modifié (+1, −1) : CPTS du Val"
    assert news.summary == "Commune ajoutée : Saulce (05160). Commune retirée : Gap (05061)."


def test_a_long_list_of_communes_is_cut_and_says_so() -> None:
    codes = [f"050{n}" for n in range(10, 30)]
    news = _told(Entry(claims_before=[], claims_after=[_held(*codes)]))
    assert news.summary.endswith("et 8 autres.")


def test_a_stage_that_was_only_dated_otherwise_is_news_but_an_older_one_is_not() -> None:
    before: dict[str, str | None] = {"aci_signe": "2024-01-01"}
    assert _told(
        Entry(stages_before=before, stages_after={"aci_signe": "2024-02-01"})
    ).kinds == ("stade",)
    earlier: dict[str, str | None] = {**before, "lettre_intention_validee": "2022-01-01"}
    assert rules.news(Entry(stages_before=before, stages_after=earlier), LABELS, {}) is None


def test_a_stage_without_a_date_is_told_so() -> None:
    told = _told(Entry(is_new=True, stages_after={"aci_signe": None}))
    assert "ACI signé, depuis une date inconnue." in told.summary


def test_an_end_is_one_piece_of_news_not_a_loss_of_communes_too() -> None:
    news = _told(
        Entry(
            ended_on="2026-03-04",
            claims_before=[_held("05061")],
            claims_after=[_held("05061", until="2026-03-04")],
        )
    )
    assert news.kinds == ("fin",)
    assert news.title == "Fin : CPTS du Val"


def test_demonstration_is_marked_in_the_title() -> None:
    assert _told(Entry(is_new=True, demonstration=True)).title.startswith("[Démonstration] ")


def test_the_identifier_of_an_entry_is_stable_and_tells_databases_apart() -> None:
    entry = Entry()
    assert rules.entry_id(entry) == rules.entry_id(Entry(name="renommée"))
    elsewhere = Entry(changed_at=datetime(2026, 3, 4, 12, 0, 1, tzinfo=UTC))
    assert rules.entry_id(entry) != rules.entry_id(elsewhere)
    assert rules.entry_id(entry).startswith("urn:uuid:")


@pytest.mark.parametrize("char", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe"])
def test_what_xml_cannot_hold_is_dropped(char: str) -> None:
    kept = rules.xml_text(f"a{char}b<&é😀")
    assert kept == "ab<&é😀"
    element = ET.Element("t")
    element.text = kept
    assert ET.fromstring(ET.tostring(element)).text == kept


def test_every_schema_names_its_columns_once_and_describes_each() -> None:
    for write in schemas.SCHEMAS.values():
        fields = write(ACCEPTED)["fields"]
        names = [field["name"] for field in fields]
        assert len(names) == len(set(names))
        assert all(field["description"] and field["title"] for field in fields)


def test_the_files_with_geometry_have_the_columns_of_the_table_and_it() -> None:
    names = [field["name"] for field in schemas.territories_schema(ACCEPTED)["fields"]]
    assert names == [*(column.name for column in CPTS), "communes", "geometry"]


def test_the_package_says_that_it_holds_fictitious_data() -> None:
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    told = {
        demonstration: schemas.data_package(
            ACCEPTED, changed_at=moment, day=date(2026, 3, 4), demonstration=demonstration
        )["description"]
        for demonstration in (True, False)
    }
    assert "fictives" in told[True]
    assert "fictives" not in told[False]
