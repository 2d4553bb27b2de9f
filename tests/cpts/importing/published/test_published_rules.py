"""What a published value says, and what none ever says."""

from datetime import date
from pathlib import Path

import pytest

from app.cpts.importing.published import rules
from app.cpts.importing.published.rules import NotAsPublished
from app.cpts.importing.published.tables import published_table
from app.cpts.reading.service import COMPOSITION_COLUMNS
from app.cpts.writing.rules import StageRecord
from app.files.sources import open_source
from app.web.opendata.columns import COMPOSITIONS, CPTS, TERRITORIES


def test_the_headers_are_those_of_the_published_files() -> None:
    assert tuple(column.name for column in CPTS) == rules.CPTS_HEADER
    assert tuple(column.name for column in COMPOSITIONS) == rules.COMPOSITIONS_HEADER
    assert rules.COMPOSITIONS_HEADER == COMPOSITION_COLUMNS
    assert {column.name for column in TERRITORIES} > rules.LAYER_FIELDS


def test_compositions_of_before_communes_could_be_divided_are_read(tmp_path: Path) -> None:
    file = tmp_path / "compositions.csv"
    header = rules.FORMER_COMPOSITIONS_HEADER
    assert "city_code" not in header
    row = ["05061" if name == "commune_code" else "" for name in header]
    file.write_text(f"{','.join(header)}\n{','.join(row)}\n", "utf-8")
    table = published_table(open_source(file))
    assert table is not None
    assert table.header == rules.COMPOSITIONS_HEADER
    assert [cells["commune_code"] for _, cells in table.rows] == ["05061"]


def test_stages_are_read_with_their_dates_or_without() -> None:
    assert rules.published_stages(
        "lettre_intention_validee:2021-03-04:2022-01-01|aci_signe::2024-05-06"
    ) == [
        StageRecord("lettre_intention_validee", date(2021, 3, 4), date(2022, 1, 1)),
        StageRecord("aci_signe", None, date(2024, 5, 6)),
    ]
    assert rules.published_stages(None) == []


def test_communes_are_read_with_the_days_on_which_they_are_held() -> None:
    assert rules.published_communes("2A004:2021-03-04|75113:2022-01-01:2027-01-01") == [
        ("2A004", (date(2021, 3, 4), None)),
        ("75113", (date(2022, 1, 1), date(2027, 1, 1))),
    ]


@pytest.mark.parametrize(
    "text",
    ["aci_signe", "aci_signe:2024-13-01:2024-01-01", "aci_signe::", "ACI signé::2024-01-01",
     "aci_signe::2024-01-01|", "aci_signe::2024-01-01;"],
)  # fmt: skip
def test_no_stage_is_made_of_what_is_written_otherwise(text: str) -> None:
    with pytest.raises(NotAsPublished):
        rules.published_stages(text)


@pytest.mark.parametrize(
    "text",
    ["4070:2021-03-04", "04070", "04070:04/03/2021", "04070:2021-03-04:2021-03-04",
     "04070:2021-03-04|"],
)  # fmt: skip
def test_no_commune_is_made_of_what_is_written_otherwise(text: str) -> None:
    with pytest.raises(NotAsPublished):
        rules.published_communes(text)


@pytest.mark.parametrize("name", [None, "", "  ", "\x00", "a" * 201])
def test_a_cpts_has_a_name_that_a_registry_takes(name: str | None) -> None:
    with pytest.raises(NotAsPublished):
        rules.published_name(name)


def test_what_could_not_be_entered_otherwise_does_not_enter_by_a_file() -> None:
    kept, remarks = rules.published_columns(
        {"website": "javascript:alert(1)", "email": "x@", "phone": "appelez", "finess": "12",
         "acronym": "a\nb", "address": "1 place du Marché"}
    )  # fmt: skip
    assert kept == {"address": "1 place du Marché"}
    assert len(remarks) == 5
