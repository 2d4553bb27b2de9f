-- How far the territories of a day are from a commune, in kilometres; nothing when it is one of
-- their own. To the outline of the country's scale: a kilometre more or less decides nothing.
SELECT t.cpts_id, CASE WHEN h.cpts_id IS NOT NULL THEN 0 ELSE
    ST_DistanceSphere(ST_ClosestPoint(t.geom_country, p.point), p.point) / 1000 END AS km
FROM cpts_territory t
CROSS JOIN (
    SELECT ST_PointOnSurface(m.geom_country) AS point FROM commune m WHERE m.code = :commune
) p
LEFT JOIN claim h ON h.commune_code = :commune AND h.held @> CAST(:day AS date)
    AND h.cpts_id = t.cpts_id
WHERE t.held @> CAST(:day AS date)
