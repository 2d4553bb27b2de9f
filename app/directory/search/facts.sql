-- What the directory filters and sorts the CPTS of a day by, in the order of their names.
SELECT
    c.id, coalesce(t.population, 0) AS population, CAST(t.tier AS text) AS tier, s.slug AS stage,
    coalesce(t.regions, '{}') AS regions, coalesce(t.departments, '{}') AS departments,
    coalesce(e.declared_themes, '{}') AS declared, coalesce(e.themes, '{}') AS themes,
    coalesce(e.planned_themes, '{}') AS en_projet, coalesce(e.current_themes, '{}') AS en_cours,
    coalesce(e.done_themes, '{}') AS realise, h.members_count, h.confirmed_on,
    c.search_words AS named,
    coalesce(n.names, '') AS communes
FROM cpts c
LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> CAST(:day AS date)
LEFT JOIN LATERAL cpts_stage_on(c.id, CAST(:day AS date)) s ON true
LEFT JOIN directory_entry e ON e.cpts_id = c.id
LEFT JOIN cpts_sheet h ON h.cpts_id = c.id
LEFT JOIN (
    -- Of every day's name of its communes: « | saint denis | lille | ».
    SELECT h.cpts_id, '| ' || string_agg(m.key, ' | ') || ' |' AS names
    FROM claim h JOIN commune_name m ON m.commune_code = h.commune_code
    WHERE h.held @> CAST(:day AS date) GROUP BY h.cpts_id
) n ON n.cpts_id = c.id
WHERE c.started_on <= CAST(:day AS date) AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
ORDER BY c.name_key, c.name, c.id
