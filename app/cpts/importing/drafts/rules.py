"""What somebody decides of rows, and how a decision is found again, in plain Python."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.cpts.importing.entries import Entry
from app.cpts.importing.report import ReportLine
from app.files.words import words_of

# In the place of communes: the row is left out.
LEFT_OUT: tuple[str, ...] = ()
# Between the key of a row and the number of a unit that it means beside the first; no word of
# a key holds it.
NUMBERED = " ; "


def source_key(source: str) -> str:
    """Give what the name of a source is compared by."""
    return words_of(source)


def correction_key(entry: Entry) -> str:
    """Give what a row is known by, in this file and in the next one of its source.

    The CPTS counts: one name may mean two communes in two of them.
    """
    parts = (
        entry.cpts, entry.commune, entry.code, entry.postcode, entry.district, entry.epci,
        entry.department, *([entry.quarter] if entry.quarter else []),
    )  # fmt: skip
    return " | ".join(words_of(part) for part in parts)


def keys_of(key: str, codes: Sequence[str]) -> list[tuple[str, str | None]]:
    """Give what is kept of a decision: a key for each unit that a row means.

    Several are parts of one city, most often. Parameters: `key` of the row; `codes`, `LEFT_OUT`
    for a row to be left out.
    """
    return [
        (key if number == 1 else f"{key}{NUMBERED}{number}", code)
        for number, code in enumerate(codes or (None,), start=1)
    ]


def decisions(kept: Iterable[tuple[str, str | None]]) -> dict[str, tuple[str, ...]]:
    """Give the units that were decided on, by key of the row, from what is kept of them."""
    found: dict[str, tuple[str, ...]] = {}
    for key, code in sorted(kept):
        row, _, _ = key.partition(NUMBERED)
        found[row] = (*found.get(row, ()), *((code,) if code else ()))
    return found


def corrected(
    entries: Iterable[Entry], corrections: Mapping[str, tuple[str, ...]]
) -> tuple[list[Entry], int]:
    """Put what was decided in the place of what rows say; gives how many rows it concerns.

    Parameters: `corrections`, by key the codes of communes or of their parts, or `LEFT_OUT`.
    """
    told: list[Entry] = []
    count = 0
    for entry in entries:
        key = correction_key(entry)
        if entry.polygon is not None or key not in corrections:
            told.append(entry)
            continue
        count += 1
        codes = corrections[key]
        if codes == LEFT_OUT:
            note = "laissée de côté par une correction"
            told.append(replace(entry, is_unclaimed=True, notes=(*entry.notes, note)))
            continue
        told.append(
            replace(
                entry,
                commune=" ; ".join(codes) if len(codes) > 1 else "",
                code=codes[0] if len(codes) == 1 else "",
                postcode="",
                district="",
                epci="",
                quarter="",
                department="",
                doubt="",
                is_unclaimed=False,
                notes=(
                    *entry.notes,
                    f"corrigée : « {entry.given} » veut dire {', '.join(codes)}",
                ),
            )
        )
    return told, count


def digest(lines: Sequence[ReportLine]) -> str:
    """Give what tells two plans apart, so that what is imported is what was shown."""
    hashed = hashlib.sha256()
    for line in lines:
        told = (line.row, line.cpts, line.outcome.value, *line.commune_codes, line.detail)
        hashed.update(repr(told).encode())
    return hashed.hexdigest()
