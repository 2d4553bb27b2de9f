-- As of a day: opened by then, and closed only if that was by then. No party is named.
SELECT
    CAST(:day AS date) AS shown_on,
    n.id, n.opened_on,
    CASE WHEN n.closed_on <= CAST(:day AS date) THEN n.closed_on END AS closed_on,
    n.closed_on IS NULL OR n.closed_on > CAST(:day AS date) AS open,
    CASE WHEN n.closed_on <= CAST(:day AS date) THEN n.outcome END AS outcome,
    k.commune_count, k.communes, k.population, k.departments, k.regions,
    k.geom AS geometry,
    CASE CAST(:detail AS text)
        WHEN 'national' THEN k.geom_country
        WHEN 'region' THEN k.geom_region
        WHEN 'department' THEN k.geom_department
        ELSE k.geom
    END AS drawn
FROM conciliation n
CROSS JOIN LATERAL (
    SELECT
        count(*)::integer AS commune_count,
        coalesce(array_agg(c.code ORDER BY c.code), '{}') AS communes,
        coalesce(sum(u.population), 0)::integer AS population,
        coalesce(array_agg(DISTINCT c.department_code), '{}') AS departments,
        coalesce(array_agg(DISTINCT c.region_code), '{}') AS regions,
        ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom)))) AS geom,
        ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_department))))
            AS geom_department,
        ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_region)))) AS geom_region,
        ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_country)))) AS geom_country
    FROM conciliation_commune m
    JOIN commune c ON c.code = m.commune_code
    CROSS JOIN LATERAL commune_population_on(c.code, CAST(:day AS date)) u
    WHERE m.conciliation_id = n.id
) k
WHERE n.opened_on <= CAST(:day AS date)
