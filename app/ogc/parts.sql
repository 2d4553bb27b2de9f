-- The parts of divided communes that are units on a day, with what was theirs then.
SELECT
    CAST(:day AS date) AS shown_on,
    m.code, m.name, m.quarter, m.city_code AS city, t.name AS city_name,
    m.department_code AS department, m.region_code AS region,
    n.population, n.year AS population_year,
    (
        SELECT d.population_by FROM division_part p JOIN division d ON d.id = p.division_id
        WHERE p.part_code = m.code ORDER BY d.id DESC LIMIT 1
    ) AS population_by,
    h.cpts_id, c.name AS cpts_name, s.slug AS cpts_stage,
    m.geom AS geometry,
    CASE CAST(:detail AS text)
        WHEN 'national' THEN m.geom_country
        WHEN 'region' THEN m.geom_region
        WHEN 'department' THEN m.geom_department
        ELSE m.geom
    END AS drawn
FROM unit_on(CAST(:day AS date)) m
JOIN city t ON t.code = m.city_code
CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
LEFT JOIN cpts c ON c.id = h.cpts_id
LEFT JOIN LATERAL cpts_stage_on(h.cpts_id, CAST(:day AS date)) s ON true
WHERE m.kind = 'part'
