"""Reminding: once a month before a sheet is to be confirmed, once when that has passed."""

from datetime import date

from app.database.sessions import WritingSession
from app.directory.mail import Send
from app.directory.reminders import repository
from app.directory.sheets.rules import due_on, reminder_of
from app.french import short_date

_SUBJECTS = {
    "due": "Confirmez la fiche de votre CPTS",
    "late": "La fiche de votre CPTS n'est plus à jour",
}
_NEVER_CONFIRMED = "La fiche de votre CPTS attend d'être confirmée"


def remind(session: WritingSession, send: Send, base: str, day: date) -> int:
    """Remind the editors of each sheet that is to be confirmed, and tell how many sheets.

    Any number of processes may do so at once: each sheet is reminded of once. Parameters:
    `base`, the service's outside address.
    """
    reminded = 0
    for sheet in repository.edited_sheets(session, day):
        kind = reminder_of(sheet.confirmed_on, sheet.written_on, day)
        if kind is None:
            continue
        due = due_on(sheet.confirmed_on, sheet.written_on)
        if not repository.note_reminder(session, sheet.cpts_id, due, kind, day):
            continue
        reminded += 1
        body = _body(sheet, kind, due, f"{base}/membres/cpts/{sheet.cpts_id}/fiche")
        never_late = kind == "late" and sheet.confirmed_on is None
        subject = _NEVER_CONFIRMED if never_late else _SUBJECTS[kind]
        for editor in sheet.editors:
            send(session, editor, subject, body)
    return reminded


def _body(sheet: repository.EditedSheet, kind: str, due: date, address: str) -> str:
    name = " ".join(sheet.name.split())
    known = (
        f"La fiche de la {name} a été confirmée le {short_date(sheet.confirmed_on)}."
        if sheet.confirmed_on
        else f"La fiche de la {name} n'a encore jamais été confirmée."
    )
    if kind == "due":
        wanted = f"Elle est à confirmer au plus tard le {short_date(due)}."
    elif sheet.confirmed_on:
        wanted = "Il y a plus d'un an : les membres la voient marquée, et après les autres."
    else:
        wanted = "Les membres la voient marquée, et après les autres."
    return (
        f"Bonjour,\n\n{known} {wanted}\n\n"
        f"Relisez-la et confirmez-la, ou corrigez-la, ici :\n{address}\n\n"
        "Une coordination change souvent : vérifiez d'abord les personnes à joindre."
    )
