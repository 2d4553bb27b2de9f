-- The units of a day, with what was theirs then: population, holder. Of a divided commune its parts.
SELECT
    CAST(:day AS date) AS shown_on,
    m.code, m.name, m.kind, m.city_code AS city, m.epci_code AS epci,
    m.department_code AS department, m.region_code AS region,
    n.population, n.year AS population_year,
    ARRAY(
        SELECT p.postcode FROM commune_postcode p WHERE p.commune_code = m.code ORDER BY p.postcode
    ) AS postcodes,
    h.cpts_id, c.name AS cpts_name, s.slug AS cpts_stage,
    m.geom AS geometry,
    CASE CAST(:detail AS text)
        WHEN 'national' THEN m.geom_country
        WHEN 'region' THEN m.geom_region
        WHEN 'department' THEN m.geom_department
        ELSE m.geom
    END AS drawn
FROM unit_on(CAST(:day AS date)) m
CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
LEFT JOIN cpts c ON c.id = h.cpts_id
LEFT JOIN LATERAL cpts_stage_on(h.cpts_id, CAST(:day AS date)) s ON true
