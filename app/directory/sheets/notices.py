"""Telling somebody, once, that a sheet tells of them (GDPR, article 14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.database.sessions import WritingSession
from app.directory.mail import Send
from app.french import short_date

_SUBJECT = "Une CPTS vous donne comme personne à joindre"
_LABELS = {"role": "Fonction", "name": "Nom", "email": "Courriel", "phone": "Téléphone"}


@dataclass(frozen=True)
class Notices:
    """How people learn of it; `base` is the outside address that links begin with."""

    send: Send
    base: str

    def tell(
        self,
        session: WritingSession,
        contact: Mapping[str, Any],
        *,
        cpts: str,
        writer: str,
        kept_until: date,
    ) -> None:
        """Tell somebody what stands of them on the sheet of a CPTS.

        Parameters: `contact`, with an address; `cpts`, its name; `writer`, who wrote it, in
        French; `kept_until`, until when.
        """
        told = "\n".join(
            f"- {label} : {contact[name]}" for name, label in _LABELS.items() if contact[name]
        )
        body = (
            f"Bonjour,\n\nLa fiche de la {' '.join(cpts.split())}, dans l’annuaire des membres "
            f"des CPTS, vous donne comme personne à joindre. {writer} l’a écrit. On y lit de "
            f"vous :\n{told}\n\n"
            "Seuls le voient les membres de l’annuaire, les agents et l’administration, pour "
            "que les CPTS se joignent entre elles (intérêt légitime, article 6.1.f du RGPD) ; "
            "chaque consultation est notée. C’est effacé après le "
            f"{short_date(kept_until)}, si la CPTS ne confirme pas sa fiche d’ici là.\n\n"
            "Pour le faire corriger ou effacer : avec un compte à cette adresse, sur "
            f"{self.base}/compte ; sans compte, en écrivant à l’adresse que donne la page "
            f"{self.base}/donnees-personnelles, qui dit aussi vos autres droits.\n\n"
            "Ce message n’est envoyé qu’une fois."
        )
        self.send(session, contact["email"], _SUBJECT, body)
