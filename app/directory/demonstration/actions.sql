-- What they did on up to five of the themes that they work on.
INSERT INTO cpts_action (cpts_id, position, theme_slug, state, year, text, links)
SELECT k.cpts_id, k.position, k.theme_slug, s.state,
    CAST(extract(year FROM CAST(:today AS date)) AS integer)
        - CASE s.state WHEN 'realise' THEN 1 + k.draw % 3 WHEN 'en_cours' THEN 0 ELSE -1 END,
    'Action fictive. ' || CASE s.state
        WHEN 'realise' THEN 'Un parcours a été écrit et mis en œuvre avec l’hôpital ; '
            || 'un bilan et des fiches de liaison sont disponibles.'
        WHEN 'en_cours' THEN 'Un groupe de travail se réunit chaque mois : repérage, '
            || 'orientation et suivi des patients, avec un annuaire des ressources.'
        ELSE 'Une enquête auprès des professionnels prépare un plan d’action et des formations.'
    END,
    CASE WHEN s.state = 'realise'
         THEN ARRAY['https://demonstration.example/documents/' || k.theme_slug] ELSE '{}' END
FROM (
    SELECT t.cpts_id, t.theme_slug, abs(hashtext(t.theme_slug || t.cpts_id)) AS draw,
           row_number() OVER (PARTITION BY t.cpts_id ORDER BY hashtext(t.theme_slug || t.cpts_id))
               AS position
    FROM cpts_theme t WHERE t.cpts_id = ANY (CAST(:ids AS bigint[]))
) k
CROSS JOIN LATERAL (
    SELECT (ARRAY['realise', 'realise', 'en_cours', 'en_projet'])[1 + k.draw % 4] AS state
) s
WHERE k.position <= 5
