"""What messages say, and how long a message that cannot leave waits."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from app.problems import Problem

# Longer than a slow server keeps one message: until then nobody else may take it.
_FIRST_DELAY = timedelta(minutes=5)
_LONGEST_DELAY = timedelta(hours=6)


class Written(NamedTuple):
    """A message as it leaves, to the address it waits for."""

    subject: str
    body: str


# kind → path of its link, subject, paragraphs; `{link}` stands for the whole address.
_WITH_LINK: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "invitation": (
        "/invitation/",
        "Votre invitation",
        (
            "Vous êtes invité à rejoindre l'espace des membres.",
            "Choisissez votre mot de passe ici, dans les quatorze jours :\n{link}",
            "Si cette invitation ne vous est pas destinée, ignorez ce message.",
        ),
    ),
    "password": (
        "/mot-de-passe/",
        "Un nouveau mot de passe",
        (
            "Un nouveau mot de passe a été demandé pour votre compte.",
            "Choisissez-le ici, dans l'heure :\n{link}",
            "Si vous n'avez rien demandé, ignorez ce message : rien ne change.",
        ),
    ),
    "address": (
        "/adresse/",
        "Confirmez votre adresse",
        (
            "Cette adresse a été donnée comme nouvelle adresse d'un compte.",
            "Confirmez-la ici, dans la journée, connecté à ce compte :\n{link}",
            "Si vous n'avez rien demandé, ignorez ce message : rien ne change.",
        ),
    ),
}
_NOTICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "password-changed": (
        "Votre mot de passe a changé",
        (
            "Le mot de passe de votre compte a changé, et vos autres sessions ont pris fin.",
            "Si ce n'est pas vous, demandez-en un nouveau aussitôt :\n{forgotten}",
        ),
    ),
    "address-asked": (
        "Un changement d'adresse est demandé",
        (
            "Une autre adresse, à confirmer encore, a été demandée pour votre compte.",
            "Si ce n'est pas vous, changez votre mot de passe aussitôt :\n{forgotten}",
        ),
    ),
    "address-changed": (
        "L'adresse de votre compte a changé",
        (
            "Votre compte a désormais une autre adresse : ce message est le dernier ici.",
            "Si ce n'est pas vous, écrivez à qui tient ce service.",
        ),
    ),
    "password-renewed": (
        "Votre mot de passe a changé",
        (
            (
                "Un lien envoyé ici a donné un nouveau mot de passe à votre compte. "
                "Ses sessions ont pris fin, ses jetons sont révoqués, et aucune identité ne "
                "lui est plus liée."
            ),
            "Si ce n'est pas vous, demandez-en un nouveau aussitôt :\n{forgotten}",
        ),
    ),
    "identity-tied": (
        "Une identité est liée à votre compte",
        (
            "Votre compte s'ouvre désormais aussi par un fournisseur d'identité.",
            (
                "Si ce n'est pas vous, demandez un nouveau mot de passe aussitôt, ce qui la "
                "délie :\n{forgotten}"
            ),
        ),
    ),
    "token-made": (
        "Un jeton a été créé pour votre compte",
        (
            "Un jeton, qui donne vos droits à un programme, vient d'être créé.",
            (
                "Si ce n'est pas vous, demandez un nouveau mot de passe aussitôt, ce qui le "
                "révoque :\n{forgotten}"
            ),
        ),
    ),
    "second-factor-changed": (
        "Votre second facteur a changé",
        (
            "Le second facteur de votre compte vient d'être mis en place ou retiré.",
            "Si ce n'est pas vous, demandez un nouveau mot de passe aussitôt :\n{forgotten}",
        ),
    ),
}
# What concerns a letter, by its number; who leads the project and what it is called are
# read there, by whoever is signed in.
_OF_LETTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "letter": (
        "Une lettre d'intention concerne votre région",
        (
            (
                "Une lettre d'intention, un avenant ou une fusion concerne votre région :\n"
                "{base}/lettres/{letter}"
            ),
            "Ce qui est à suivre dans votre région :\n{base}/agents",
            "Pour ne plus recevoir ces messages : {base}/compte",
        ),
    ),
}
KINDS_WITH_LINK = frozenset(_WITH_LINK)


class UnknownMessage(Problem):
    """A kind of message that this version cannot write."""


def link_of(base: str, kind: str, secret: str) -> str:
    """Give the whole address of the link of a message.

    Parameters: `base`, the service's outside address, without final slash.
    """
    return f"{base}{_WITH_LINK[kind][0]}{secret}"


def written(
    kind: str, details: Mapping[str, Any], *, base: str, site: str, secret: str | None
) -> Written:
    """Write a message.

    Parameters: `kind`; `details` of it, `subject` and `body` of the kind `text`; `base`,
    the service's outside address; `site`, what it is called; `secret` of the link.

    Raises:
        UnknownMessage: nobody knows how to write this kind.
    """
    if kind == "text":
        return Written(f"{details['subject']}", f"{details['body']}\n\n-- \n{site}\n{base}\n")
    link = ""
    if kind in _WITH_LINK and secret is not None:
        _, subject, paragraphs = _WITH_LINK[kind]
        link = link_of(base, kind, secret)
    elif kind in _OF_LETTERS:
        subject, texts = _OF_LETTERS[kind]
        paragraphs = tuple(
            each.format(base=base, letter=int(details["letter"])) for each in texts
        )
    elif kind in _NOTICES:
        subject, paragraphs = _NOTICES[kind]
    else:
        raise UnknownMessage(kind)
    forgotten = f"{base}/mot-de-passe-oublie"
    body = "\n\n".join(each.format(link=link, forgotten=forgotten) for each in paragraphs)
    return Written(f"{subject} – {site}", f"Bonjour,\n\n{body}\n\n-- \n{site}\n{base}\n")


def delay_after(attempts: int) -> timedelta:
    """Tell how long a message waits after so many attempts: twice as long each time."""
    doublings: int = 2 ** min(attempts, 20)
    return min(_FIRST_DELAY * doublings, _LONGEST_DELAY)
