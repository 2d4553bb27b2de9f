"""The words of a note, explained at its end for whoever was not there."""

DEFINITIONS = (
    (
        "Commune tenue",
        (
            "Une commune n’appartient qu’à une seule CPTS. Elle est tenue du jour où la CPTS "
            "la déclare jusqu’à ce qu’elle la quitte ; les prises d’effet à venir comptent "
            "aussi."
        ),
    ),
    (
        "Bloquant, disputé",
        (
            "Une CPTS dont la lettre d’intention est validée est reconnue : ses communes "
            "bloquent un nouveau projet. Une dynamique identifiée ne l’est pas encore : ses "
            "communes sont seulement disputées."
        ),
    ),
    (
        "Taille",
        (
            "Déterminée par la population municipale (INSEE) du territoire, selon le barème "
            "conventionnel en vigueur au jour d’effet."
        ),
    ),
    (
        "Enclave",
        (
            "Communes que personne ne tient et dont tous les voisins terrestres sont dans le "
            "territoire demandé : elles n’auraient plus d’autre CPTS à rejoindre."
        ),
    ),
    (
        "Morceau, île",
        (
            "Un territoire d’un seul tenant se parcourt par des frontières communes. Une île "
            "forme un morceau par nature ; cela ne lui est pas reproché."
        ),
    ),
    (
        "Portée",
        (
            "Cette note dit l’état du registre à sa date. Elle ne vaut ni dépôt d’une lettre "
            "d’intention ni décision de l’ARS et de l’Assurance Maladie."
        ),
    ),
)
