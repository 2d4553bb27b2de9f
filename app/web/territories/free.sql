-- The communes of a region or a department that nobody holds on a day, the largest first.
SELECT m.code, m.name, m.department_code AS department, n.population
FROM unit_on(CAST(:day AS date)) m
CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
WHERE m.department_code IN (
        SELECT d.code FROM department d WHERE d.code = :department OR d.region_code = :region)
    AND NOT EXISTS (
        SELECT FROM claim h WHERE h.commune_code = m.code AND h.held @> CAST(:day AS date))
ORDER BY n.population DESC, m.code
LIMIT :limit OFFSET :offset
