"""Under which licence the registry is published, and what it is made from."""

LICENCE = {
    "name": "etalab-2.0",
    "title": "Licence Ouverte / Open Licence 2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
}
SOURCES = (
    {"title": "Registre des CPTS de ce service"},
    {
        "title": "IGN, ADMIN EXPRESS (contours des communes)",
        "path": "https://geoservices.ign.fr/adminexpress",
    },
    {
        "title": "INSEE, code officiel géographique et populations municipales",
        "path": "https://www.insee.fr/fr/information/2560452",
    },
)
