-- Sheets of four fictitious CPTS in five that have none; the same ones in every installation.
INSERT INTO cpts_sheet (cpts_id, presentation, members_count, confirmed_on, version)
SELECT c.id,
    'Fiche fictive, pour la démonstration. Cette CPTS réunit des professionnels de santé '
    || (ARRAY['libéraux et salariés', 'de ville et de l’hôpital', 'du premier et du second recours'])
       [1 + d.draw % 3]
    || ' autour de parcours communs. Son équipe de coordination anime des groupes de travail et des '
    || (ARRAY['soirées d’échange.', 'réunions de terrain.', 'formations communes.'])[1 + d.draw % 3],
    30 + d.draw % 190,
    CAST(:today AS date) - CAST(d.draw % 600 AS integer),
    1
FROM cpts c CROSS JOIN LATERAL (SELECT abs(hashtext(c.name)) AS draw) d
WHERE c.demonstration AND d.draw % 5 > 0
ON CONFLICT DO NOTHING
RETURNING cpts_id
