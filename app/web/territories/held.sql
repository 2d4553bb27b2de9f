-- A region or a department on a day: what the named CPTS hold of it, what nobody holds. A divided
-- commune counts once: as held when all its parts are, as free when one of them is.
WITH commune AS (
    SELECT
        sum(n.population) AS population,
        sum(n.population) FILTER (WHERE h.cpts_id = ANY (:ids)) AS population_held,
        sum(n.population) FILTER (WHERE h.cpts_id IS NULL) AS population_free,
        bool_and(coalesce(h.cpts_id = ANY (:ids), false)) AS held,
        bool_or(h.cpts_id IS NULL) AS free,
        max(n.year) AS year
    FROM unit_on(CAST(:day AS date)) m
    CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
    LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
    WHERE m.department_code IN (
        SELECT d.code FROM department d WHERE d.code = :department OR d.region_code = :region
    )
    GROUP BY CASE WHEN m.kind = 'part' THEN m.city_code ELSE m.code END
)
SELECT
    coalesce(sum(c.population), 0)::bigint AS population,
    coalesce(sum(c.population_held), 0)::bigint AS population_held,
    count(*) AS communes,
    count(*) FILTER (WHERE c.held) AS communes_held,
    coalesce(sum(c.population_free), 0)::bigint AS population_free,
    count(*) FILTER (WHERE c.free) AS communes_free,
    max(c.year) AS population_year
FROM commune c
