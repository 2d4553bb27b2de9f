"""The form of a sheet, as it is typed: nothing of it is lost on the way to the preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import FormData

from app.cpts.writing.schemas import CptsPatch
from app.directory.sheets.schemas import SheetWrite
from app.problems import Invalid
from app.web.layout.fields import lines, read, text, texts

PUBLIC = ("website", "email", "phone", "address")
_ACTION = ("theme", "state", "year", "text", "links")
_CONTACT = ("role", "name", "email", "phone")
# Of a row in which nobody has written, as forms send it.
_UNWRITTEN = {"state": "en_cours"}
Typed = Mapping[str, str]

LABELS: Mapping[str, str] = {
    "presentation": "Présentation",
    "members_count": "Nombre de membres",
    "actions": "Actions",
    "contacts": "Personnes à joindre",
    "website": "Site",
    "email": "Courriel de l’association",
    "phone": "Téléphone de l’association",
    "address": "Adresse de l’association",
}


@dataclass(frozen=True)
class Draft:
    """What is typed; `base` says which state of the sheet it began from."""

    base: str
    fields: Typed = field(default_factory=dict)
    actions: Sequence[Typed] = ()
    contacts: Sequence[Typed] = ()

    @classmethod
    def of_form(cls, form: FormData) -> "Draft":
        """Read a form; rows that are empty or to be taken out are passed over."""
        names = ("presentation", "members_count", *PUBLIC)
        return cls(
            base=text(form, "base"),
            fields={name: text(form, name).replace("\r\n", "\n") for name in names},
            actions=_rows(form, "action", _ACTION),
            contacts=_rows(form, "contact", _CONTACT),
        )

    @classmethod
    def of(cls, base: str, members: Mapping[str, Any], public: Mapping[str, Any]) -> "Draft":
        """Give the form of a sheet as it stands."""
        count = members["members_count"]
        return cls(
            base=base,
            fields={
                "presentation": members["presentation"],
                "members_count": "" if count is None else str(count),
                **{name: public[name] or "" for name in PUBLIC},
            },
            actions=[
                {
                    "theme": each["theme"],
                    "state": each["state"],
                    "year": str(each["year"] or ""),
                    "text": each["text"],
                    "links": "\n".join(each["links"]),
                }
                for each in members["actions"]
            ],
            contacts=[
                {name: each[name] or "" for name in _CONTACT} for each in members["contacts"]
            ],
        )

    def taking(self, names: Sequence[str], other: "Draft") -> "Draft":
        """Give this draft with some of its parts as another one has them."""
        taken = {name: other.fields[name] for name in names if name in self.fields}
        return replace(
            self,
            fields={**self.fields, **taken},
            actions=other.actions if "actions" in names else self.actions,
            contacts=other.contacts if "contacts" in names else self.contacts,
        )

    def differing(self, other: "Draft") -> list[str]:
        """Name the parts in which two drafts differ."""
        return [name for name in LABELS if self.part(name) != other.part(name)]

    def part(self, name: str) -> Any:
        """Give one part."""
        if name in ("actions", "contacts"):
            rows: Sequence[Typed] = getattr(self, name)
            return [dict(row) for row in rows]
        return self.fields[name]

    def read(self) -> tuple[SheetWrite, CptsPatch]:
        """Check what is typed, and give what the use cases take.

        Raises:
            Invalid: naming each wrong part; all that is wrong is told at once.
        """
        sheet = {
            "presentation": self.fields["presentation"],
            "members_count": _number(self.fields["members_count"]),
            "actions": [
                {**each, "year": _number(each["year"]), "links": lines(each["links"])}
                for each in self.actions
            ],
            "contacts": [
                {name: value for name, value in each.items() if value or name == "name"}
                for each in self.contacts
            ],
        }
        public = {name: self.fields[name] or None for name in PUBLIC}
        errors: list[Mapping[str, Any]] = []
        found: list[Any] = []
        for schema, values in ((SheetWrite, sheet), (CptsPatch, public)):
            try:
                found.append(read(schema, values))
            except Invalid as problem:
                errors += problem.extensions["errors"]
        if errors:
            raise Invalid(errors, detail="Corrigez ce qui est indiqué, puis continuez.")
        return found[0], found[1]


def told_errors(problem: Invalid) -> list[tuple[str, str, str]]:
    """Give what is wrong of a form: id of the field, what it is called, and why."""
    told = []
    for error in problem.extensions["errors"]:
        way = [part for part in error["loc"] if part not in ("body", "path")]
        name = str(way[0]) if way else ""
        label = LABELS.get(name, "La fiche")
        at = name
        if len(way) > 1 and isinstance(way[1], int):
            label += f", n° {way[1] + 1}"
            at = f"{name[:-1]}-{way[1]}-{way[2] if len(way) > 2 else 'name'}"
        told.append((at, label, str(error["message"])))
    return told


def _rows(form: FormData, kind: str, names: Sequence[str]) -> list[Typed]:
    columns = {name: texts(form, f"{kind}_{name}") for name in names}
    removed = set(texts(form, f"{kind}_removed"))
    count = min(len(column) for column in columns.values())
    rows = [
        {name: columns[name][at].replace("\r\n", "\n").strip() for name in names}
        for at in range(count)
        if str(at) not in removed
    ]
    return [
        row
        for row in rows
        if any(value for name, value in row.items() if value != _UNWRITTEN.get(name))
    ]


def _number(typed: str) -> int | str | None:
    plain = "".join(typed.split())
    if not plain:
        return None
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 12 else plain
