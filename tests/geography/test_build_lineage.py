"""Where a commune of the past lies today: mergers, splits, changes of code, dissolutions."""

import pytest

from app.geography.build.editions import Attached, Commune, Edition, GeographyBuildError
from app.geography.build.former import former_communes
from app.geography.build.lineage import Lineage
from app.geography.build.packages import HistoryEntry


def edition(
    year: int,
    communes: dict[str, str],
    *,
    attached: dict[str, str] | None = None,
    former: dict[str, tuple[str, ...]] | None = None,
) -> Edition:
    """An edition; ``attached`` gives the chief of each commune déléguée."""
    return Edition(
        year=year,
        communes={
            code: Commune(code, name, "99", "84", 1, former_codes=(former or {}).get(code, ()))
            for code, name in communes.items()
        },
        districts={},
        attached={
            code: Attached(code, f"Déléguée {code}", "delegated", chief)
            for code, chief in (attached or {}).items()
        },
    )


def entry(identifier: str, **more: str | tuple[str, ...]) -> HistoryEntry:
    """An entry ``KIND-CODE@START``; ``more`` gives end, successor, pole or members."""
    kind, rest = identifier.split("-", 1)
    fields: dict[str, object] = {
        "ended_on": None,
        "successor": None,
        "pole": None,
        "members": (),
        "name": f"Nom {rest[:5]}",
        **more,
    }
    return HistoryEntry(identifier, kind, rest[:5], **fields)  # type: ignore[arg-type]


def history(*entries: HistoryEntry) -> dict[str, HistoryEntry]:
    return {each.identifier: each for each in entries}


def test_a_chain_of_mergers_is_followed_to_its_end() -> None:
    lineage = Lineage(
        [
            edition(2024, {"99001": "A", "99002": "B", "99003": "C"}),
            edition(2025, {"99002": "B", "99003": "C"}, attached={"99001": "99002"}),
            edition(2026, {"99003": "C"}, former={"99003": ("99001", "99002")}),
        ]
    )
    assert lineage.commune_today(0, "99001") == {"99003"}
    assert lineage.commune_today(0, "99002") == {"99003"}


def test_a_commune_that_was_split_leads_to_each_of_its_parts() -> None:
    lineage = Lineage(
        [
            edition(2024, {"99001": "AB"}, attached={"99001": "99001", "99002": "99001"}),
            edition(2025, {"99001": "A", "99002": "B"}),
        ]
    )
    assert lineage.commune_today(0, "99001") == {"99001", "99002"}
    assert lineage.part_today(0, "99001", "99001") == {"99001"}
    assert lineage.part_today(0, "99002", "99001") == {"99002"}


def test_a_change_of_code_is_no_split() -> None:
    lineage = Lineage(
        [
            edition(2024, {"99001": "AB"}, attached={"99001": "99001", "99002": "99001"}),
            edition(2025, {"99002": "AB"}, former={"99002": ("99001",)}),
        ]
    )
    assert lineage.commune_today(0, "99001") == {"99002"}


def test_a_part_leaves_with_the_commune_that_names_it() -> None:
    lineage = Lineage(
        [
            edition(2023, {"99001": "ABC"}, attached={"99001": "99001", "99002": "99001"}),
            edition(2024, {"99001": "A", "99002": "BC"}, former={"99002": ("99003",)}),
        ]
    )
    assert lineage.part_today(0, "99003", "99001") == {"99002"}


def test_a_commune_that_vanishes_without_successor_stops_the_build() -> None:
    lineage = Lineage(
        [edition(2024, {"99001": "A", "99002": "B"}), edition(2025, {"99002": "B"})]
    )
    with pytest.raises(GeographyBuildError, match="99001 disparaît"):
        lineage.commune_today(0, "99001")


def test_a_commune_without_origin_stops_the_build() -> None:
    lineage = Lineage(
        [edition(2024, {"99001": "A"}), edition(2025, {"99001": "A", "99002": "B"})]
    )
    with pytest.raises(GeographyBuildError, match="99002 apparaît"):
        lineage.commune_today(0, "99001")


def test_a_merger_of_the_history_that_was_undone_leads_to_both() -> None:
    lineage = Lineage(
        [edition(2026, {"99001": "A", "99002": "B"})],
        history(
            entry(
                "COM-99001@1970",
                name="A-et-B",
                ended_on="1985-01-01",
                members=("COMP-99001@1970", "COMP-99002@1970"),
            ),
            entry(
                "COMP-99001@1970",
                ended_on="1985-01-01",
                successor="COM-99001@1985",
                pole="COM-99001@1970",
            ),
            entry(
                "COMP-99002@1970",
                ended_on="1985-01-01",
                successor="COM-99002@1985",
                pole="COM-99001@1970",
            ),
            entry("COM-99001@1985", name="A"),
            entry("COM-99002@1985", name="B"),
        ),
    )
    assert lineage.entry_today("COM-99001@1970") == {"99001", "99002"}
    assert lineage.entry_today("COMP-99002@1970") == {"99002"}
    (found,) = former_communes(lineage)
    assert (found.code, found.name, found.communes) == ("99001", "A-et-B", ("99001", "99002"))
    assert found.ended_on == "1985-01-01"


def test_a_dissolved_commune_leads_to_all_its_receivers() -> None:
    lineage = Lineage(
        [edition(2026, {"45093": "Chevilly", "45313": "Sougy"})],
        history(entry("COM-45117@1943", ended_on="1965-01-01")),
    )
    assert lineage.entry_today("COM-45117@1943") == {"45093", "45313"}


def test_an_end_without_successor_that_nobody_explains_stops_the_build() -> None:
    lineage = Lineage(
        [edition(2026, {"99001": "A"})],
        history(entry("COM-99009@1943", ended_on="1965-01-01")),
    )
    with pytest.raises(GeographyBuildError, match="sans successeur"):
        lineage.entry_today("COM-99009@1943")


def test_a_former_name_of_a_code_in_force_is_kept_but_not_another_spelling_of_it() -> None:
    lineage = Lineage(
        [
            edition(2024, {"99001": "Montigny", "99002": "Val d'Œuvre"}),
            edition(2025, {"99001": "Montigny-le-Neuf", "99002": "Val-d'Oeuvre"}),
        ]
    )
    (found,) = former_communes(lineage)
    assert (found.code, found.name, found.kind, found.communes) == (
        "99001",
        "Montigny",
        "former",
        ("99001",),
    )
    assert found.ended_on == "2025-01-01"
