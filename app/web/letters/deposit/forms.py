"""The forms of a letter's territory, read into drafts and into what the procedure takes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from app.letters.record.rules import Kind
from app.problems import Invalid
from app.web.layout.fields import fields, filled, lines, number, numbers, text, texts
from app.web.letters.deposit.rules import ADD, COMMUNES, LISTS, WITHDRAW, Draft, settled
from app.web.letters.record.forms import contact_values

# What the two buttons of a page ask for.
READ, SEND = "read", "send"
# Of one list; the check takes no more.
MOST_LINES = 5_000


def choices_of(form: FormData) -> list[str]:
    """Give all that was chosen for texts in doubt."""
    return [choice for name in LISTS for choice in texts(form, f"{name}_choice")]


def draft_of(form: FormData, names: Mapping[str, str], from_file: Sequence[str] = ()) -> Draft:
    """Read a draft, doubts settled as they were chosen.

    Parameters: `names`, of the communes that were chosen; `from_file`, lines that a file
    adds to the list that its letter has. Raises `Invalid` on lists that are too long.
    """
    kind = text(form, "kind") or Kind.CREATION
    cpts = number(text(form, "cpts"))
    return Draft(
        kind=kind,
        lists=_lists(form, kind, names, from_file),
        cpts=cpts if isinstance(cpts, int) and cpts < 2**63 else None,
        cpts_name=text(form, "cpts_name")[:200],
        merged=_merged(form),
        merged_name=text(form, "merged_name")[:200],
        effective_on=_day(text(form, "effective_on")),
    )


def difference_of(
    form: FormData, names: Mapping[str, str], from_file: Sequence[str] = ()
) -> Draft:
    """Read what is added to a letter's territory and withdrawn from it, as `draft_of`."""
    kind = Kind.AMENDMENT
    return Draft(kind=kind, lists=_lists(form, kind, names, from_file))


def _lists(
    form: FormData, kind: str, names: Mapping[str, str], from_file: Sequence[str]
) -> dict[str, list[str]]:
    taken = {}
    for name in _lists_of(kind):
        settled_lines = settled(
            lines(text(form, name)),
            texts(form, f"{name}_doubt"),
            texts(form, f"{name}_choice"),
            names,
        )
        if from_file and name in (COMMUNES, ADD):
            settled_lines += [line for line in from_file if line not in settled_lines]
        if len(settled_lines) > MOST_LINES:
            raise Invalid.at("body", name, message=f"Au plus {MOST_LINES} lignes par liste.")
        taken[name] = settled_lines
    return taken


def deposit_values(form: FormData, draft: Draft, cpts: int | None) -> dict[str, Any]:
    """Give what a deposit takes.

    Parameters: `cpts`, the CPTS that the draft names, as it was found.
    """
    values = fields(form, "name", "deposited_on", "effective_on", "note") | {
        "kind": draft.kind,
        "cpts": cpts,
        "merged_cpts": list(draft.merged),
        "contact": contact_values(form),
        "orientations": texts(form, "orientations"),
        "documents": lines(text(form, "documents")),
    }
    return filled(values | territory_values(draft))


def territory_values(draft: Draft) -> dict[str, Any]:
    """Give the lists of a draft that were written."""
    return filled({name: list(found) for name, found in draft.lists.items()})


def _lists_of(kind: str) -> tuple[str, ...]:
    if kind == Kind.AMENDMENT:
        return ADD, WITHDRAW
    return () if kind == Kind.MERGER else (COMMUNES,)


def _merged(form: FormData) -> tuple[int, ...]:
    ticked = numbers(" ".join(texts(form, "merged_cpts")))
    return tuple(each for each in ticked if isinstance(each, int) and each < 2**63)[:100]


def _day(value: str) -> date | None:
    # One that is none is refused when the letter is deposited.
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
