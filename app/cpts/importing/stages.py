"""Which stage do the words of a listing tell? What is planned has not been reached."""

import re
from dataclasses import dataclass
from datetime import date

from app.cpts.importing.values import date_of
from app.cpts.stages import (
    ASSOCIATION_CREATED,
    CONTRACT_SIGNED,
    DYNAMIC,
    LETTER_VALIDATED,
    PROJECT_VALIDATED,
    STAGES,
    order_of,
)
from app.files.words import words_of

# In this order: what is only under way must not be taken for what it will become.
_STAGE_WORDINGS: tuple[tuple[str, str], ...] = (
    (
        r"(.* )?(aci|contrat)\b.*\b(negociation|en cours|a signer|non signee?)( .*)?",
        PROJECT_VALIDATED,
    ),
    (r"(en |phase de )?(cours de )?negociation( .*)?", PROJECT_VALIDATED),
    (
        (
            r"(lettre d intention|lettre|li|l i)\b.*\b(depose|deposee|en cours|redaction"
            r"|instruction|ecriture|attente"
            r"|transmise|recue|non validee|a venir|refusee)( .*)?"
        ),
        DYNAMIC,
    ),
    (
        (
            r"(projet de sante|ps|p s)\b.*\b(depose|en cours|redaction"
            r"|instruction|ecriture|attente"
            r"|transmis|recu|non valide|a venir|elaboration|refuse)( .*)?"
        ),
        "",
    ),
    (r"(.* )?(non|pas) (fonctionnel\w*|en fonctionnement|signee?)( .*)?", ""),
    (
        (
            r"(cpts )?(aci|aci .*sign\w+|sign\w+ (de |d )?(l |un )?aci( .*)?|contrat .*sign\w+"
            r"|contrat|conventionnee?s?|sous aci|avec aci|aci valide\w*|aci conclu\w*)"
        ),
        CONTRACT_SIGNED,
    ),
    (
        (
            r"(cpts )?(en fonctionnement|fonctionnel\w*|en activite|active|operationnel\w*"
            r"|en exercice|signee?|mise en oeuvre)"
        ),
        CONTRACT_SIGNED,
    ),
    (
        r"(projet de sante|ps|p s)( (est )?(validee?|approuve|accepte))?( .*valide\w*)?",
        PROJECT_VALIDATED,
    ),
    (r"valid\w+ (du |de )?(projet de sante|ps)", PROJECT_VALIDATED),
    (
        (
            r"(association( loi 1901)?|asso)( (creee|constituee|declaree|existante))?"
            r"|creation de l association"
        ),
        ASSOCIATION_CREATED,
    ),
    (
        r"(lettre d intention|lettre|li|l i)( (est )?(validee?|acceptee?|approuvee?|signee?))?",
        LETTER_VALIDATED,
    ),
    (r"valid\w+ (de )?(la )?(lettre d intention|li)", LETTER_VALIDATED),
    (
        (
            r"(dynamiques?|dynamique .*|pre ?projets?|avant projet|emergen\w+|en emergence|idee"
            r"|en reflexion|reflexion|initiative|en projet|projet|prefiguration)"
        ),
        DYNAMIC,
    ),
)
# The wordings before it tell what is under way.
_FIRST_REACHED = 5
_STAGES = tuple((re.compile(wording), slug) for wording, slug in _STAGE_WORDINGS)


# Said of a step that has not been taken; of one that was given up.
_PLANNED = re.compile(
    r"\b(prevu\w*|prevision\w*|envisag\w*|report\w*|imminent\w*|attente|attendu\w*|a valider"
    r"|a venir|a deposer|a creer|programm\w*|planifi\w*|futur\w*|prochain\w*|souhait\w*"
    r"|objectif|horizon|d ici|bientot|sera|seront|va|vont|doit|quasi\w*|presque|en passe)\b"
)
_GIVEN_UP = re.compile(
    r"\b(abandon\w*|annul\w*|arret\w*|caduc\w*|dissou\w*|resili\w*|suspen\w*|renonc\w*|rompu\w*"
    r"|cesse\w*|termine\w*)\b"
)
# What a part says that is about the time of a step, and names none itself.
_TIME = re.compile(
    r"prevu\w*|prevision\w*|envisag\w*|report\w*|imminent\w*|(en )?attente|attendu\w*|a venir"
    r"|a valider|programm\w*|planifi\w*|futur\w*|prochain\w*|souhait\w*|objectif|horizon|d ici"
    r"|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|(1er|1ere|[2-4]e|[2-4]eme|premier|second|dernier) (trimestre|semestre)|trimestre"
    r"|semestre|[ts]\d|debut|fin|courant|annee|pour|le|la|l|en|au|a|du|de|d|vers|mi|des|\d+(er)?"
)
# A step that is named otherwise than as a stage: « signature », « dépôt du projet ».
_STEP = re.compile(
    r"\b(aci|contrat|projet|ps|lettre|li|association|asso|depot|deposer|depose"
    r"|renouvel\w*|avenants?)\b"
)
_SIGNING = re.compile(r"\bsign\w+\b")
_DONE = re.compile(r"\b(signee?s?|valide\w*|creee?s?|conclu\w*|depuis)\b")
_DOUBTED = re.compile(r"\?\s*$|\s\?")
_SEASON = re.compile(
    r"\b(janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|trimestre|semestre|[ts]\d|debut|fin|courant|mi)\b"
)
_YEAR = re.compile(r"\b(20\d\d)\b")


@dataclass(frozen=True)
class StageReading:
    """What a text says of a stage.

    `slug` is the most advanced that is reached, None when the words tell none; `planned`
    lists what is said of steps that are not taken yet, as it was written; `given_up` tells
    that a step was abandoned, so that no stage can be taken from the text.
    """

    slug: str | None
    planned: tuple[str, ...] = ()
    given_up: bool = False


def stage_of(text: str, on: date | None = None) -> str | None:
    """Give the slug of a stage as `read_stage` finds it, None when the words say no stage."""
    return read_stage(text, on).slug


def read_stage(text: str, on: date | None = None) -> StageReading:
    """Read a stage as people write it.

    Of several (« LI validée - PS en cours ») the most advanced that is reached counts.
    « ACI en négociation » is `projet_sante_valide`: the health project is validated and
    the contract is not signed. A letter that is only deposited leaves the CPTS at
    `dynamique_identifiee` (a letter counts once validated). What is planned, awaited or
    dated after `on` (None: no date is judged) has not been reached; what was abandoned is
    no stage (domain: « What is not known »).
    """
    slug = words_of(text).replace(" ", "_")
    if slug in STAGES and not _DOUBTED.search(text):
        return StageReading(slug)
    reached: list[str] = []
    planned: list[str] = []
    is_next_ahead = is_done = False
    for part in re.split(r"[(),;/+\n:]|\s[-–]\s", _with_plain_dates(text)):
        words = words_of(part)
        if _GIVEN_UP.search(words):
            return StageReading(None, given_up=True)
        if _DOUBTED.search(part):
            return StageReading(None)
        key = re.sub(r"^((stade|etape|phase|niveau) )?\d+( |$)", "", words)
        key = re.sub(r"( (le|en|depuis|du|au))?( \d+)+( \w+ \d{4})?$", "", key)
        if _says_only_when(words) or key.replace(" ", "").isdigit() or not key:
            # « ACI (prévu) », « ACI (01/01/2031) », « 2031 : ACI »: about the step before it,
            # else the one after.
            is_ahead = _lies_ahead(part, on) or _PLANNED.search(words)
            if is_ahead or (reached and not is_done and _has_no_year(words)):
                planned.append(text.strip() if reached else part.strip())
                is_next_ahead = not reached
                reached[-1:] = []
            continue
        position = next(
            (i for i, (pattern, _) in enumerate(_STAGES) if pattern.fullmatch(key)), None
        )
        is_reached = position is None or position >= _FIRST_REACHED
        if is_next_ahead or _lies_ahead(part, on) or (is_reached and _PLANNED.search(words)):
            planned.append(part.strip())
            is_next_ahead = False
            if position is None and _is_about(words, reached):
                # « ACI : signature le 15/01/2031 », « ACI signé (effet au 01/01/2031) ».
                reached.pop()
        elif position is None:
            return StageReading(None)
        elif _STAGES[position][1]:
            reached.append(_STAGES[position][1])
        is_done = _DONE.search(words) is not None
    return StageReading(max(reached, key=order_of, default=None), tuple(planned))


_DATED = (
    (re.compile(r"\b(aci|contrat\w*|sign\w+|convention\w*)\b"), CONTRACT_SIGNED),
    (re.compile(r"\b(projet|ps)\b"), PROJECT_VALIDATED),
    (re.compile(r"\b(lettre|li|intention)\b"), LETTER_VALIDATED),
    (re.compile(r"\b(association|asso|creation)\b"), ASSOCIATION_CREATED),
)


def dated_stage(header: str) -> str:
    """Give the stage whose date a column holds: « Date de signature », "" for any stage's."""
    words = words_of(header)
    return next((slug for pattern, slug in _DATED if pattern.search(words)), "")


def _is_about(words: str, reached: list[str]) -> bool:
    """Whether what lies ahead is said of the step before, rather than names one of its own."""
    if not reached or _STEP.search(words):
        return False
    return reached[-1] == CONTRACT_SIGNED or not _SIGNING.search(words)


def _has_no_year(words: str) -> bool:
    """Whether a time of the year is told without a year: it may lie ahead."""
    return _SEASON.search(words) is not None and not _YEAR.search(words)


def _says_only_when(words: str) -> bool:
    # Phrases can be read in two ways: what one took is not tried again in the other.
    return re.fullmatch(rf"(?>(?:{_TIME.pattern})(?: |$))+", words) is not None


def _with_plain_dates(text: str) -> str:
    """Write dates without the signs at which a text is cut."""
    return re.sub(
        r"\b(\d{1,2})[/.\-](\d{1,2})[/.\-]((?:20)?\d\d)\b",
        lambda found: f"20{found[3][-2:]}-{found[2]:0>2}-{found[1]:0>2}",
        text,
    )


def _lies_ahead(text: str, on: date | None) -> bool:
    if on is None:
        return False
    day = date_of(text)
    if day is not None:
        return day > on
    years = [int(year) for year in _YEAR.findall(text)]
    return bool(years) and min(years) > on.year
