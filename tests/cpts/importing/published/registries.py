"""Registries to publish and to read back: what stands in one, and random small ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.cpts.claims.repository import hold_in_periods
from app.cpts.claims.rules import Period
from app.cpts.claims.service import RegistryChange
from app.cpts.writing import repository
from app.cpts.writing.rules import StageRecord
from app.database.calendar import today
from app.database.sessions import session_scope

# Everything that a file of today can say, in an order that does not hang on ids.
_STANDS = text("""
    SELECT c.name, c.acronym, c.finess, c.website, c.email, c.phone, c.address, c.demonstration,
        ARRAY(
            SELECT concat_ws(' ', s.stage_slug, coalesce(s.since::text, '?'), s.recorded_on)
            FROM cpts_stage s WHERE s.cpts_id = c.id ORDER BY 1) AS stages,
        ARRAY(
            SELECT h.theme_slug FROM cpts_theme h WHERE h.cpts_id = c.id ORDER BY 1) AS themes,
        ARRAY(
            SELECT h.commune_code || ' ' || h.held FROM claim h WHERE h.cpts_id = c.id
            ORDER BY 1) AS claims,
        t.lead_department, t.departments, t.population
    FROM cpts c LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> CAST(:day AS date)
    ORDER BY 1, 3, 11, 2
""")

STAGES = (
    "dynamique_identifiee", "lettre_intention_validee", "association_creee",
    "projet_sante_valide", "aci_signe",
)  # fmt: skip
THEMES = ("diabete", "vaccination", "chutes", "soins_non_programmes", "hpv")
# Of neighbours and of far ones; arrondissements, Corsica, overseas.
COMMUNES = (
    "04001", "04070", "04113", "05061", "05046", "84003", "84047", "59350", "59009", "2A004",
    "2B033", "75113", "75119", "13201", "13214", "69383", "69388", "97411", "97611",
)  # fmt: skip
_SIGNS = "aZé çœÉ'\"«»,;:|/\\()&?!=+-@#%_.·0123456789😀"
_LINE = st.text(st.sampled_from(_SIGNS), max_size=20)
_STARTS = st.sampled_from(["CPTS ", "", "=", "+", "-", "@", "'", "'=", "''-", '"'])
_BREAKS = st.sampled_from(["", "", "", " ", "\n", "\r\n", "\r", "\t", " / ", " et "])


def stands(engine: Engine) -> list[dict[str, Any]]:
    """Give all that stands in a registry today, without its ids and its own times."""
    with engine.connect() as connection:
        rows = connection.execute(_STANDS, {"day": today()})
        return [dict(row) for row in rows.mappings()]


def comparable(rows: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Leave out what a format does not carry: a table of communes is about communes."""
    if kind != "compositions":
        return list(rows)
    kept = ("name", "acronym", "finess", "demonstration", "stages", "claims", "lead_department")
    return sorted(
        ({key: row[key] for key in kept} for row in rows if row["claims"]),
        key=lambda row: (row["name"], row["finess"] or "", row["claims"]),
    )


@dataclass(frozen=True)
class Cpts:
    """One CPTS to put on record."""

    columns: Mapping[str, str | None]
    stages: Sequence[StageRecord]
    themes: Sequence[str] = ()
    held: Mapping[str, Period] = field(default_factory=dict)
    demonstration: bool = False


def put(engine: Engine, wanted: Sequence[Cpts]) -> None:
    """Put CPTS on record, as whoever writes to the registry does."""
    with session_scope(engine) as session:
        change = RegistryChange(session, actor="essai", token_id=None)
        ids = repository.insert_cpts(
            session,
            [
                {
                    **cpts.columns,
                    "demonstration": cpts.demonstration,
                    "started_on": min(each.known_from for each in cpts.stages),
                }
                for cpts in wanted
            ],
        )
        numbered = dict(zip(ids, wanted, strict=True))
        repository.put_stages(
            session, [(i, stage) for i, cpts in numbered.items() for stage in cpts.stages]
        )
        repository.set_themes(session, {i: cpts.themes for i, cpts in numbered.items()})
        hold_in_periods(
            session,
            {(i, c): [each] for i, cpts in numbered.items() for c, each in cpts.held.items()},
            date(1900, 1, 1),
        )
        change.created(ids, "created")
        change.record()


@st.composite
def _names(draw: st.DrawFn) -> str:
    parts = [draw(_STARTS), draw(_LINE), draw(_BREAKS), draw(_LINE)]
    return "".join(parts).strip() or "CPTS"


def _lines(most: int) -> st.SearchStrategy[str | None]:
    drawn = st.tuples(_STARTS, _LINE).map(lambda parts: "".join(parts).strip()[:most])
    return st.none() | drawn.map(lambda line: line or None)


@st.composite
def _stages(draw: st.DrawFn, slugs: Sequence[str]) -> list[StageRecord]:
    days = sorted(
        draw(st.lists(st.integers(0, 2500), min_size=len(slugs), max_size=len(slugs))),
        reverse=True,
    )
    records = []
    for slug, ago in zip(slugs, days, strict=True):
        known = today() - timedelta(days=ago)
        later = today() - timedelta(days=draw(st.integers(0, ago)))
        is_dated = draw(st.booleans())
        records.append(
            StageRecord(slug, known if is_dated else None, later if is_dated else known)
        )
    return records


@st.composite
def registries(draw: st.DrawFn) -> list[Cpts]:
    """Give small registries of any texts, stages, themes and territories."""
    free = draw(st.permutations(COMMUNES))
    is_demonstration = draw(st.sampled_from([False, False, True]))
    wanted = []
    for number in range(draw(st.integers(1, 4))):
        size = draw(st.integers(0, 4))
        codes, free = free[:size], free[size:]
        slugs = (
            [slug for slug in STAGES if draw(st.booleans())] or ["aci_signe"]
            if codes
            else ["dynamique_identifiee"]
        )
        stages = draw(_stages(slugs))
        first = min(stage.known_from for stage in stages)
        held: dict[str, Period] = {}
        for code in codes:
            since = first + timedelta(days=draw(st.integers(0, (today() - first).days)))
            until = draw(st.none() | st.integers(1, 900))
            held[code] = (since, None if until is None else today() + timedelta(days=until))
        columns = {
            "name": draw(st.sampled_from(["CPTS du Val", "CPTS DU VAL"]) | _names()),
            "acronym": draw(_lines(40)),
            "finess": draw(st.sampled_from([None, f"0{number}0000012", f"2A000000{number}"])),
            "website": draw(st.sampled_from([None, "https://cpts.example/a?b=1,2;c"])),
            "email": draw(st.sampled_from([None, "contact@cpts.example", "j.d@cpts.example"])),
            "phone": draw(st.sampled_from([None, "+33 1 99 00 00 01", "06 39 98 00 01"])),
            "address": draw(_lines(300)),
        }
        wanted.append(
            Cpts(
                columns,
                stages,
                draw(st.lists(st.sampled_from(THEMES), unique=True, max_size=4)),
                held,
                is_demonstration and number == 0,
            )
        )
    return wanted
