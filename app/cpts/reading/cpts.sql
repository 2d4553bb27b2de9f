-- CPTS as of a day, each with its public properties, in the order of the ids asked for.
WITH page AS (
    -- A CPTS is shown on any day, even one that ended on its first.
    SELECT p.id, p.position, s.slug, s.label, s.since, s.recorded_on
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS p (id, position)
    LEFT JOIN LATERAL cpts_stage_on(p.id, CAST(:day AS date)) s ON true
), updated AS (
    -- By bounds: the planner would copy the list into every branch.
    SELECT u.cpts_id, u.updated_at
    FROM cpts_updated_at(CAST(:today AS date)) u
    WHERE u.cpts_id BETWEEN CAST(:lowest AS bigint) AND CAST(:highest AS bigint)
), described AS (
    SELECT
        p.position, p.id, c.ended_on, t.commune_codes,
        (
            SELECT row_to_json(properties)::text
            FROM (
                SELECT
                    c.id, c.name, c.acronym, c.finess,
                    p.slug AS stage, p.label AS stage_label, p.since AS stage_since,
                    p.recorded_on AS stage_recorded_on,
                    coalesce(t.population, 0) AS population,
                    t.population_year, t.population_note, t.tier,
                    coalesce(t.commune_count, 0) AS commune_count,
                    coalesce(t.departments, '{}') AS departments,
                    coalesce(t.regions, '{}') AS regions,
                    t.lead_department,
                    (
                        SELECT ('[' || coalesce(
                            string_agg(row_to_json(h)::text, ',' ORDER BY h_rank), '') || ']')::json
                        FROM (
                            SELECT e.rank AS h_rank, e.slug, e.label, e.mission_slug AS mission
                            FROM cpts_theme k JOIN theme e ON e.slug = k.theme_slug
                            WHERE k.cpts_id = c.id
                        ) ranked
                        CROSS JOIN LATERAL (SELECT ranked.slug, ranked.label, ranked.mission) h
                    ) AS themes,
                    c.website, c.email, c.phone, c.address, c.demonstration,
                    (
                        SELECT ('[' || coalesce(
                            string_agg(row_to_json(n)::text, ',' ORDER BY n.effective_on, n.letter),
                            '') || ']')::json
                        FROM (
                            SELECT
                                k.letter_id AS letter, k.effective_on,
                                coalesce(array_agg(k.commune_code ORDER BY k.commune_code)
                                    FILTER (WHERE k.change = 'add'), '{}') AS add,
                                coalesce(array_agg(k.commune_code ORDER BY k.commune_code)
                                    FILTER (WHERE k.change = 'withdraw'), '{}') AS withdraw
                            FROM planned_change k
                            WHERE k.cpts_id = c.id
                                AND k.effective_on > greatest(CAST(:day AS date), CAST(:today AS date))
                            GROUP BY k.letter_id, k.effective_on
                        ) n
                    ) AS planned,
                    to_char(u.updated_at AT TIME ZONE 'UTC',
                        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS updated_at
            ) properties
        ) AS properties,
        CASE CAST(:detail AS text)
            WHEN 'national' THEN ST_AsGeoJSON(t.geom_country, 4, 0)
            WHEN 'region' THEN ST_AsGeoJSON(t.geom_region, 5, 0)
            WHEN 'department' THEN ST_AsGeoJSON(t.geom_department, 6, 0)
            WHEN 'full' THEN ST_AsGeoJSON(t.geom, 6, 0)
        END AS geometry
    FROM page p
    JOIN cpts c ON c.id = p.id
    JOIN updated u ON u.cpts_id = p.id
    LEFT JOIN cpts_territory t ON t.cpts_id = p.id AND t.held @> CAST(:day AS date)
)
SELECT d.id, d.properties, d.geometry, d.ended_on,
    CASE WHEN CAST(:with_communes AS boolean) THEN (
        SELECT '[' || coalesce(string_agg(row_to_json(held)::text, ',' ORDER BY held.code), '') || ']'
        FROM (
            SELECT m.code, m.name, n.population
            FROM commune m
            CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
            WHERE m.code = ANY (d.commune_codes)
        ) held
    ) END AS communes
FROM described d
ORDER BY d.position
