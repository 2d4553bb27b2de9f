-- A region or a department on a day: what the named CPTS hold of it, what nobody holds.
SELECT
    coalesce(sum(n.population), 0)::bigint AS population,
    coalesce(sum(n.population) FILTER (WHERE h.cpts_id = ANY (:ids)), 0)::bigint
        AS population_held,
    count(*) AS communes,
    count(*) FILTER (WHERE h.cpts_id = ANY (:ids)) AS communes_held,
    coalesce(sum(n.population) FILTER (WHERE h.cpts_id IS NULL), 0)::bigint
        AS population_free,
    count(*) FILTER (WHERE h.cpts_id IS NULL) AS communes_free,
    max(n.year) AS population_year
FROM unit_on(CAST(:day AS date)) m
CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
WHERE m.department_code IN (
    SELECT d.code FROM department d WHERE d.code = :department OR d.region_code = :region
)
