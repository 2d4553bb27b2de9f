"""The verdicts of a check in words, the same on every page that tells one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.letters.check.rules import Severity, Verdict, unknown_territory
from app.letters.check.schemas import LetterCheck


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """A verdict in French.

    `label` alone, `headline` where the territory must be named, `text` in one sentence while
    a draft is made, `explained` with what follows from it, for a document that stays; `tone`
    is the kind of alert.
    """

    label: str
    headline: str
    tone: str
    text: str
    explained: str


VERDICT_WORDS: Mapping[Verdict, VerdictWords] = {
    Verdict.CLEAR: VerdictWords(
        "Libre",
        "Territoire libre",
        "success",
        (
            "Aucune commune de ce territoire n’est déjà rattachée à une CPTS ni demandée par "
            "une autre lettre."
        ),
        (
            "Aucune commune de ce territoire n’est rattachée à une autre CPTS ni demandée "
            "par une autre lettre en cours."
        ),
    ),
    Verdict.CONTESTED: VerdictWords(
        "Disputé",
        "Territoire disputé",
        "warning",
        "Un autre projet est connu sur une partie de ce territoire.",
        (
            "Un autre projet est connu sur une partie de ce territoire. Rien n’y est encore "
            "reconnu : une conciliation peut réunir les projets."
        ),
    ),
    Verdict.INCOMPLETE: VerdictWords(
        "Incomplet",
        "Demande incomplète",
        "warning",
        "Une partie de la saisie ne désigne pas une commune précise.",
        (
            "Une partie de la demande ne se lit pas : à compléter avant de conclure. Le "
            "reste est examiné tel quel."
        ),
    ),
    Verdict.BLOCKED: VerdictWords(
        "Bloqué",
        "Territoire bloqué",
        "danger",
        "Des communes sont tenues par une CPTS reconnue.",
        (
            "Des communes de ce territoire sont tenues par une CPTS reconnue. En l’état, "
            "cette lettre d’intention ne peut pas être validée."
        ),
    ),
}


def verdict_words(check: LetterCheck) -> VerdictWords:
    """Give the words of a verdict; « libre » is not said where the registry is not complete."""
    words = VERDICT_WORDS[check.verdict]
    if not check.incomplete_departments:
        return words
    unknown = unknown_territory(check.incomplete_departments).replace("'", "’")
    if check.verdict is Verdict.CLEAR:
        return VerdictWords(
            "Non renseigné", "Territoire non renseigné", "warning", unknown, unknown
        )
    return replace(
        words,
        text=f"{words.text} {unknown}",
        explained=f"{words.explained} {unknown}",
    )


SEVERITIES: Mapping[Severity, str] = {
    Severity.BLOCKING: "bloquant",
    Severity.CONTESTED: "disputé",
}
