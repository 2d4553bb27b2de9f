-- The communes of a region or a department that nobody holds on a day, the largest first: a divided
-- one once, with the inhabitants of its free parts and how many parts there are.
WITH free AS (
    SELECT m.code, m.department_code, n.population,
        CASE WHEN m.kind = 'part' THEN m.city_code END AS city
    FROM unit_on(CAST(:day AS date)) m
    CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
    WHERE m.department_code IN (
            SELECT d.code FROM department d WHERE d.code = :department OR d.region_code = :region)
        AND NOT EXISTS (
            SELECT FROM claim h WHERE h.commune_code = m.code AND h.held @> CAST(:day AS date))
), listed AS (
    SELECT f.code, f.department_code, f.population,
        CAST(NULL AS bigint) AS quarters_free, CAST(NULL AS bigint) AS quarters
    FROM free f WHERE f.city IS NULL
    UNION ALL
    SELECT f.city, f.department_code, sum(f.population)::integer, count(*), (
        SELECT count(*) FROM unit_on(CAST(:day AS date)) p
        WHERE p.kind = 'part' AND p.city_code = f.city)
    FROM free f WHERE f.city IS NOT NULL GROUP BY f.city, f.department_code
)
SELECT l.code, c.name, l.department_code AS department, l.population, l.quarters_free, l.quarters
FROM listed l JOIN commune c ON c.code = l.code
ORDER BY l.population DESC, l.code
LIMIT :limit OFFSET :offset
