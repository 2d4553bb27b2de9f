-- The communes of a department with who holds them, from a day on, and whether a pending
-- letter asks for them. A claim that only starts later counts: it stands in the way too.
WITH held AS (
    SELECT DISTINCT ON (h.commune_code) h.commune_code, h.cpts_id, lower(h.held) AS since
    FROM claim h JOIN commune c ON c.code = h.commune_code
    WHERE c.department_code = :department AND h.held && daterange(CAST(:day AS date), NULL)
    ORDER BY h.commune_code, lower(h.held)
), described AS (
    SELECT c.code, c.geom_department, c.name, n.population, h.cpts_id, s.slug AS stage,
        EXISTS (
            SELECT FROM letter_commune a JOIN letter l ON l.id = a.letter_id
            WHERE a.commune_code = c.code AND a.part = 'asked'
              AND l.state = ANY (CAST(:pending AS text[]))
        ) AS asked
    FROM unit_on(CAST(:day AS date)) c
    CROSS JOIN LATERAL commune_population_on(c.code, :day) n
    LEFT JOIN held h ON h.commune_code = c.code
    LEFT JOIN LATERAL cpts_stage_on(h.cpts_id, greatest(h.since, :day)) s ON true
    WHERE c.department_code = :department
)
SELECT
    coalesce((
        SELECT json_object_agg(p.id, json_build_object(
            'name', p.name, 'demonstration', p.demonstration))::text
        FROM cpts p WHERE p.id IN (SELECT h.cpts_id FROM held h)
    ), '{}') AS holders,
    coalesce((
        SELECT string_agg(
            '{"type":"Feature","id":' || to_json(d.code) || ',"geometry":'
            || ST_AsGeoJSON(ST_ForcePolygonCCW(d.geom_department), 5, 0)
            || ',"properties":' || json_build_object(
                'code', d.code, 'name', d.name, 'population', d.population,
                'cpts', d.cpts_id, 'stage', d.stage, 'asked', d.asked,
                'complete', EXISTS (
                    SELECT FROM department_completeness k
                    WHERE k.department_code = :department
                      AND k.complete @> CAST(:day AS date))) || '}',
            ',' ORDER BY d.code)
        FROM described d
    ), '') AS features
