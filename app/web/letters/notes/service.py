"""What a note shows, worded once for the page and the PDF."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.french import counted, day, euros, number, others, short_date
from app.funding.schemas import FundingAnswer
from app.letters.check.schemas import CommuneAnswer, CptsReference, LetterCheck
from app.letters.notes.service import Note
from app.web.letters.notes.definitions import DEFINITIONS
from app.web.letters.verdicts import SEVERITIES, verdict_words


@dataclass
class Table:
    """A table; `figures` are the positions of its columns of figures."""

    caption: str
    columns: Sequence[str]
    rows: list[list[str]]
    figures: Sequence[int] = ()
    total: list[str] | None = None


@dataclass
class Section:
    """A titled part of a note: sentences, then a table."""

    title: str
    text: list[str] = field(default_factory=list)
    table: Table | None = None


def view(note: Note, address: str) -> dict[str, Any]:
    """Give everything that a note shows but its map, as plain texts, lists and dicts.

    Parameters: `address`, where the note can be read again.
    """
    answer = note.answer
    words = verdict_words(answer)
    territory = answer.territory
    return {
        "number": note.number,
        "name": answer.name or "",
        "address": address,
        "made": f"{day(note.created_at)} à {note.created_at:%H h %M}",
        "revision": str(answer.registry_revision),
        "effective": day(answer.effective_on),
        "verdict": {
            "headline": words.headline,
            "text": words.explained,
            "tone": words.tone,
        },
        "figures": [
            ["Communes", number(len(territory.communes))],
            ["Habitants", number(territory.population)],
            ["Taille", number(territory.tier)],
            ["Communes en conflit", number(len({c.commune.code for c in answer.conflicts}))],
        ],
        "asked": _asked(note),
        "map_text": _map_text(answer),
        "sections": [
            asdict(section)
            for section in (
                *_conflicts(note),
                *_unresolved(answer),
                *_amendment(answer),
                *_size(answer),
                *_shape(answer),
                *_neighbours(note),
                *_communes(note),
            )
        ],
        "definitions": [list(pair) for pair in DEFINITIONS],
    }


def _asked(note: Note) -> list[list[str]]:
    question, answer = note.question, note.answer
    asked = []
    if answer.name:
        asked.append(["Projet", answer.name])
    if question.communes:
        given = ", ".join(question.communes[:40])
        more = len(question.communes) - 40
        asked.append(["Communes données", given + (f" et {others(more)}" if more > 0 else "")])
    if question.epci:
        asked.append(["EPCI (SIREN)", ", ".join(question.epci)])
    if question.geometry is not None:
        asked.append(["Polygone", "un contour dessiné ou fourni"])
    if answer.amendment:
        asked.append(["Avenant de", _named(answer.amendment.cpts)])
    asked.append(["Jour d’effet", day(answer.effective_on)])
    if question.members is not None:
        asked.append(["Membres", number(question.members)])
    return asked


def _map_text(answer: LetterCheck) -> str:
    return (
        f"Carte du territoire demandé ({counted(len(answer.territory.communes), 'commune')}) "
        "parmi les CPTS voisines et les limites des départements."
    )


def _named(cpts: CptsReference) -> str:
    fictitious = ", fictive" if cpts.demonstration else ""
    return f"{cpts.name} (n° {cpts.id}{fictitious})"


def _names(communes: Iterable[CommuneAnswer]) -> str:
    return ", ".join(f"{c.name} ({c.code})" for c in communes)


def _conflicts(note: Note) -> Iterable[Section]:
    answer = note.answer
    if answer.conflicts_by_cpts:
        yield Section("Conflits, par CPTS", table=_conflicts_by_cpts(note))
        yield Section("Conflits, par commune", table=_conflicts_by_commune(answer))
        free = answer.free_territory
        yield Section(
            "Ce qui reste libre",
            [
                f"Sans les communes en conflit : {counted(len(free.communes), 'commune')}, "
                f"{counted(free.population, 'habitant')}"
                + (f", taille {free.tier}." if free.tier else ".")
            ],
        )
    if answer.competing_letters:
        yield Section(
            "Autres lettres en cours",
            [
                f"Une lettre d’intention en cours d’examen demande aussi : "
                f"{_names(letter.communes)}."
                for letter in answer.competing_letters
            ],
        )


def _conflicts_by_cpts(note: Note) -> Table:
    rows = []
    for each in note.answer.conflicts_by_cpts:
        ways = (each.contact.email, each.contact.phone, each.contact.website)
        rows.append(
            [
                _named(each.cpts),
                note.wordings["stages"].get(each.cpts.stage, each.cpts.stage),
                SEVERITIES[each.severity],
                number(len(each.communes)),
                number(each.population),
                "\n".join(way for way in ways if way) or "—",
            ]
        )
    return Table(
        "CPTS qui tiennent des communes du territoire demandé",
        ["CPTS", "Stade", "Effet", "Communes", "Habitants", "Joindre"],
        rows,
        figures=(3, 4),
    )


def _conflicts_by_commune(answer: LetterCheck) -> Table:
    since = {
        (c.cpts.id, c.commune.code): f"{short_date(c.held_from)}"
        + (f" au {short_date(c.held_until)}" if c.held_until else "")
        for c in answer.conflicts
    }
    return Table(
        "Communes déjà tenues",
        ["Code", "Commune", "Habitants", "Tenue par", "Depuis le"],
        [
            [
                commune.code,
                commune.name,
                number(commune.population),
                each.cpts.name,
                since[each.cpts.id, commune.code],
            ]
            for each in answer.conflicts_by_cpts
            for commune in each.communes
        ],
        figures=(2,),
    )


def _unresolved(answer: LetterCheck) -> Iterable[Section]:
    if answer.unresolved:
        yield Section(
            "Ce qui reste à préciser",
            table=Table(
                "Demandes qui ne mènent pas à une seule commune",
                ["Donné", "Motif", "Peut-être"],
                [
                    [
                        each.given,
                        "inconnue" if each.reason == "unknown" else "plusieurs communes",
                        ", ".join(
                            f"{c.name} ({c.department}, {c.code})" for c in each.candidates
                        )
                        or "—",
                    ]
                    for each in answer.unresolved
                ],
            ),
        )


def _amendment(answer: LetterCheck) -> Iterable[Section]:
    amendment = answer.amendment
    if amendment is None:
        return
    rows = []
    for label, size in (("Avant", amendment.before), ("Après", amendment.after)):
        funding = size.funding
        rows.append(
            [
                label,
                number(size.commune_count),
                number(size.population),
                number(size.tier),
                euros(funding.total_possible.with_optional if funding else None),
            ]
        )
    yield Section(
        "Avenant",
        [
            f"Communes ajoutées : {_names(amendment.added) or 'aucune'}.",
            f"Communes retirées : {_names(amendment.withdrawn) or 'aucune'}.",
        ],
        Table(
            f"Territoire de {amendment.cpts.name}, avant et après",
            ["", "Communes", "Habitants", "Taille", "Financement annuel possible"],
            rows,
            figures=(1, 2, 3, 4),
        ),
    )


def _size(answer: LetterCheck) -> Iterable[Section]:
    territory, funding = answer.territory, answer.funding
    if funding is None or territory.tier is None:
        return
    told = [
        (
            f"{counted(territory.population, 'habitant')} (population municipale "
            f"{territory.population_year}) : taille {territory.tier}."
        )
    ]
    if territory.population_note:
        told.append(f"Populations d’une autre année : {territory.population_note}.")
    margin = territory.tier_margin
    if margin and margin.to_next:
        told.append(
            f"Il manque {counted(margin.to_next, 'habitant')} pour la taille "
            f"{territory.tier + 1}."
        )
    if margin and margin.to_previous:
        told.append(
            f"Une perte de {counted(margin.to_previous, 'habitant')} ramènerait à la taille "
            f"{territory.tier - 1}."
        )
    if funding.increased:
        told.append("Missions majorées de 10 % (taille 4, 100 membres au moins).")
    if funding.total_possible.auditor_with_optional:
        told.append(
            f"Au-delà de {euros(funding.auditor_threshold)} d’argent public par an, un "
            "commissaire aux comptes est obligatoire."
        )
    for label, total in (
        ("La première année", funding.year_1),
        ("La deuxième année", funding.year_2),
        ("Au plus, tous indicateurs atteints et une crise survenue", funding.total_possible),
    ):
        told.append(
            f"{label} : {euros(total.without_optional)}, et "
            f"{euros(total.with_optional)} avec les missions facultatives."
        )
    yield Section("Taille et financement", told, _funding_table(funding))


def _funding_table(funding: FundingAnswer) -> Table:
    rows = [["Fonctionnement", euros(funding.functioning), "—", euros(funding.functioning)]]
    for mission in funding.missions:
        fixed = mission.fixed or mission.plan_first_year
        rows.append(
            [
                mission.label + (" (facultative)" if mission.optional else ""),
                euros(fixed),
                euros(mission.variable or mission.crisis),
                euros(mission.total_possible),
            ]
        )
    return Table(
        "Ce que paie la taille, par an (crise sanitaire : plan, puis survenue d’une crise)",
        ["", "Part fixe", "Part variable", "Au plus"],
        rows,
        figures=(1, 2, 3),
        total=[
            "Au plus, toutes missions",
            "",
            "",
            euros(funding.total_possible.with_optional),
        ],
    )


def _shape(answer: LetterCheck) -> Iterable[Section]:
    territory = answer.territory
    told = []
    if territory.parts == 1:
        told.append("Le territoire est d’un seul tenant.")
    elif territory.parts > 1:
        told.append(f"Le territoire est en {counted(territory.parts, 'morceau', 'morceaux')} :")
        for piece in territory.pieces:
            kind = "île" if piece.island else "morceau"
            told.append(
                f"{kind} de {counted(len(piece.communes), 'commune')}, "
                f"{counted(piece.population, 'habitant')} : {_names(piece.communes[:12])}"
                + (" …" if len(piece.communes) > 12 else ".")
            )
    told += [
        f"Enclave laissée libre, {counted(enclave.population, 'habitant')} : "
        f"{_names(enclave.communes)}."
        for enclave in answer.enclaves
    ]
    if told:
        yield Section("Continuité", told)


def _neighbours(note: Note) -> Iterable[Section]:
    if note.answer.neighbours:
        yield Section(
            "CPTS voisines",
            table=Table(
                "CPTS qui touchent le territoire",
                ["CPTS", "Stade", "Frontière commune"],
                [
                    [
                        _named(each.cpts),
                        note.wordings["stages"].get(each.cpts.stage, each.cpts.stage),
                        f"{number(each.shared_border_km, 1)} km",
                    ]
                    for each in note.answer.neighbours
                ],
                figures=(2,),
            ),
        )


def _communes(note: Note) -> Iterable[Section]:
    territory = note.answer.territory
    if not territory.communes:
        return
    places = [f"{name} ({code})" for code, name in sorted(note.wordings["departments"].items())]
    regions = sorted(note.wordings["regions"].values())
    yield Section(
        "Communes du territoire",
        [f"Départements : {', '.join(places)}. Régions : {', '.join(regions)}."],
        Table(
            "Communes demandées",
            ["Code", "Commune", "Habitants", "Remarque"],
            [[c.code, c.name, number(c.population), c.note or ""] for c in territory.communes],
            figures=(2,),
            total=["", "Total", number(territory.population), ""],
        ),
    )
