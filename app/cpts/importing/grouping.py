"""The CPTS that a listing names, each with its rows and what they say of it.

Nothing of a person goes beyond this module: only a mailbox that is the CPTS's own, a
landline, a site.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.cpts.importing.columns import Role
from app.cpts.importing.entries import Entry
from app.cpts.importing.mailboxes import generic_mailbox, holds_address
from app.cpts.importing.published.rules import PublishedCpts
from app.cpts.importing.rules import Outcome
from app.cpts.importing.stages import StageReading, read_stage
from app.cpts.importing.values import (
    finess_of,
    phone_of,
    says_nothing,
    stated_date_of,
    website_of,
)
from app.files.sources import unusable
from app.files.words import words_of
from app.french import short_date

# A letter that no decoding gave back, or that a program replaced by a question mark.
_DAMAGED = re.compile(r"\ufffd|\w\?\w|[\u0080-\u009f]")


@dataclass(frozen=True)
class Fault:
    """Why a whole CPTS stays out, in French, and the outcome of its rows."""

    outcome: Outcome
    detail: str


@dataclass
class ListedCpts:
    """One CPTS of the listing: `rows` are positions in the list of entries.

    `columns` holds what the file gives for columns of the table `cpts` (never a key
    without a value); `stage` is None when neither the file nor the import's default gives
    one, and `states_its_stage` tells that the file did; `remarks` are said on the row where
    they arose; `published` is what a file of the service's own says.
    """

    position: int
    name: str
    key: str
    rows: list[int] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    stage: str | None = None
    states_its_stage: bool = False
    since: date | None = None
    themes: list[str] = field(default_factory=list)
    fault: Fault | None = None
    remarks: dict[int, list[str]] = field(default_factory=dict)
    published: PublishedCpts | None = None

    @property
    def is_demonstration(self) -> bool:
        """Whether the file says that it is fictitious."""
        return self.published is not None and self.published.demonstration

    @property
    def finess(self) -> str | None:
        """The FINESS number that the file gives."""
        return self.columns.get("finess")

    def remark(self, row: int, text: str) -> None:
        """Note something on a row, once."""
        said = self.remarks.setdefault(row, [])
        if text not in said:
            said.append(text)

    def blame(self, outcome: Outcome, detail: str) -> None:
        """Keep the CPTS out; the first reason is the one that is told."""
        self.fault = self.fault or Fault(outcome, detail)


def group(
    entries: Sequence[Entry],
    keys: Mapping[str, str],
    themes: Mapping[str, str],
    *,
    default_stage: str | None,
    as_of: date,
) -> list[ListedCpts]:
    """Bring the entries of each CPTS together, in the order in which the file names them.

    Parameters: `keys`, the registry's search key of each name; `themes`, slug by words
    of the label; `default_stage`, a slug for CPTS whose rows state no stage; `as_of`, the
    import's day, after which no stage can date.
    """
    found: dict[tuple[str, str], ListedCpts] = {}
    told_apart = _told_apart_by_finess(entries, keys)
    for row, entry in enumerate(entries):
        if entry.is_unclaimed or entry.shared:
            continue
        key = keys.get(entry.cpts, "")
        apart = _finess_of(entry) if key in told_apart else ""
        cpts = found.setdefault((key, apart), ListedCpts(len(found), entry.cpts, key))
        cpts.rows.append(row)
    listed = list(found.values())
    _refuse_damaged_names(listed)
    for cpts in listed:
        _settle_stage(cpts, entries, default_stage, as_of)
        _describe(cpts, entries, themes, as_of)
        if not cpts.key:
            cpts.blame(Outcome.UNKNOWN, "le nom de la CPTS manque")
    check_finess(listed)
    return listed


def _refuse_damaged_names(listed: Sequence[ListedCpts]) -> None:
    """Stop at names that lost letters: they would be stored and published so.

    Raises `Failure` (exit status 2): only who has the file can tell its encoding.
    """
    damaged = [cpts.name for cpts in listed if _DAMAGED.search(cpts.name)]
    if damaged:
        raise unusable(
            f"Des noms de CPTS ont perdu des lettres (« {damaged[0][:60]} ») : indiquez "
            "l'encodage du fichier par --encoding (windows-1252, mac, cp850…) ou corrigez-les."
        )


def states_a_stage(entries: Iterable[Entry]) -> bool:
    """Whether any row of the file states a stage."""
    return any(not says_nothing(entry.particulars.get(Role.STAGE, "")) for entry in entries)


def _describe(
    cpts: ListedCpts, entries: Sequence[Entry], themes: Mapping[str, str], as_of: date
) -> None:
    seen: set[tuple[Role, str]] = set()
    for row in cpts.rows:
        for role, text in entries[row].particulars.items():
            # Repeated on every row of the CPTS, a value is judged and told once.
            if (role, text) in seen or says_nothing(text):
                continue
            seen.add((role, text))
            if role is Role.THEMES:
                _add_themes(cpts, row, text, themes)
            elif role is Role.SINCE:
                _set_date(cpts, row, text, as_of, of_stage=entries[row].dated)
            elif role in _READERS:
                _set_column(cpts, row, role, text)


def _set_column(cpts: ListedCpts, row: int, role: Role, text: str) -> None:
    read, refusal = _READERS[role]
    value = read(text, cpts.name)
    if value is None:
        if refusal:
            # What stands in a contact column may be a person's: it is never repeated.
            shown = f" : {text[:80]}" if role is not Role.EMAIL else ""
            if role is not Role.EMAIL or holds_address(text):
                cpts.remark(row, f"{refusal}{shown}")
        return
    standing = cpts.columns.setdefault(role.value, value)
    if standing == value:
        return
    if role is Role.FINESS:
        cpts.blame(
            Outcome.AMBIGUOUS, f"deux numéros FINESS pour cette CPTS : {standing} et {value}"
        )
    else:
        cpts.remark(row, f"autre valeur que plus haut, non retenue : {value}")


_READERS: Mapping[Role, tuple[Callable[[str, str], str | None], str]] = {
    Role.FINESS: (lambda text, _: finess_of(text), "numéro FINESS illisible, non retenu"),
    Role.WEBSITE: (
        lambda text, _: website_of(text),
        "site non retenu, ce n'est pas une adresse",
    ),
    Role.EMAIL: (generic_mailbox, "adresse électronique personnelle, non conservée"),
    Role.PHONE: (lambda text, _: phone_of(text), ""),
    Role.ACRONYM: (lambda text, _: " ".join(text.split())[:40] or None, ""),
}


def _add_themes(cpts: ListedCpts, row: int, text: str, themes: Mapping[str, str]) -> None:
    parts = re.split(r"[;,/|\n]", text)
    for part in (part.strip() for part in parts):
        slug = themes.get(words_of(part))
        if slug and slug not in cpts.themes:
            cpts.themes.append(slug)
        elif part and not slug:
            cpts.remark(row, f"thématique inconnue, non retenue : {part[:80]}")


def _set_date(cpts: ListedCpts, row: int, text: str, as_of: date, *, of_stage: str) -> None:
    day = stated_date_of(text)
    if of_stage and cpts.stage and of_stage != cpts.stage:
        cpts.remark(row, f"date d'une autre étape que le stade, non retenue : {text[:40]}")
    elif day is None:
        cpts.remark(row, f"date illisible, non retenue : {text[:40]}")
    elif day > as_of:
        cpts.blame(
            Outcome.UNKNOWN,
            f"le stade ne serait atteint que le {short_date(day)} : une étape prévue n'est pas "
            "enregistrée comme atteinte",
        )
    elif cpts.since is None:
        cpts.since = day


def _settle_stage(
    cpts: ListedCpts, entries: Sequence[Entry], default_stage: str | None, as_of: date
) -> None:
    texts = dict.fromkeys(
        text
        for row in cpts.rows
        if not says_nothing(text := entries[row].particulars.get(Role.STAGE, ""))
    )
    read = {text: read_stage(text, as_of) for text in texts}
    slugs = {text: reading.slug for text, reading in read.items()}
    for text, reading in read.items():
        if reading.slug is None:
            cpts.blame(Outcome.UNKNOWN, f"{_no_stage(reading)} : {text[:80]}")
        elif reading.planned:
            planned = ", ".join(reading.planned)
            cpts.remark(cpts.rows[0], f"étape prévue, non enregistrée : {planned[:80]}")
    if None in slugs.values():
        return
    if len(set(slugs.values())) > 1:
        cpts.blame(
            Outcome.AMBIGUOUS, f"plusieurs stades pour cette CPTS : {', '.join(texts)[:200]}"
        )
    elif slugs:
        cpts.stage = next(iter(slugs.values()))
        cpts.states_its_stage = True
    elif default_stage:
        cpts.stage = default_stage
    else:
        cpts.blame(Outcome.UNKNOWN, "stade non renseigné (--default-stage en donnerait un)")


def _no_stage(reading: StageReading) -> str:
    if reading.given_up:
        return "étape abandonnée, le stade n'est pas dit"
    if reading.planned:
        return "étape prévue, pas atteinte ; le stade atteint n'est pas dit"
    return "stade inconnu"


def _finess_of(entry: Entry) -> str:
    return finess_of(entry.particulars.get(Role.FINESS, "")) or ""


def _told_apart_by_finess(entries: Sequence[Entry], keys: Mapping[str, str]) -> set[str]:
    """Give the names that are two CPTS: each of their rows says which by its FINESS number."""
    numbers: dict[str, set[str]] = {}
    for entry in entries:
        numbers.setdefault(keys.get(entry.cpts, ""), set()).add(_finess_of(entry))
    return {key for key, given in numbers.items() if len(given) > 1 and "" not in given}


def check_finess(listed: Sequence[ListedCpts]) -> None:
    """Keep out the CPTS of a file that have one FINESS number."""
    first: dict[str, ListedCpts] = {}
    for cpts in listed:
        if cpts.finess is None:
            continue
        other = first.setdefault(cpts.finess, cpts)
        if other is not cpts:
            for one, two in ((cpts, other), (other, cpts)):
                one.blame(
                    Outcome.AMBIGUOUS,
                    f"numéro FINESS {cpts.finess} donné aussi à « {two.name} »",
                )
