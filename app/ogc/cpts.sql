-- Whatever exists at some time of the days asked for, each as of that day among them, and of its
-- own, which is nearest to the one shown.
SELECT
    d.day AS shown_on,
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
CROSS JOIN LATERAL (
    SELECT greatest(
        least(CAST(:day AS date), CAST(:last_day AS date), c.ended_on - 1),
        CAST(:first_day AS date), c.started_on
    ) AS day
) d
LEFT JOIN LATERAL cpts_stage_on(c.id, d.day) s ON true
LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> d.day
WHERE c.started_on <= CAST(:last_day AS date)
    AND (c.ended_on IS NULL OR greatest(CAST(:first_day AS date), c.started_on) < c.ended_on)
