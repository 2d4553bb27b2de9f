"""How headers word what a column holds: the vocabulary, without any judgement.

Headers are compared as `app.files.words.words_of` reduces them.
"""

import re
from enum import StrEnum


class Role(StrEnum):
    """What a column holds; the value is the name that `--column` takes."""

    NAME = "name"
    ACRONYM = "acronym"
    FINESS = "finess"
    COMMUNE = "commune"
    CODE = "code"
    POSTCODE = "postcode"
    DISTRICT = "district"
    EPCI = "epci"
    # A part of the commune: its IRIS code, its name.
    IRIS = "iris"
    QUARTER = "quarter"
    DEPARTMENT = "department"
    STAGE = "stage"
    SINCE = "since"
    WEBSITE = "website"
    EMAIL = "email"
    PHONE = "phone"
    THEMES = "themes"
    # Whether the row's commune is in the CPTS: « Retirée », « À venir ».
    MEMBERSHIP = "membership"


PERSON = re.compile(
    r"\b(presiden\w*|coordonn?at(eur|rice|ric|ors?)\w*|coordinat(eur|rice|ors?)\w*|coord|prenoms?"
    r"|tresori\w*|secretaires?|referent\w*|directeurs?|directrices?|interlocut\w*"
    r"|responsables?|charge e?|animat(eur|rice)\w*|leaders?|porteurs?|portable|mobile)\b"
)
# Numbers about a territory, not its name.
FIGURE = re.compile(
    r"\b(nb|nbre|nombre|population|pop|habitants|surface|superficie|taille|tranche|part"
    r"|epci|siren|siret|region|canton|iris|qpv|longueur|area|perimetre)\b"
)

# A stage that is planned, or was another's time, and what is dated beside a stage.
NOT_THE_STAGE = re.compile(
    r"\b(prevu\w*|prevision\w*|visee?|cible|objectif|envisag\w*|souhait\w*|prochain\w*"
    r"|futur\w*|anterieur\w*|precedent\w*|ancien(ne)?|initiale?|suivante?|attendue?)\b"
)
NOT_ITS_DATE = re.compile(
    rf"{NOT_THE_STAGE.pattern}|\b(renouvel\w*|avenants?|resili\w*|fin|echeances?|expir\w*"
    r"|depots?|retraits?|sortie|abandon|report\w*|mise|maj|statuts|revision|demande)\b"
)

# From the surest wording to the least sure: the first pattern that a header matches
# gives its role, and of two headers of one role the surer is kept.
WORDINGS: tuple[tuple[Role, str], ...] = (
    (Role.FINESS, r".*\bfiness\b.*|finess(ej|et|geo)?"),
    (
        Role.POSTCODE,
        (
            r"((codes?|cod) ?)?(postal(e|es|s)?|postaux)( (de la )?commune)?|cp|c p"
            r"|cod ?post"
        ),
    ),
    (Role.DISTRICT, r"(numero (d |de l )?)?(arrondissement|arrdt)( municipal)?"),
    (Role.IRIS, r"((codes?|numero) )?(de l )?iris( code)?|dcomiris"),
    (
        Role.QUARTER,
        r"(noms? |libelles? |lib )?(de l |du )?(iris|quartiers?)( (noms?|lib|libelle))?",
    ),
    (
        Role.EPCI,
        (
            r"(code |nom |libelle |lib |siren )?(de l )?(epci|intercommunalite)"
            r"( nom| code| siren)?"
        ),
    ),
    (
        Role.MEMBERSHIP,
        (
            r"(statut|etat|situation|rattachement)( de la| des)? communes?"
            r"|commune (statut|etat|integree|rattachee)"
        ),
    ),
    (
        Role.SINCE,
        (
            r"date|dates?( de| du| d| de l| de la)?( prise d)?"
            r" (stade|statut|etape|avancement|effet|etat|signature|validation)( .*)?"
            r"|(stade|statut|etape|avancement)( de)? date|depuis( le)?|stage since"
        ),
    ),
    (
        Role.CODE,
        (
            r"(codgeo|depcom|insee com|cog) (19|20)\d\d"
            r"|(code |codes |cod |num |numero |n )?(commune )?(insee|cog|depcom|codgeo|codcom)"
            r"( (com|commune|communes|de la commune))?|code commune insee"
        ),
    ),
    (
        Role.CODE,
        (
            r"(code|codes|cod|num|numero|n) (insee |officiel )?(de la |de |des )?"
            r"(com|commune|communes|geo|geographique)( insee)?|com code|com insee"
            r"|insee code"
            r"|insee (com|commune)|code officiel geographique|(com|commune|communes) code"
            r"|code officiel (de la )?commune( .*)?|com|communes? insee|codes? communes?"
        ),
    ),
    (
        Role.DEPARTMENT,
        (
            r"(code |num |numero |n )?(de )?(departements?|dept|dpts?|dep)"
            r"( (code|insee|num))?|(insee |code )?(dep|department)( code)?"
        ),
    ),
    (
        Role.DEPARTMENT,
        (
            r"(nom |libelle |lib )?(du )?(departement|dept|dpt|dep|de departement)"
            r"( (nom|lib))?|departement\w* principal"
        ),
    ),
    (
        Role.NAME,
        (
            r"cpts|((nom|lib|libelle)( de)?( la)? )?communautes? professionnelles?"
            r" territoriales?( de sante)?( cpts)?"
            r"|(nom|lib|libelle|intitule|denomination|designation)( de)?( la| des| du)?"
            r"( projet( de)?)? ?cpts|cpts (nom|name|lib|libelle|intitule)|nom ?cpts"
            r"|cpts (de |d )?(rattachement|appartenance|affectation|concernee|couvrante"
            r"|rattachee)|cpts (couvrant|de) la commune|rattachement( a)?( la| une)? cpts"
            r"|(nom|lib|libelle) cpts (19|20)\d\d"
            r"|nom du projet|projet( de)? cpts|cpts et projets( de cpts)?"
        ),
    ),
    (
        Role.COMMUNE,
        (
            r"(nom |libelle |lib |liste )?(de la |de |des |du )?(commune|communes)"
            r"( (nom|name|lib|libelle|concernees?|couvertes?|de la cpts|du territoire"
            r"|membres|cpts))?|nom com|lib ?com|libgeo|com (nom|name)|villes?"
            r"|communes? s|nom commune (insee|complet|majuscules?|m)|nom com m|localites?"
            r"|municipalites?|villes? communes?|communes? villes?|ncc|nccenr|nom standard"
            r"|lib(elle)? (com|geo) (19|20)\d\d|libgeo (19|20)\d\d"
            r"|communes? (rattachees?|composant .*|appartenant .*|adherentes?|incluses?)"
            r"|(nom )?(officiel )?(de la )?communes?( arrondissements?)( .*)?"
            r"|nom officiel (de la )?communes?( .*)?|arrondissements?( ou)? communes?"
            r"|liste (des |de )?(communes?|territoires?)( .*)?"
            r"|communes? (du|de la|des|couvertes? par|dans) .*"
        ),
    ),
    (
        Role.STAGE,
        (
            r"(stade|avancement|statut|etat|etape|maturite|phase)( (?!.*(jurid|commune)).*)?"
            r"|stage"
            r"|niveau (d |de )?(avancement|maturite)|(.* )?(avancement|stade)"
        ),
    ),
    (
        Role.EMAIL,
        (
            r"(adresse )?(e ?mail|mail|mel|courriel|bal|messagerie)s?( .*)?|adresse "
            r"(electronique|de messagerie)|boite (mail|generique).*|.* (mail|courriel)"
        ),
    ),
    (
        Role.WEBSITE,
        (
            r"site|sites|site (internet|web|www).*|site inter.*|url.*|web|www|website"
            r"|adresse (internet|web)|lien( .*)?|page web"
        ),
    ),
    (Role.EMAIL, r"contacts?( .*)?"),
    (Role.PHONE, r"(numero (de )?)?(tel|telephone|standard|phone)( (de la )?cpts| fixe)?"),
    (Role.THEMES, r"(thematiques?|themes?)( .*)?"),
    (Role.ACRONYM, r"sigle|acronyme|sigle cpts|nom court"),
    (Role.COMMUNE, r"territoires?( .*)?|composition( .*)?|perimetre communal"),
    (
        Role.NAME,
        (
            r"nom|name|denomination|raison sociale|intitule|libelle|label|designation"
            r"|nom (de la )?(structure|association)|nom long|nom complet"
        ),
    ),
)
# Where an association is at home, not what its territory is.
SEAT = re.compile(r"\b(villes?|sieges?|adresses?|implantation|localisation|domiciliation)\b")
ADDRESS = re.compile(r"\b(adresse( postale)?|rue|voie|siege( social)?)\b")
NO_ADDRESS = re.compile(r"\b(mail|e mail|electronique|internet|web|site|messagerie)\b")
# A territory whatever its cells hold.
WHOLE_TERRITORY = re.compile(r"\b(territoires?|liste|composition|communes|perimetre)\b")
# dBASE keeps ten signs of a field's name.
DBF_LENGTH = 10
LONG_NAMES: tuple[tuple[Role, str], ...] = (
    (Role.NAME, "nom_de_la_cpts"), (Role.NAME, "denomination_cpts"),
    (Role.NAME, "libelle_cpts"), (Role.NAME, "communaute_professionnelle"),
    (Role.CODE, "code_commune"), (Role.CODE, "code_insee_commune"),
    (Role.CODE, "insee_commune"),
    (Role.COMMUNE, "nom_commune"), (Role.COMMUNE, "libelle_commune"),
    (Role.COMMUNE, "liste_communes"), (Role.COMMUNE, "communes_cpts"),
    (Role.DEPARTMENT, "departement"), (Role.DEPARTMENT, "code_departement"),
    (Role.DEPARTMENT, "nom_departement"), (Role.STAGE, "stade_avancement"),
    (Role.STAGE, "avancement_projet"), (Role.SINCE, "date_du_stade"),
    (Role.POSTCODE, "code_postal"), (Role.WEBSITE, "site_internet"),
    (Role.PHONE, "telephone_cpts"), (Role.THEMES, "thematiques"),
)  # fmt: skip
# Roles whose headers may well hold a word of `FIGURE`.
BY_NUMBER = frozenset({Role.FINESS, Role.EPCI, Role.IRIS, Role.QUARTER})
PATTERNS = tuple((role, re.compile(wording)) for role, wording in WORDINGS)

# Of communes or of CPTS: what stands beside tells.
BARE_NAMES = frozenset({"nom", "name", "libelle", "lib", "label", "intitule", "denomination"})
BARE_CODES = frozenset({"code", "codes", "id"})
