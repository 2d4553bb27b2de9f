SELECT
    c.id, c.name, c.acronym, c.finess,
    s.slug AS stage, s.label AS stage_label, s.since AS stage_since,
    s.recorded_on AS stage_recorded_on,
    coalesce(t.population, 0) AS population, t.population_year, t.population_note, t.tier,
    coalesce(t.commune_count, 0) AS commune_count,
    coalesce(t.departments, '{}') AS departments, coalesce(t.regions, '{}') AS regions,
    t.lead_department,
    ARRAY(
        SELECT e.slug FROM cpts_theme k JOIN theme e ON e.slug = k.theme_slug
        WHERE k.cpts_id = c.id ORDER BY e.rank
    ) AS themes,
    c.website, c.email, c.phone, c.address, c.demonstration, c.started_on, c.ended_on,
    (
        SELECT u.updated_at FROM cpts_updated_at(CAST(:today AS date)) u WHERE u.cpts_id = c.id
    ) AS updated_at,
    t.geom AS geometry,
    CASE CAST(:detail AS text)
        WHEN 'national' THEN t.geom_country
        WHEN 'region' THEN t.geom_region
        WHEN 'department' THEN t.geom_department
        ELSE t.geom
    END AS drawn
FROM cpts c
LEFT JOIN LATERAL cpts_stage_on(c.id, CAST(:day AS date)) s ON true
LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> CAST(:day AS date)
WHERE c.started_on <= CAST(:day AS date)
    AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
