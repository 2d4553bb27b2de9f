"""What somebody decides of rows, and how a decision is found again, in plain Python."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.cpts.importing.entries import Entry
from app.cpts.importing.report import ReportLine
from app.files.words import words_of

# In the place of a commune: the row is left out.
LEFT_OUT = None


def source_key(source: str) -> str:
    """Give what the name of a source is compared by."""
    return words_of(source)


def correction_key(entry: Entry) -> str:
    """Give what a row is known by, in this file and in the next one of its source.

    The CPTS counts: one name may mean two communes in two of them.
    """
    parts = (
        entry.cpts, entry.commune, entry.code, entry.postcode, entry.district, entry.epci,
        entry.department,
    )  # fmt: skip
    return " | ".join(words_of(part) for part in parts)


def corrected(
    entries: Iterable[Entry], corrections: Mapping[str, str | None]
) -> tuple[list[Entry], int]:
    """Put what was decided in the place of what rows say; gives how many rows it concerns.

    Parameters: `corrections`, by key the code of a commune, or `LEFT_OUT`.
    """
    told: list[Entry] = []
    count = 0
    for entry in entries:
        key = correction_key(entry)
        if entry.polygon is not None or key not in corrections:
            told.append(entry)
            continue
        count += 1
        code = corrections[key]
        if code is LEFT_OUT:
            note = "laissée de côté par une correction"
            told.append(replace(entry, is_unclaimed=True, notes=(*entry.notes, note)))
            continue
        told.append(
            replace(
                entry,
                commune="",
                code=code,
                postcode="",
                district="",
                epci="",
                department="",
                doubt="",
                is_unclaimed=False,
                notes=(*entry.notes, f"corrigée : « {entry.given} » veut dire {code}"),
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
