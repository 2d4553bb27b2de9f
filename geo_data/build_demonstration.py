"""Makes the demonstration data: fictitious CPTS on the real communes of France.

Run it as ``python geo_data/build_demonstration.py [--output DIR]``; it reads the reference
geography beside it and writes ``demonstration_cpts.csv`` and ``demonstration_claims.csv``. The
generator is seeded: the same geography gives the same files.
"""

import argparse
import csv
import itertools
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from demonstration_territories import Geography, Unit, territories

HERE = Path(__file__).resolve().parent
SEED = 20260101
CPTS_COUNT = 738

STAGES = (
    "dynamique_identifiee",
    "lettre_intention_validee",
    "association_creee",
    "projet_sante_valide",
    "aci_signe",
)
# 26 pre-project, 137 letter, 45 negotiating, 530 ACI: the country in February 2024.
CPTS_AT_STAGE = {
    "dynamique_identifiee": 26,
    "lettre_intention_validee": 137,
    "association_creee": 24,
    "projet_sante_valide": 21,
    "aci_signe": 530,
}
# How many contracts (ACI) were signed by a day: 1, 49 and 172 are the country's figures.
SIGNED_BY = (
    (date(2019, 6, 1), 0),
    (date(2019, 12, 31), 1),
    (date(2020, 12, 31), 49),
    (date(2021, 11, 30), 172),
    (date(2022, 12, 31), 318),
    (date(2023, 12, 31), 452),
    (date(2026, 6, 30), 530),
)
FIRST_DAY, LAST_START, LAST_DAY = date(2019, 1, 7), date(2023, 12, 18), date(2026, 9, 30)

COMMON_THEMES = ("medecin_traitant", "soins_non_programmes", "plan_crise")
THEMES = (
    *("service_acces_soins", "telesante", "insuffisance_cardiaque", "diabete", "osteoporose"),
    *("plaies_complexes", "sorties_hospitalisation", "lien_ville_hopital", "obesite"),
    *("personnes_agees", "chutes", "handicap", "sante_mentale", "troubles_neurodeveloppement"),
    *("perinatalite", "douleur_chronique", "vaccination", "hpv", "depistage_cancers"),
    *("addictions", "sante_environnementale", "sante_sexuelle", "violences_femmes"),
    *("troubles_sensoriels", "sommeil", "activite_physique", "education_therapeutique"),
    *("maladies_cardio_neurovasculaires", "analyse_pratiques", "protocoles_cooperation"),
    *("accueil_stagiaires", "attractivite"),
)
CITIES = {"75": "Paris", "69": "Lyon", "13": "Marseille"}
# Words of a name that an acronym passes over.
LINKING_WORDS = {
    "demo",
    "cpts",
    "de",
    "du",
    "des",
    "d",
    "l",
    "la",
    "le",
    "les",
    "et",
    "en",
    "sur",
}

CPTS_COLUMNS = (
    *("key", "name", "acronym", "website", "email", "phone", "address", "stages", "themes"),
)


@dataclass(frozen=True)
class FictitiousCpts:
    """One row of ``demonstration_cpts.csv`` and the communes that it claims."""

    row: dict[str, str]
    communes: Sequence[str]
    starts_on: date


def build(directory: Path) -> list[FictitiousCpts]:
    """Return the fictitious CPTS drawn over the geography in ``directory``."""
    draw = random.Random(SEED)  # noqa: S311 - a drawing that can be made again, no secret
    geography = Geography(directory)
    areas = territories(geography, CPTS_COUNT, draw)
    timelines = _timelines(draw)
    taken: set[str] = set()
    result = []
    for communes, timeline in zip(areas, timelines, strict=True):
        units = sorted(
            (geography.units[code] for code in communes),
            key=lambda unit: (-unit.population, unit.code),
        )
        name = _name(units, taken, draw)
        row = {"name": name, **_contact(name, units[0], draw)}
        row["stages"] = "|".join(f"{stage}:{day.isoformat()}" for stage, day in timeline)
        row["themes"] = "|".join(_themes(timeline[-1][0], draw))
        result.append(FictitiousCpts(row, communes, timeline[0][1]))
    return result


def write(cpts: Sequence[FictitiousCpts], directory: Path) -> None:
    """Write both files into ``directory``."""
    with (directory / "demonstration_cpts.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, CPTS_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(each.row for each in cpts)
    with (directory / "demonstration_claims.csv").open(
        "w", encoding="utf-8", newline=""
    ) as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("key", "commune", "from"))
        rows.writerows(
            (each.row["key"], commune, each.starts_on.isoformat())
            for each in cpts
            for commune in each.communes
        )


def _timelines(draw: random.Random) -> list[list[tuple[str, date]]]:
    """Return the dated stages of every CPTS, in an order that owes nothing to their place."""
    timelines = [_signed(day, draw) for day in _signature_days()]
    for stage, count in CPTS_AT_STAGE.items():
        if stage != "aci_signe":
            timelines += [_in_construction(stage, draw) for _ in range(count)]
    draw.shuffle(timelines)
    return timelines


def _signature_days() -> list[date]:
    days = [day.toordinal() for day, _ in SIGNED_BY]
    counts = [count for _, count in SIGNED_BY]
    ranks = np.arange(1, CPTS_AT_STAGE["aci_signe"] + 1)
    return [date.fromordinal(int(day)) for day in np.interp(ranks, counts, days)]


def _signed(signed_on: date, draw: random.Random) -> list[tuple[str, date]]:
    stages = list(STAGES) if draw.random() < 0.45 else list(STAGES[1:])
    days = [signed_on]
    for shortest, longest in ((60, 210), (75, 260), (30, 190), (45, 240))[: len(stages) - 1]:
        days.insert(0, days[0] - timedelta(days=draw.randint(shortest, longest)))
    return list(zip(stages, _within(days, FIRST_DAY, LAST_START), strict=True))


def _in_construction(stage: str, draw: random.Random) -> list[tuple[str, date]]:
    rank = STAGES.index(stage)
    first = 0 if rank == 0 or draw.random() < 0.5 else 1
    stages = STAGES[first : rank + 1]
    days = [date(2021, 3, 1) + timedelta(days=draw.randint(0, 1000))]
    for _ in stages[1:]:
        days.append(days[-1] + timedelta(days=draw.randint(60, 400)))
    return list(zip(stages, _within(days, FIRST_DAY, LAST_START), strict=True))


def _within(days: list[date], earliest: date, latest_start: date) -> list[date]:
    """Move the first day between two bounds, and the days after it in proportion."""
    first = min(max(days[0], earliest), latest_start)
    last = min(days[-1], LAST_DAY)
    if len(days) == 1:
        return [first]
    span = max((days[-1] - days[0]).days, 1)
    ratio = (last - first).days / span
    return [first + timedelta(days=round((day - days[0]).days * ratio)) for day in days]


def _themes(stage: str, draw: random.Random) -> list[str]:
    if STAGES.index(stage) < STAGES.index("association_creee"):
        return sorted(draw.sample(THEMES + COMMON_THEMES[:2], draw.randint(1, 4)))
    return sorted({*COMMON_THEMES, *draw.sample(THEMES, draw.randint(3, 9))})


def _name(units: Sequence[Unit], taken: set[str], draw: random.Random) -> str:
    """Return a name after the most populated commune, not taken yet."""
    names = [_short_name(unit) for unit in units]
    lead = names[0]
    candidates = [f"du Pays {of(lead)}", f"{of(lead)} et alentours", f"du Bassin {of(lead)}"]
    if len(names) > 1:
        candidates.append(f"{lead} – {names[1]}")
    draw.shuffle(candidates)
    if units[0].population > 60_000 or len(units) == 1:
        candidates.insert(0, of(lead))
    candidates += [f"{of(lead)} et {of(other)}" for other in names[1:]]
    candidates += [
        f"{of(lead)} {number}" for number in itertools.islice(itertools.count(2), 20)
    ]
    name = next(each for each in candidates if f"Démo CPTS {each}" not in taken)
    taken.add(f"Démo CPTS {name}")
    return f"Démo CPTS {name}"


def of(name: str) -> str:
    """Return a place name after "de", contracted as French does.

    >>> of("Le Mans"), of("Les Ulis"), of("Amiens"), of("La Rochelle")
    ('du Mans', 'des Ulis', "d'Amiens", 'de La Rochelle')
    """
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    vowel = unicodedata.normalize("NFKD", name)[0].lower() in "aeiouyœ"
    return f"d'{name}" if vowel else f"de {name}"


def _short_name(unit: Unit) -> str:
    return unit.name.replace(" Arrondissement", "")


def _contact(name: str, seat: Unit, draw: random.Random) -> dict[str, str]:
    """Return the key and the public contact: example domains, numbers kept for fiction."""
    key = re.sub(r"^demo-(du|des|de|d)-", "demo-", _slug(name))
    place = CITIES[seat.department] if "Arrondissement" in seat.name else seat.name
    # 01 99 00 xx xx is set aside by the regulator (ARCEP) for works of fiction.
    phone = f"01 99 00 {draw.randint(0, 99):02} {draw.randint(0, 99):02}"
    street = draw.choice(("place de la Fiction", "rue de l'Exemple", "allée de l'Essai"))
    return {
        "key": key,
        "acronym": _acronym(name) if draw.random() < 0.5 else "",
        "website": f"https://{key}.example" if draw.random() < 0.7 else "",
        "email": f"contact@{key}.example" if draw.random() < 0.85 else "",
        "phone": phone if draw.random() < 0.5 else "",
        "address": f"{draw.randint(1, 40)} {street}, {seat.postcode} {place}"
        if draw.random() < 0.4
        else "",
    }


def _acronym(name: str) -> str:
    words = [word for word in _slug(name).split("-") if word not in LINKING_WORDS]
    letters = "".join(word if word.isdigit() else word[0].upper() for word in words)
    return f"CPTS {letters}" if len(letters) > 1 else ""


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().replace("œ", "oe"))
    ascii_only = plain.encode("ascii", "ignore").decode().replace("cpts ", "")
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.replace("'", "-")).strip("-")[:60].strip("-")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes the demonstration data again.")
    parser.add_argument("--output", type=Path, default=HERE)
    arguments = parser.parse_args()
    made = build(HERE)
    write(made, arguments.output)
    print(f"{len(made)} CPTS, {sum(len(each.communes) for each in made)} communes")
