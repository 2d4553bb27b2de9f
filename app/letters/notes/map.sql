-- The shapes of a note's map, in units of the drawing, y downwards. The projection is the
-- official one of the place (EPSG): Lambert-93, or that of the territory overseas.
WITH asked AS MATERIALIZED (
    SELECT c.code, c.name, c.department_code, c.geom_department AS geom
    FROM commune c WHERE c.code = ANY (:codes)
), place AS MATERIALIZED (
    SELECT CASE WHEN every(department_code IN ('971', '972', '977', '978')) THEN 5490
                WHEN every(department_code = '973') THEN 2972
                WHEN every(department_code = '974') THEN 2975
                WHEN every(department_code = '976') THEN 4471
                ELSE 2154 END AS srid
    FROM asked
), box AS MATERIALIZED (
    SELECT p.srid, ST_Extent(ST_Transform(a.geom, p.srid)) AS b
    FROM asked a, place p GROUP BY p.srid
), window_ AS MATERIALIZED (
    -- As wide as the territory asks for with a margin, in the drawing's proportion.
    SELECT srid, (ST_XMin(b) + ST_XMax(b)) / 2 AS x, (ST_YMin(b) + ST_YMax(b)) / 2 AS y,
           greatest((ST_XMax(b) - ST_XMin(b)) / :width, (ST_YMax(b) - ST_YMin(b)) / :height,
                    :least_m / :width) * 1.25 AS metres
    FROM box WHERE b IS NOT NULL
), frame AS MATERIALIZED (
    SELECT srid, metres, x - metres * :width / 2 AS west, y + metres * :height / 2 AS north,
           ST_SetSRID(ST_MakeEnvelope(
               x - metres * (:width / 2 + 8), y - metres * (:height / 2 + 8),
               x + metres * (:width / 2 + 8), y + metres * (:height / 2 + 8)), srid) AS area
    FROM window_
), around AS MATERIALIZED (
    SELECT ST_Transform(ST_Segmentize(area, greatest(ST_XMax(area) - ST_XMin(area), 1) / 20), 4326)
           AS geom
    FROM frame
), shape AS (
    SELECT 'department' AS kind, d.code, d.name, NULL::text AS stage,
           CASE WHEN f.metres < 300 THEN d.geom_department ELSE d.geom_region END AS geom
    FROM department d, frame f, around a WHERE d.geom_department && a.geom
    UNION ALL
    SELECT 'cpts', p.id::text, p.name, s.slug,
           CASE WHEN f.metres < 300 THEN t.geom_department ELSE t.geom_region END
    FROM frame f, around a, cpts_territory t JOIN cpts p ON p.id = t.cpts_id
    LEFT JOIN LATERAL cpts_stage_on(p.id, CAST(:day AS date)) s ON true
    WHERE t.held @> CAST(:day AS date) AND t.geom && a.geom AND p.id <> ALL (:excluded)
    UNION ALL
    SELECT 'commune', c.code, c.name, NULL, c.geom FROM asked c
    UNION ALL
    SELECT 'enclave', c.code, c.name, NULL, c.geom_department
    FROM commune c WHERE c.code = ANY (:enclaves)
), drawn AS (
    SELECT s.kind, s.code, s.name, s.stage,
           ST_TransScale(
               ST_ClipByBox2D(ST_Transform(s.geom, f.srid), f.area::box2d),
               -f.west, -f.north, 1 / f.metres, 1 / f.metres) AS geom, f.metres
    FROM shape s, frame f
), inside AS (
    SELECT d.*, ST_PointOnSurface(ST_CollectionExtract(ST_MakeValid(d.geom), 3)) AS place
    FROM drawn d WHERE NOT ST_IsEmpty(d.geom)
)
SELECT kind, code, name, stage, metres, ST_AsSVG(geom, 0, 1) AS path,
       ST_X(place) AS x, -ST_Y(place) AS y, ST_XMax(geom) - ST_XMin(geom) AS width
FROM inside WHERE place IS NOT NULL AND NOT ST_IsEmpty(place)
ORDER BY kind, code
