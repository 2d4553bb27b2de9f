-- The commune of today that a code leads to, the first of several: where it is, and which CPTS
-- holds it on a day. The name is that of what has the code, of a city or a former commune too.
SELECT
    f.name, ST_X(f.point) AS longitude, ST_Y(f.point) AS latitude,
    (SELECT h.cpts_id FROM claim h
     WHERE h.commune_code = f.code AND h.held @> CAST(:day AS date)) AS holder
FROM (
    SELECT k.code, k.name, ST_PointOnSurface(m.geom_country) AS point
    FROM (
        SELECT c.code, c.name, 1 AS rank FROM unit_on(CAST(:day AS date)) c WHERE c.code = :given
        UNION ALL
        SELECT c.code, t.name, 2 FROM city t JOIN unit_on(CAST(:day AS date)) c ON c.city_code = t.code
        WHERE t.code = :given
        UNION ALL
        SELECT p.commune_code, p.name, 3 FROM former_commune p WHERE p.code = :given
    ) k
    JOIN unit_on(CAST(:day AS date)) m ON m.code = k.code
    ORDER BY k.code, k.rank
    LIMIT 1
) f
