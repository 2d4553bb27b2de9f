"""What the cells of real listings say."""

from datetime import date

import pytest

from app.cpts.importing.columns import Role, recognise
from app.cpts.importing.mailboxes import generic_mailbox
from app.cpts.importing.membership import takes_out
from app.cpts.importing.stages import dated_stage, read_stage, stage_of
from app.cpts.importing.values import (
    cut_list,
    date_of,
    department_of,
    either_department_or_commune,
    finess_of,
    names_nobody,
    phone_of,
    stated_date_of,
    website_of,
)


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("aci_signe", "aci_signe"),
        ("ACI signé", "aci_signe"),
        ("en fonctionnement", "aci_signe"),
        ("En fonctionnement (ACI signé)", "aci_signe"),
        ("ACI signé le 12/03/2022", "aci_signe"),
        ("Signature de l'ACI", "aci_signe"),
        ("ACI en négociation", "projet_sante_valide"),
        ("ACI non signé", "projet_sante_valide"),
        ("Projet de santé validé", "projet_sante_valide"),
        ("PS validé", "projet_sante_valide"),
        ("Association créée", "association_creee"),
        ("Lettre d'intention validée", "lettre_intention_validee"),
        ("LETTRE D'INTENTION VALIDEE", "lettre_intention_validee"),
        ("LI", "lettre_intention_validee"),
        ("Stade 2 : LI validée", "lettre_intention_validee"),
        ("LI validée - PS en cours", "lettre_intention_validee"),
        ("LI déposée", "dynamique_identifiee"),
        ("pré-projet", "dynamique_identifiee"),
        ("1 - Dynamique identifiée", "dynamique_identifiee"),
        ("en construction", None),
        ("Projet de santé en cours d'écriture", None),
        ("2", None),
        ("oui", None),
    ],
)
def test_a_stage_is_read_as_people_write_it_and_never_guessed(
    words: str, slug: str | None
) -> None:
    assert stage_of(words) == slug


@pytest.mark.parametrize(
    ("text", "code"),
    [("4", "04"), ("04", "04"), ("2a", "2A"), ("974", "974"), ("083", "83"),
     ("04 - Alpes-de-Haute-Provence", "04"), ("83 (Var)", "83"), ("Var", None), ("", None)],
)  # fmt: skip
def test_a_department_is_a_number_without_its_zero_as_well(text: str, code: str | None) -> None:
    assert department_of(text) == code


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("cptsexemple.fr", "https://cptsexemple.fr"),
        ("www.cpts-exemple.fr/", "https://www.cpts-exemple.fr/"),
        ("http://cpts.fr/a?b=c", "http://cpts.fr/a?b=c"),
        ("SanteExemple.fr", "https://santeexemple.fr"),
        ("0", None),
        ("néant", None),
        ("Accueil | CPTS Exemple", None),
        ("javascript:alert(1)", None),
        ("https://moi@cpts.fr", None),
        ("contact@cpts.fr", None),
        ('https://cpts.fr/"><script>', None),
        ("en cours", None),
    ],
)
def test_a_site_is_an_address_or_nothing(text: str, address: str | None) -> None:
    assert website_of(text) == address


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("contact@cptsexemple.fr", "contact@cptsexemple.fr"),
        ("Secretariat@Example.org", "secretariat@example.org"),
        ("cpts.valdexemple@example.org", "cpts.valdexemple@example.org"),
        ("cptsve83@example.org", "cptsve83@example.org"),
        ("coordination@cptsexemple.fr", "coordination@cptsexemple.fr"),
        ("jean.dupont@cptsvaldexemple.fr", None),
        ("jdupont@example.org", None),
        ("marie@cptsvaldexemple.fr", None),
        ("coordination.marie@example.org", None),
        ("cpts.dupont@example.org", None),
        ("Jean Dupont <jean@example.org>, contact@example.org", "contact@example.org"),
        ("06 12 34 56 78", None),
    ],
)
def test_only_a_mailbox_that_is_no_persons_is_kept(text: str, kept: str | None) -> None:
    assert generic_mailbox(text, "CPTS du Val d'Exemple") == kept


def test_a_mobile_number_is_a_persons() -> None:
    assert phone_of("06 12 34 56 78") is None
    assert phone_of("+33 4 94 00 00 01") == "04 94 00 00 01"


def test_a_finess_number_gets_back_the_zero_that_a_spreadsheet_takes() -> None:
    assert finess_of("40001234") == "040001234"
    assert finess_of("040001234.0") == "040001234"
    assert finess_of("2A0001234") == "2A0001234"
    assert finess_of("12345") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-03-01", date(2024, 3, 1)), ("01/03/2024", date(2024, 3, 1)),
     ("1.3.24", date(2024, 3, 1)), ("03/2024", date(2024, 3, 1)), ("31/02/2024", None),
     ("1er mars 2024", date(2024, 3, 1)), ("31 août 2024", date(2024, 8, 31)),
     ("sept. 2024", date(2024, 9, 1)), ("45352", date(2024, 3, 1)),
     ("45352,0", date(2024, 3, 1)),
     ("30 février 2024", None), ("2024", None), ("75013", None), ("12345678", None),
     ("bientôt", None)],
)  # fmt: skip
def test_dates_are_read_day_first(text: str, day: date | None) -> None:
    assert date_of(text) == day


def test_a_cell_may_list_communes() -> None:
    assert cut_list("Aiglun, Barles ; Digne-les-Bains\nThoard/Auzet") == [
        "Aiglun", "Barles", "Digne-les-Bains", "Thoard", "Auzet",
    ]  # fmt: skip


def test_an_article_after_a_comma_belongs_to_its_commune() -> None:
    assert cut_list("Champigny / Marne") == ["Champigny / Marne"]
    assert cut_list("Marseille 1er, 2e, 3e") == ["Marseille 1er, 2e, 3e"]
    assert cut_list("Garde, La, Crau") == ["La Garde", "Crau"]
    assert cut_list("Saint-Denis (La Réunion, 974), Bruges s/Mer") == [
        "Saint-Denis (La Réunion, 974)", "Bruges s/Mer",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("Tours, Indre et Loire", ["Tours, Indre et Loire"]),
        ("Pringy, Seine-et-Marne", ["Pringy, Seine-et-Marne"]),
        ("Gap, Veynes", ["Gap", "Veynes"]),
        ("Gap, Hautes-Alpes, La Garde, Var", ["Gap, Hautes-Alpes", "La Garde, Var"]),
        ("Gap, Hautes-Alpes, Veynes, Embrun", ["Gap, Hautes-Alpes", "Veynes", "Embrun"]),
        ("Laval, Changé, Mayenne", ["Laval", "Changé", "Mayenne"]),
        ("Var", ["Var"]),
    ],
)
def test_a_department_behind_a_comma_stays_with_its_commune(
    cell: str, parts: list[str]
) -> None:
    assert cut_list(cell) == parts


@pytest.mark.parametrize(
    ("cell", "either"),
    [
        ("Laval, Mayenne", "Mayenne"),
        ("Reims, Marne, Tours, Indre-et-Loire", "Marne"),
        ("Laval, Changé, Mayenne", ""),
        ("Tours, Indre-et-Loire", ""),
        ("Laval", ""),
    ],
)
def test_a_department_that_is_a_commune_too_is_doubtful(cell: str, either: str) -> None:
    assert either_department_or_commune(cell) == either


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("ACI (prévu)", None),
        ("ACI (prévision 2031)", None),
        ("1er trimestre 2031 : ACI", None),
        ("Prévu : ACI", None),
        ("2031 : ACI", None),
        ("01/01/2031 - ACI", None),
        ("LI validée, ACI (fin 2031)", "lettre_intention_validee"),
        ("ACI signé (renouvellement prévu en 2031)", "aci_signe"),
        ("ACI signé - mars 2021", "aci_signe"),
        ("2021 : ACI", "aci_signe"),
    ],
)
def test_what_is_planned_in_brackets_or_ahead_of_a_step_is_said_of_it(
    text: str, slug: str | None
) -> None:
    assert read_stage(text, date(2026, 11, 25)).slug == slug


@pytest.mark.parametrize(
    "text",
    ["Pas encore de CPTS", "En attente", "Aucun projet", "Non adhérente", "À créer", "RAS",
     "zone sans CPTS", "Hors territoire CPTS", "Non rattachée à une CPTS", "Aucune à ce jour",
     "Commune non adhérente", "Zone blanche (sans CPTS)", "Aucun projet de CPTS", "ZB",
     "En cours de constitution", "Aucune (2024)", "hors CPTS (1)", "Secteur non couvert",
     "ne souhaite pas adhérer", "Pas de CPTS à ce jour", "à rattacher", "zone grise"],
)  # fmt: skip
def test_more_words_for_nobody(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize(
    "text",
    ["CPTS sans frontières", "Pas-de-Calais Est", "CPTS Non-Stop", "Pas de l'Ours CPTS",
     "CPTS du Pays Blanc", "CPTS de Cours", "CPTS Zone Nord", "CPTS du Blanc", "CPTS 1"],
)  # fmt: skip
def test_a_name_that_begins_as_a_denial_is_a_name(text: str) -> None:
    assert not names_nobody(text)


def test_what_repeats_a_time_without_end_is_read_at_once() -> None:
    for repeated in ("en attente ", "1er trimestre ", "des "):
        # Of two ways to read each, the reader would otherwise try every combination.
        assert stage_of("ACI, " + repeated * 60 + "x") == stage_of("ACI, " + repeated + "x")
        assert stage_of("ACI, " + repeated * 60) == stage_of("ACI, " + repeated)


@pytest.mark.parametrize(
    "text",
    ["vers mars 2024", "fin mars 2024", "12/03/2024 ou 15/04/2024", "prévu en mars 2024",
     "entre mars 2023 et avril 2024", "mars 2024 (prévisionnel)", "report du 12/03/2024",
     "12/03/2024 ?", "~mars 2024", "12/03/24 (LI) 15/05/25 (ACI)"],
)  # fmt: skip
def test_a_cell_that_does_not_state_one_date_gives_none(text: str) -> None:
    assert date_of(text) is not None
    assert stated_date_of(text) is None


@pytest.mark.parametrize(
    "text",
    ["12/03/2024", "2024-03-12", "2024/03/12", "2024-03-12T00:00:00Z", "12/03/2024 00:00",
     "depuis le 12/03/2024", "signé le 12 mars 2024", "mardi 12 mars 2024", "45363"],
)  # fmt: skip
def test_a_date_is_stated_by_itself_or_as_people_introduce_it(text: str) -> None:
    assert stated_date_of(text) == date(2024, 3, 12)


@pytest.mark.parametrize(
    "text",
    ["ACI : signature le 15/01/2031", "ACI signé (effet au 01/01/2031)", "ACI bientôt signé",
     "ACI sera signé", "ACI quasi signé", "ACI signé ?", "aci_signe ?", "ACI ?",
     "Signature ACI : 2e semestre"],
)  # fmt: skip
def test_a_step_that_lies_ahead_or_is_doubted_is_not_reached(text: str) -> None:
    assert read_stage(text, date(2026, 11, 25)).slug is None


@pytest.mark.parametrize(
    ("text", "slug"),
    [("LI validée, signature ACI prévue", "lettre_intention_validee"),
     ("LI validée, dépôt du projet en 2031", "lettre_intention_validee"),
     ("ACI signé (mars)", "aci_signe"), ("ACI signé (2019)", "aci_signe")],
)  # fmt: skip
def test_what_lies_ahead_of_another_step_leaves_the_one_that_is_reached(
    text: str, slug: str
) -> None:
    assert read_stage(text, date(2026, 11, 25)).slug == slug


@pytest.mark.parametrize(
    ("header", "slug"),
    [("Date de signature de l'ACI", "aci_signe"), ("Date validation LI",
     "lettre_intention_validee"), ("Date du projet de santé", "projet_sante_valide"),
     ("Date de création", "association_creee"), ("Date du stade", ""), ("Date", "")],
)  # fmt: skip
def test_a_header_may_say_which_stage_its_dates_are_of(header: str, slug: str) -> None:
    assert dated_stage(header) == slug


@pytest.mark.parametrize(
    ("header", "role"),
    [("Stade prévu", Role.STAGE), ("Stade visé", Role.STAGE), ("Objectif de stade", Role.STAGE),
     ("Stade antérieur", Role.STAGE), ("Date de signature prévue", Role.SINCE),
     ("Date d'effet de l'avenant", Role.SINCE), ("Date effet résiliation", Role.SINCE)],
)  # fmt: skip
def test_what_is_planned_or_past_is_not_the_stage(header: str, role: Role) -> None:
    columns = recognise(["Nom CPTS", "Commune", header])
    assert role not in columns.positions
    assert header in columns.rejected


def test_of_two_years_the_later_one_says_the_stage() -> None:
    columns = recognise(["Nom CPTS", "Commune", "Stade 2023", "Stade 2024", "Stade 2022"])
    assert columns.positions[Role.STAGE] == 3
    assert set(columns.rejected) == {"Stade 2023", "Stade 2022"}


@pytest.mark.parametrize(
    ("header", "cell"),
    [("retiree", "x"), ("a exclure", "oui"), ("date de retrait", "12/03/2024"),
     ("dans la cpts", "non"), ("adhesion", "à confirmer"), ("membre", "0"),
     ("observations", "commune retirée en 2024"), ("statut", "exclue")],
)  # fmt: skip
def test_a_column_may_take_a_commune_out(header: str, cell: str) -> None:
    assert takes_out(header, cell)


@pytest.mark.parametrize(
    ("header", "cell"),
    [("retiree", ""), ("retiree", "non"), ("dans la cpts", "oui"), ("adhesion", ""),
     ("observations", "projet de santé en attente"), ("population hors commune", "1"),
     ("littoral", "non"), ("surface hors eau", "120")],
)  # fmt: skip
def test_other_columns_take_none_out(header: str, cell: str) -> None:
    assert not takes_out(header, cell)
