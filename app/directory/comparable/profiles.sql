-- What CPTS of a day are compared by, and how far they are from one of them, in kilometres.
WITH own AS (
    SELECT t.geom_country FROM cpts_territory t
    WHERE t.cpts_id = :own AND t.held @> CAST(:day AS date)
)
SELECT
    c.id, c.name, t.tier,
    t.population / nullif(ST_Area(CAST(t.geom_country AS geography)) / 1e6, 0) AS density,
    (SELECT min(s.since) FROM cpts_stage s WHERE s.cpts_id = c.id AND s.since <= CAST(:day AS date))
        AS since,
    coalesce((SELECT json_object_agg(h.slug, h.label ORDER BY h.rank) FROM theme h
              WHERE h.slug = ANY (e.themes)), '{}') AS themes,
    (SELECT ST_DistanceSphere(ST_ClosestPoint(o.geom_country, t.geom_country),
                              ST_ClosestPoint(t.geom_country, o.geom_country)) / 1000
     FROM own o) AS km
FROM cpts c
LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> CAST(:day AS date)
LEFT JOIN directory_entry e ON e.cpts_id = c.id
WHERE c.started_on <= CAST(:day AS date) AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
