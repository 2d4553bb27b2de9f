SELECT
    c.id AS cpts_id, c.name AS cpts_name, c.acronym AS cpts_acronym, c.finess AS cpts_finess,
    s.slug AS stage, s.label AS stage_label,
    m.code AS commune_code, m.name AS commune_name,
    m.department_code AS department, m.region_code AS region,
    n.population, n.year AS population_year, c.demonstration,
    lower(h.held) AS held_from, upper(h.held) AS held_until,
    ({stages}) AS stages,
    coalesce(m.city_code, m.code) AS city_code
FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS asked (id, position)
JOIN cpts c ON c.id = asked.id
JOIN claim h ON h.cpts_id = c.id AND h.held @> CAST(:day AS date)
JOIN commune m ON m.code = h.commune_code
CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
LEFT JOIN LATERAL cpts_stage_on(c.id, CAST(:day AS date)) s ON true
ORDER BY asked.position, m.code
