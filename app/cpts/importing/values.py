"""What the cells of a listing say: department, stage, date, site, mailbox, number.

Nothing is guessed: what cannot be read gives None, and the caller says so.
"""

import re
from datetime import date
from urllib.parse import urlsplit

from app.files.words import words_of
from app.geography.evidence import districts

DYNAMIQUE = "dynamique_identifiee"
LETTRE = "lettre_intention_validee"
ASSOCIATION = "association_creee"
PROJET = "projet_sante_valide"
ACI = "aci_signe"

_STAGE_ORDER = (DYNAMIQUE, LETTRE, ASSOCIATION, PROJET, ACI)

_NOTHING = frozenset(
    {
        "",
        "0",
        "neant",
        "non",
        "aucun",
        "aucune",
        "na",
        "n a",
        "nc",
        "nr",
        "x",
        "sans",
        "sans objet",
        "so",
        "en cours",
        "a venir",
        "non renseigne",
    }
)

# In this order: what is only under way must not be taken for what it will become.
_STAGE_WORDINGS: tuple[tuple[str, str], ...] = (
    (
        r"(.* )?(aci|contrat)\b.*\b(negociation|en cours|a signer|a venir|non signee?)( .*)?",
        PROJET,
    ),
    (r"(en |phase de )?(cours de )?negociation( .*)?", PROJET),
    (
        (
            r"(lettre d intention|lettre|li|l i)\b.*\b(depose|deposee|en cours|redaction"
            r"|instruction|ecriture|attente"
            r"|transmise|recue|non validee|a venir|refusee)( .*)?"
        ),
        DYNAMIQUE,
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
        ACI,
    ),
    (
        (
            r"(cpts )?(en fonctionnement|fonctionnel\w*|en activite|active|operationnel\w*"
            r"|en exercice|signee?|mise en oeuvre)"
        ),
        ACI,
    ),
    (r"(projet de sante|ps|p s)( (est )?(validee?|approuve|accepte))?( .*valide\w*)?", PROJET),
    (r"valid\w+ (du |de )?(projet de sante|ps)", PROJET),
    (
        (
            r"(association( loi 1901)?|asso)( (creee|constituee|declaree|existante))?"
            r"|creation de l association"
        ),
        ASSOCIATION,
    ),
    (
        r"(lettre d intention|lettre|li|l i)( (est )?(validee?|acceptee?|approuvee?|signee?))?",
        LETTRE,
    ),
    (r"valid\w+ (de )?(la )?(lettre d intention|li)", LETTRE),
    (
        (
            r"(dynamiques?|dynamique .*|pre ?projets?|avant projet|emergen\w+|en emergence|idee"
            r"|en reflexion|reflexion|initiative|en projet|projet|prefiguration)"
        ),
        DYNAMIQUE,
    ),
)
_STAGES = tuple((re.compile(wording), slug) for wording, slug in _STAGE_WORDINGS)


def stage_of(text: str) -> str | None:
    """Give the slug of a stage as people write it, None when the words say no stage.

    Of several (« LI validée - PS en cours ») the most advanced that is reached counts.
    « ACI en négociation » is `projet_sante_valide`: the health project is validated and
    the contract is not signed. A letter that is only deposited leaves the CPTS at
    `dynamique_identifiee` (a letter counts once validated).
    """
    slug = words_of(text).replace(" ", "_")
    if slug in _STAGE_ORDER:
        return slug
    reached: list[str] = []
    for part in re.split(r"[(),;/+\n:]|\s[-–]\s", text):
        key = re.sub(r"^((stade|etape|phase|niveau) )?\d+( |$)", "", words_of(part))
        key = re.sub(r"( (le|en|depuis|du|au))?( \d+)+( \w+ \d{4})?$", "", key)
        if not key:
            continue
        found = next((s for pattern, s in _STAGES if pattern.fullmatch(key)), None)
        if found is None:
            return None
        if found:
            reached.append(found)
    return max(reached, key=_STAGE_ORDER.index, default=None)


def department_of(text: str) -> str | None:
    """Give the code of a department written as « 4 », « 04 », « 2a » or « 04 - Alpes… ».

    Returns None for anything that does not begin with a code, a name among them.
    """
    found = re.match(r"\s*\(?\s*(\d{1,3}|2[abAB])(?![\w])", text)
    if found is None:
        return None
    code = found[1].upper()
    if code.isdigit() and len(code) == 3 and not code.startswith("97"):
        return code.lstrip("0").zfill(2) if code.startswith("0") else None
    return code.zfill(2)


def finess_of(text: str) -> str | None:
    """Give a FINESS number of nine signs, None when it is not one."""
    number = re.sub(r"[\s.\-]", "", text).upper()
    if re.fullmatch(r"\d{8}", number):
        number = "0" + number
    return number if re.fullmatch(r"\d[\dAB]\d{7}", number) else None


def says_nothing(text: str) -> bool:
    """Whether a cell stands for no value: empty, 0, « néant »…"""
    return words_of(text) in _NOTHING


def website_of(text: str) -> str | None:
    """Give the address of a site with its scheme, None when the text is no address.

    A cell may hold several: the first one counts. `cptslsto.fr` → `https://cptslsto.fr`.
    """
    words = text.split()
    if not words or says_nothing(text):
        return None
    first = words[0].rstrip(",;")
    if len(words) > 1 and not all(_address(word.rstrip(",;")) for word in words):
        return None
    return _address(first)


def _address(text: str) -> str | None:
    if "://" not in text and re.match(r"[a-z][a-z0-9+.\-]*:(?!\d)", text, re.IGNORECASE):
        return None
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    labels = host.split(".")
    if (
        parts.scheme.lower() not in ("http", "https")
        or "@" in parts.netloc
        or len(whole) > 500
        or re.search(r"[\"'<>`\\{}|\s]", whole)
        or len(labels) < 2
        or not all(re.fullmatch(r"[^\W_](?:[\w\-]*[^\W_])?", label) for label in labels)
        or not re.fullmatch(r"[a-z]{2,}", labels[-1])
    ):
        return None
    where = host if port is None else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{where}{parts.path}{query}"


def phone_of(text: str) -> str | None:
    """Give a French landline number as `04 12 34 56 78`; a mobile one is a person's."""
    found = re.search(r"(?:\+33|0033|0)[\s.\-]?(?:\(0\))?([1-589])((?:[\s.\-]?\d){8})", text)
    if found is None:
        return None
    digits = "0" + found[1] + re.sub(r"\D", "", found[2])
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))


def date_of(text: str) -> date | None:
    """Read a date written as 2024-03-01, 01/03/2024, 1.3.24 or 03/2024 (its first day)."""
    if found := re.search(r"\b((?:19|20)\d\d)-(\d{1,2})-(\d{1,2})\b", text):
        return _date(found[1], found[2], found[3])
    if found := re.search(r"\b(\d{1,2})[/.\-](\d{1,2})[/.\-]((?:20)?\d\d)\b", text):
        return _date(f"20{found[3][-2:]}", found[2], found[1])
    if found := re.fullmatch(r"\s*(\d{1,2})[/.\-](20\d\d)\s*", text):
        return _date(found[2], found[1], "1")
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


_ONE_SLASH = re.compile(r"[^;,\n•|/]+/[^;,\n•|/]+")


def cut_list(text: str) -> list[str]:
    """Cut a cell that lists communes at commas, semicolons, slashes and line ends.

    A bracket stays whole, « Garde, La » is one commune and so is « Bruges s/Mer ». So do the
    arrondissements of one city, and two names at one slash, which may be « sur »: what they
    mean is for whoever knows the communes.
    """
    if _ONE_SLASH.fullmatch(text) or districts.keys_in(text):
        return [text.strip()]
    parts = re.split(r"(?:[;,\n•|]|(?<!\bs)/)(?![^()]*\))", text)
    cut: list[str] = []
    for part in (part.strip(" .\t-") for part in parts):
        if cut and re.fullmatch(r"(?:l[ae]s?|l['’])", part, re.IGNORECASE):
            cut[-1] = f"{part}{cut[-1]}" if part[-1] in "'’" else f"{part} {cut[-1]}"
        elif part:
            cut.append(part)
    return cut
