"""`./cpts import` as its user runs it, on the real communes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.importing import plan, service
from app.cpts.verification.service import verify
from app.database.calendar import today
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.conftest import Register
from tests.cpts.importing.conftest import HEADER, RunImport

STAGE = ("--default-stage", "lettre_intention_validee")
Write = Callable[..., Path]


def rows_of(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def territories(engine: Engine) -> dict[str, set[str]]:
    """Give the communes held now, by name of the CPTS."""
    held: dict[str, set[str]] = {}
    for name, code in rows_of(
        engine,
        "SELECT p.name, c.commune_code FROM cpts p LEFT JOIN claim c"
        " ON c.cpts_id = p.id AND upper_inf(c.held)",
    ):
        held.setdefault(name, set()).update([code] if code else [])
    return held


def state(engine: Engine) -> list[tuple[Any, ...]]:
    """Everything that a second import must leave as it was."""
    return [
        *rows_of(engine, "SELECT revision FROM registry_revision"),
        *rows_of(engine, "SELECT count(*), max(id) FROM cpts_change"),
        *rows_of(engine, "SELECT id, xmin::text FROM claim ORDER BY id"),
        *rows_of(engine, "SELECT id, xmin::text FROM refused_claim ORDER BY id"),
    ]


def ars_rows(*rows: tuple[str, str, Any]) -> list[tuple[Any, ...]]:
    """Rows of the shape of an ARS listing: title, header, then name, commune, department."""
    return [
        ("Listing des CPTS",),
        HEADER,
        *(
            (n, c, d, "Mme Exemple", "M. Essai", "jean.essai@example.org", 0)
            for n, c, d in rows
        ),
    ]


def test_a_listing_enters_whole(
    write_xlsx: Write, run_import: RunImport, engine: Engine, client: TestClient
) -> None:
    path = write_xlsx(
        ars_rows(
            ("CPTS du Val", "Aiglun", 4),
            ("CPTS du Val", "Digne-les-Bains", 4),
            ("CPTS du Mont", "Bruis", 5),
            ("CPTS du Mont", "Montmorin", 5),
            ("CPTS du Mont", "Saint-Pierre-d'Argenèon", 5),
        )
    )
    done = run_import(path, *STAGE)
    assert done.status == 0, done.output
    assert done.outcomes() == [
        ("Aiglun", "loaded", "04001"),
        ("Digne-les-Bains", "loaded", "04070"),
        ("Bruis", "corrected", "05024"),
        ("Montmorin", "corrected", "05024"),
        ("Saint-Pierre-d'Argenèon", "corrected", "05154"),
    ]
    assert [line["row"] for line in done.report] == ["3", "4", "5", "6", "7"]
    assert done.report[0]["department"] == "04"
    assert "déjà nommée à la ligne 5" in done.report[3]["detail"]
    assert territories(engine) == {
        "CPTS du Val": {"04001", "04070"},
        "CPTS du Mont": {"05024", "05154"},
    }
    [item] = client.get("/api/v1/cpts", params={"q": "val"}).json()["items"]
    assert (item["stage"], item["website"], item["email"]) == (STAGE[1], None, None)


def test_nothing_of_a_person_reaches_the_database(
    write_xlsx: Write, run_import: RunImport, engine: Engine
) -> None:
    run_import(write_xlsx(ars_rows(("CPTS du Val", "Aiglun", 4))), *STAGE)
    assert territories(engine)
    for table in ("cpts", "cpts_change", "refused_claim"):
        for (row,) in rows_of(engine, f"SELECT t::text FROM {table} t"):
            assert "Exemple" not in row
            assert "essai" not in row.lower()


def test_the_same_file_twice_changes_nothing(
    write_xlsx: Write, run_import: RunImport, engine: Engine
) -> None:
    path = write_xlsx(
        ars_rows(("CPTS A", "Toulon", 83), ("CPTS A", "La Garde", 83), ("CPTS B", "Toulon", 83))
    )
    first = run_import(path, *STAGE)
    after = state(engine)
    second = run_import(path, *STAGE)
    assert (first.status, second.status) == (1, 1)
    assert first.report == second.report
    assert state(engine) == after


def test_a_dry_run_tells_the_same_and_writes_nothing(
    write_xlsx: Write, run_import: RunImport, engine: Engine
) -> None:
    path = write_xlsx(ars_rows(("CPTS A", "Toulon", 83), ("CPTS B", "Toulon", 83)))
    before = state(engine)
    tried = run_import(path, *STAGE, "--dry-run")
    assert state(engine) == before
    assert territories(engine) == {}
    done = run_import(path, *STAGE)
    assert tried.report == done.report
    assert (tried.status, done.status) == (1, 1)


def test_the_second_to_claim_a_commune_is_refused_with_the_name_of_the_first(
    write_xlsx: Write, run_import: RunImport, engine: Engine, client: TestClient
) -> None:
    path = write_xlsx(
        ars_rows(
            ("CPTS Ouest", "Toulon", 83),
            ("CPTS Ouest", "La Seyne-sur-Mer", 83),
            ("CPTS Est", "La Garde", 83),
            ("CPTS Est", "Toulon", 83),
        )
    )
    done = run_import(path, *STAGE)
    assert done.status == 1
    assert [line["outcome"] for line in done.report] == [
        "loaded", "loaded", "skipped", "conflict",
    ]  # fmt: skip
    assert "« CPTS Ouest » (Lettre d'intention validée" in done.report[3]["detail"]
    assert set(territories(engine)) == {"CPTS Ouest"}
    toulon = client.get("/api/v1/communes/83137").json()
    assert toulon["cpts"]["name"] == "CPTS Ouest"
    assert [claim["name"] for claim in toulon["also_claimed_by"]] == ["CPTS Est"]


def test_without_the_commune_the_second_enters_and_its_claim_is_remembered(
    write_xlsx: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = ars_rows(
        ("CPTS Ouest", "Toulon", 83), ("CPTS Est", "La Garde", 83), ("CPTS Est", "Toulon", 83)
    )
    path = write_xlsx(rows)
    done = run_import(path, *STAGE, "--on-conflict", "without-commune")
    assert done.status == 1
    assert [line["outcome"] for line in done.report] == ["loaded", "loaded", "conflict"]
    assert territories(engine)["CPTS Est"] == {"83062"}
    [(commune, claimant, cpts_id)] = rows_of(
        engine, "SELECT commune_code, claimant_name, cpts_id FROM refused_claim"
    )
    assert (commune, claimant, cpts_id) == ("83137", "CPTS Est", 2)
    after = state(engine)
    run_import(path, *STAGE, "--on-conflict", "without-commune")
    assert state(engine) == after


def test_a_refused_claim_goes_once_it_is_settled(
    write_xlsx: Write, run_import: RunImport, engine: Engine
) -> None:
    clash = ars_rows(("CPTS Ouest", "Toulon", 83), ("CPTS Est", "Toulon", 83))
    run_import(write_xlsx(clash), *STAGE)
    assert rows_of(engine, "SELECT count(*) FROM refused_claim") == [(1,)]
    settled = ars_rows(("CPTS Ouest", "Ollioules", 83), ("CPTS Est", "Toulon", 83))
    assert run_import(write_xlsx(settled), *STAGE).status == 0
    assert rows_of(engine, "SELECT count(*) FROM refused_claim") == [(0,)]
    assert territories(engine) == {"CPTS Ouest": {"83090"}, "CPTS Est": {"83137"}}


def test_two_cpts_may_exchange_communes(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    header = ["CPTS", "Code INSEE", "Stade"]
    first = [header, ["CPTS A", "04001", "LI"], ["CPTS B", "04070", "LI"]]
    assert run_import(write_csv(first)).status == 0
    second = [header, ["CPTS A", "04070", "LI"], ["CPTS B", "04001", "LI"]]
    assert run_import(write_csv(second)).status == 0
    assert territories(engine) == {"CPTS A": {"04070"}, "CPTS B": {"04001"}}


def test_the_file_is_authoritative_from_its_day_on_and_the_past_stays(
    write_csv: Write, run_import: RunImport, client: TestClient
) -> None:
    header = ["CPTS", "Code INSEE"]
    first = [header, ["CPTS A", "04001"], ["CPTS A", "04070"]]
    run_import(write_csv(first), *STAGE, "--as-of", "2025-01-01")
    second = [header, ["cpts a", "04001"], ["cpts a", "04009"]]
    done = run_import(write_csv(second), *STAGE, "--as-of", "2025-06-01")
    assert done.status == 0
    assert "rendues : 04070" in done.report[0]["detail"]

    def communes(day: str) -> set[str]:
        answer = client.get("/api/v1/cpts/1", params={"at": day}).json()
        return {commune["code"] for commune in answer["communes"]}

    assert communes("2025-05-31") == {"04001", "04070"}
    assert communes("2025-06-01") == {"04001", "04009"}


def test_an_unknown_commune_keeps_its_cpts_out_whole(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["CPTS", "Commune", "dpt"],
        ["CPTS A", "Aiglun", "04"],
        ["CPTS A", "Digne-les-Bainz", "04"],
        ["CPTS B", "Saint-Denis", ""],
        ["CPTS C", "Apt", "84"],
    ]
    done = run_import(write_csv(rows), *STAGE)
    assert done.status == 1
    assert [line["outcome"] for line in done.report] == [
        "skipped", "unknown", "ambiguous", "loaded",
    ]  # fmt: skip
    assert "Digne-les-Bains" in done.report[1]["detail"]
    assert "Saint-Denis (93066, 93)" in done.report[2]["detail"]
    assert "ligne 3" in done.report[0]["detail"]
    assert set(territories(engine)) == {"CPTS C"}


def test_a_cpts_of_the_registry_that_is_kept_out_stays_as_it_is(
    write_csv: Write, run_import: RunImport, engine: Engine, register: Register
) -> None:
    register("CPTS A", "aci_signe", ("04001", "04070"))
    register("CPTS Voisine", "aci_signe", ("05061",))
    before = state(engine)
    rows = [["CPTS", "Code INSEE"], ["CPTS A", "04009"], ["CPTS A", "05061"]]
    done = run_import(write_csv(rows), *STAGE)
    assert [line["outcome"] for line in done.report] == ["skipped", "conflict"]
    assert "« CPTS Voisine » (ACI signé)" in done.report[1]["detail"]
    assert territories(engine)["CPTS A"] == {"04001", "04070"}
    assert state(engine)[2:4] == before[2:4]
    assert rows_of(engine, "SELECT cpts_id, commune_code FROM refused_claim") == [(1, "05061")]


def test_without_any_stage_nothing_is_written(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    path = write_csv([["CPTS", "Commune"], ["CPTS A", "Apt"]])
    done = run_import(path)
    assert done.status == 2
    assert "--default-stage" in done.output
    blank = write_csv([["CPTS", "Commune", "Stade"], ["CPTS A", "Apt", ""]])
    assert run_import(blank).status == 2
    assert run_import(path, "--default-stage", "presque").status == 2
    assert territories(engine) == {}


def test_a_cpts_without_a_stage_stays_out_when_others_have_one(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["CPTS", "Commune", "Stade"],
        ["CPTS A", "Apt", "LI"],
        ["CPTS B", "Gordes", ""],
        ["CPTS C", "Goult", "peut-être"],
    ]
    done = run_import(write_csv(rows))
    assert [line["outcome"] for line in done.report] == ["loaded", "unknown", "unknown"]
    assert "peut-être" in done.report[2]["detail"]
    assert set(territories(engine)) == {"CPTS A"}


def test_a_stage_advances_and_never_goes_back(
    write_csv: Write, run_import: RunImport, client: TestClient
) -> None:
    header = ["CPTS", "Commune", "Stade", "Date"]

    def stage_after(words: str, day: str, as_of: str) -> tuple[str, str, str]:
        path = write_csv([header, ["CPTS A", "Apt", words, day]])
        done = run_import(path, "--as-of", as_of)
        assert done.status == 0
        item = client.get("/api/v1/cpts/1").json()
        return item["stage"], item["stage_since"], done.report[0]["detail"]

    assert stage_after("LI validée", "01/02/2024", "2024-06-01")[:2] == (
        "lettre_intention_validee", "2024-02-01",
    )  # fmt: skip
    advanced = stage_after("ACI signé", "15/03/2025", "2025-06-01")
    assert advanced[:2] == ("aci_signe", "2025-03-15")
    assert "stade porté" in advanced[2]
    back = stage_after("LI validée", "", "2025-07-01")
    assert back[:2] == ("aci_signe", "2025-03-15")
    assert "antérieur" in back[2]


def test_a_finess_number_recognises_a_renamed_cpts(
    write_csv: Write, run_import: RunImport, engine: Engine, register: Register
) -> None:
    register("CPTS Ancienne", "aci_signe", ("84003",), finess="840000001")
    rows = [
        ["CPTS", "FINESS", "Code INSEE", "Stade", "Contact", "Site"],
        ["CPTS Nouvelle", 840000001, "84003", "ACI", "contact@example.org", "exemple.fr"],
    ]
    assert run_import(write_csv(rows)).status == 0
    assert rows_of(engine, "SELECT id, name, email, website FROM cpts") == [
        (1, "CPTS Nouvelle", "contact@example.org", "https://exemple.fr")
    ]
    [change] = rows_of(
        engine, "SELECT actor, before, after FROM cpts_change WHERE action = 'imported'"
    )
    assert change[0] == "import"
    assert change[1]["name"] == "CPTS Ancienne"
    assert change[2]["name"] == "CPTS Nouvelle"
    assert "claims" not in change[2]


def test_two_living_cpts_of_one_name_are_told_apart_by_finess_only(
    write_csv: Write, run_import: RunImport, register: Register
) -> None:
    register("CPTS du Pays", "aci_signe", ("84003",), finess="840000001")
    register("Cpts du pays", "aci_signe", ("04001",))
    done = run_import(write_csv([["CPTS", "Code INSEE"], ["CPTS du Pays", "84003"]]), *STAGE)
    assert (done.status, done.report[0]["outcome"]) == (1, "ambiguous")
    assert "identifiants 1, 2" in done.report[0]["detail"]
    rows = [["CPTS", "FINESS", "Code INSEE"], ["CPTS du Pays", "840000001", "84003"]]
    assert run_import(write_csv(rows), *STAGE).status == 0


def test_one_row_may_list_the_communes_of_a_cpts(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["Nom de la CPTS", "Communes", "Département", "Stade"],
        ["CPTS A", "Aiglun, Barles;\nThoard", "04 - Alpes-de-Haute-Provence", "PS validé"],
    ]
    done = run_import(write_csv(rows))
    assert done.status == 0, done.report
    assert territories(engine) == {"CPTS A": {"04001", "04020", "04217"}}
    assert [line["row"] for line in done.report] == ["2", "2", "2"]


def test_the_code_of_a_city_means_its_arrondissements(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    done = run_import(write_csv([["CPTS", "Code INSEE"], ["CPTS A", "69123"]]), *STAGE)
    assert done.status == 0
    assert len(territories(engine)["CPTS A"]) == 9
    [line] = done.report
    assert line["commune_code"].startswith("69381 ; 69382")


def test_a_code_and_a_name_that_disagree_are_ambiguous(
    write_csv: Write, run_import: RunImport
) -> None:
    rows = [["CPTS", "Code INSEE", "Commune"], ["CPTS A", "04001", "Barles"]]
    [line] = run_import(write_csv(rows), *STAGE).report
    assert line["outcome"] == "ambiguous"
    assert "Aiglun" in line["detail"]
    assert "Barles" in line["detail"]


def test_only_the_first_stage_may_be_without_territory(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["CPTS", "Commune", "Stade"],
        ["CPTS A", "", "Dynamique identifiée"],
        ["CPTS B", "", "LI validée"],
    ]
    done = run_import(write_csv(rows))
    assert [line["outcome"] for line in done.report] == ["loaded", "unknown"]
    assert territories(engine) == {"CPTS A": set()}


def test_cells_of_the_report_are_no_formulas(write_csv: Write, run_import: RunImport) -> None:
    rows = [["CPTS", "Commune"], ["=HYPERLINK(1)", "@Apt"], ["+1", "@Apt"]]
    done = run_import(write_csv(rows), *STAGE)
    assert len(done.report) == 2
    for line in done.report:
        assert line["cpts"].startswith("'")
        assert line["given"].startswith("'")


def test_demonstration_data_goes_first(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts (name, demonstration, started_on)"
                " VALUES ('Démo', true, '2020-01-01');"
                "INSERT INTO cpts_stage VALUES (1, '2020-01-01', 'aci_signe');"
                "INSERT INTO claim (cpts_id, commune_code, held)"
                " VALUES (1, '84003', '[2020-01-01,)')"
            )
        )
    path = write_csv([["CPTS", "Commune"], ["CPTS A", "Apt"]])
    tried = run_import(path, *STAGE, "--dry-run")
    assert (tried.status, territories(engine)) == (0, {"Démo": {"84003"}})
    assert run_import(path, *STAGE).status == 0
    assert territories(engine) == {"CPTS A": {"84003"}}


def test_a_claim_may_begin_later(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    day = today() + timedelta(days=30)
    path = write_csv([["CPTS", "Commune"], ["CPTS A", "Apt"]])
    assert run_import(path, *STAGE, "--as-of", day.isoformat()).status == 0
    assert rows_of(engine, "SELECT lower(held) FROM claim") == [(day,)]
    other = write_csv([["CPTS", "Commune"], ["CPTS B", "Apt"]])
    [line] = run_import(other, *STAGE).report
    assert line["outcome"] == "conflict"
    assert f"à partir du {day:%d/%m/%Y}" in line["detail"]


def test_two_stages_for_one_cpts_are_ambiguous(write_csv: Write, run_import: RunImport) -> None:
    rows = [["CPTS", "Commune", "Stade"], ["CPTS A", "Apt", "LI"], ["CPTS A", "Gordes", "ACI"]]
    done = run_import(write_csv(rows))
    assert [line["outcome"] for line in done.report] == ["ambiguous", "ambiguous"]


def test_a_day_before_the_cpts_began_is_refused(
    write_csv: Write, run_import: RunImport
) -> None:
    path = write_csv([["CPTS", "Commune"], ["CPTS A", "Apt"]])
    assert run_import(path, *STAGE, "--as-of", "2025-06-01").status == 0
    earlier = run_import(path, *STAGE, "--as-of", "2025-05-01")
    assert (earlier.status, earlier.report[0]["outcome"]) == (1, "skipped")
    assert "01/06/2025" in earlier.report[0]["detail"]


def test_what_the_import_writes_passes_verification(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    first = [
        ["CPTS", "Code INSEE"],
        ["CPTS A", "04001"],
        ["CPTS A", "04070"],
        ["CPTS B", "84003"],
    ]
    assert run_import(write_csv(first), *STAGE, "--as-of", "2025-01-01").status == 0
    second = [["CPTS", "Code INSEE"], ["CPTS A", "04001"], ["CPTS B", "04070"]]
    assert run_import(write_csv(second), *STAGE).status == 0
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


@pytest.mark.parametrize("arguments", [("--column", "quoi=x"), ("--format", "docx")])
def test_unusable_options_end_with_status_2(
    write_csv: Write, run_import: RunImport, arguments: tuple[str, str]
) -> None:
    path = write_csv([["CPTS", "Commune"], ["CPTS A", "Apt"]])
    assert run_import(path, *STAGE, *arguments).status == 2


def test_a_commune_of_two_cpts_in_one_cell_is_refused_to_both(
    write_csv: Write, run_import: RunImport, engine: Engine, client: TestClient
) -> None:
    rows = [
        ["CPTS", "Code INSEE"], ["CPTS Nord", "04001"], ["CPTS Sud", "04005"],
        ["CPTS Nord / CPTS Sud", "04008"],
    ]  # fmt: skip
    done = run_import(write_csv(rows), *STAGE)
    assert (done.status, done.report[2]["outcome"]) == (1, "conflict")
    assert territories(engine) == {"CPTS Nord": {"04001"}, "CPTS Sud": {"04005"}}
    claimants = client.get("/api/v1/communes/04008").json()["also_claimed_by"]
    assert sorted(each["name"] for each in claimants) == ["CPTS Nord", "CPTS Sud"]


def test_communes_of_nobody_are_told_and_keep_nothing_out(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["Code INSEE", "CPTS"], ["04001", "CPTS A"], ["04005", ""], ["04008", "Hors CPTS"],
        ["04020", "CPTS A"],
    ]  # fmt: skip
    done = run_import(write_csv(rows), *STAGE)
    assert done.status == 0, done.report
    assert [(line["row"], line["outcome"]) for line in done.report] == [
        ("2", "loaded"), ("5", "loaded"), ("3", "skipped"), ("4", "skipped"),
    ]  # fmt: skip
    assert territories(engine) == {"CPTS A": {"04001", "04020"}}
    assert "2 sans CPTS" in done.output


def test_one_name_in_departments_that_do_not_touch_is_two_cpts(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [
        ["CPTS", "Code INSEE"], ["CPTS du Littoral", "06029"], ["CPTS du Littoral", "59183"],
        ["CPTS des Alpes", "04001"], ["CPTS des Alpes", "05061"],
    ]  # fmt: skip
    done = run_import(write_csv(rows), *STAGE)
    assert [line["outcome"] for line in done.report] == [
        "ambiguous", "ambiguous", "loaded", "loaded",
    ]  # fmt: skip
    assert "ne se touchent pas (06 ; 59)" in done.report[0]["detail"]


def test_finess_numbers_make_two_cpts_of_one_name(
    write_csv: Write, run_import: RunImport
) -> None:
    rows = [
        ["CPTS", "Code INSEE", "FINESS"], ["CPTS du Littoral", "06029", "060001234"],
        ["CPTS du Littoral", "59183", "590001234"],
    ]  # fmt: skip
    done = run_import(write_csv(rows), *STAGE)
    assert done.status == 0, done.report
    assert done.output.count("2 CPTS entrées") == 1


@pytest.mark.parametrize(
    "stage",
    ["Signature ACI prévue 2090", "ACI en attente de signature", "Projet de santé à valider",
     "Dynamique abandonnée", "ACI au 01/01/2090", "Signature ACI reportée"],
)  # fmt: skip
def test_a_stage_that_is_not_reached_is_not_recorded(
    write_csv: Write, run_import: RunImport, engine: Engine, stage: str
) -> None:
    rows = [["CPTS", "Code INSEE", "Stade"], ["CPTS A", "04001", stage]]
    done = run_import(write_csv(rows), *STAGE)
    assert (done.status, done.report[0]["outcome"]) == (1, "unknown")
    assert territories(engine) == {}


def test_a_name_that_lost_letters_stops_the_import(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    rows = [["CPTS", "Code INSEE"], ["CPTS de la Vall\ufffde", "04001"]]
    done = run_import(write_csv(rows), *STAGE)
    assert done.status == 2
    assert "--encoding" in done.output
    assert territories(engine) == {}


def test_the_encoding_may_be_stated(
    write_csv: Write, run_import: RunImport, engine: Engine
) -> None:
    path = write_csv([["CPTS", "Code INSEE"], ["CPTS du Pré", "04001"]], encoding="mac_roman")
    assert run_import(path, *STAGE, "--encoding", "mac").status == 0
    assert set(territories(engine)) == {"CPTS du Pré"}
    assert run_import(path, *STAGE, "--encoding", "klingon").status == 2


def test_an_import_stops_no_writer_before_it_writes(
    write_xlsx: Write,
    run_import: RunImport,
    register: Register,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Another registers a CPTS on one of the communes while the import makes its plan.
    planned: list[bool] = []
    make_plan = plan.make_plan

    def interrupted(*arguments: Any) -> Any:
        made = make_plan(*arguments)
        if not planned:
            register("CPTS plus rapide", communes=("04070",))
        planned.append(True)
        return made

    monkeypatch.setattr(service, "make_plan", interrupted)
    path = write_xlsx(
        ars_rows(
            ("CPTS du Val", "Aiglun", 4),
            ("CPTS du Val", "Digne-les-Bains", 4),
            ("CPTS du Mont", "Bruis", 5),
        )
    )
    done = run_import(path, *STAGE)
    # What it meant to write was decided anew on what stands now.
    assert len(planned) == 2
    assert territories(engine) == {"CPTS plus rapide": {"04070"}, "CPTS du Mont": {"05024"}}
    assert done.status == 1
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_an_import_beside_which_nobody_wrote_decides_once(
    write_xlsx: Write,
    run_import: RunImport,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned: list[bool] = []
    make_plan = plan.make_plan

    def counted(*arguments: Any) -> Any:
        planned.append(True)
        return make_plan(*arguments)

    monkeypatch.setattr(service, "make_plan", counted)
    assert run_import(write_xlsx(ars_rows(("CPTS du Val", "Aiglun", 4))), *STAGE).status == 0
    assert planned == [True]
    assert territories(engine) == {"CPTS du Val": {"04001"}}


def test_what_another_wrote_on_a_cpts_during_the_plan_is_not_taken_for_what_was_read(
    write_csv: Write,
    run_import: RunImport,
    register: Register,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = register("CPTS du Val", communes=("04001",), email="contact@avant.example")
    make_plan = plan.make_plan
    planned: list[bool] = []

    def interrupted(*arguments: Any) -> Any:
        made = make_plan(*arguments)
        if not planned:
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE cpts SET email = 'contact@entre.example' WHERE id = :id"),
                    {"id": number},
                )
        planned.append(True)
        return made

    monkeypatch.setattr(service, "make_plan", interrupted)
    path = write_csv(
        [
            ("Nom CPTS", "Territoire CPTS", "dpt", "Contact de la CPTS"),
            ("CPTS du Val", "Aiglun", "04", "contact@avant.example"),
        ]
    )
    done = run_import(path, "--default-stage", "aci_signe")
    assert done.status == 0, done.output
    # The file's address equals the one that was read first, and not the one that stood.
    assert rows_of(engine, "SELECT email FROM cpts") == [("contact@avant.example",)]


def test_stated_departments_settle_names_of_a_whole_file(
    run_import: RunImport, write_csv: Callable[..., Path]
) -> None:
    rows = [
        ("Nom CPTS", "Commune", "dpt"),
        ("CPTS A", "Toulon", ""),
        ("CPTS A", "Hyères", ""),
        ("CPTS A", "La Garde", ""),
        ("CPTS B", "La Garde", "04"),
    ]
    path = write_csv(rows)
    stage = ("--default-stage", "aci_signe", "--dry-run")
    offered = run_import(path, *stage)
    assert offered.outcomes()[2] == ("La Garde", "ambiguous", "")
    assert "La Garde (83062) : les autres lignes sont de 83" in offered.report[2]["detail"]
    settled = run_import(path, "--department", "83", *stage)
    assert settled.outcomes()[2:] == [
        ("La Garde", "corrected", "83062"),
        ("La Garde", "loaded", "04092"),
    ]
    assert "précisé par le département" in settled.report[2]["detail"]
    refused = run_import(path, "--department", "Ruritanie", *stage)
    assert (refused.status, "Ruritanie" in refused.output) == (2, True)
