-- Some communes among those around them, in a window of Web Mercator (conformal everywhere),
-- as SVG paths; and the outlines of the CPTS there.
WITH here AS (
    SELECT ST_Extent(ST_Transform(c.geom_department, 3857)) AS box, avg(ST_Y(ST_Centroid(c.geom_country))) AS latitude
    FROM commune c WHERE c.code = ANY (CAST(:codes AS text[]))
), side AS (
    SELECT
        (ST_XMin(box) + ST_XMax(box)) / 2 AS x, (ST_YMin(box) + ST_YMax(box)) / 2 AS y,
        -- Mercator stretches by 1 / cos(latitude): at least so many metres on the ground.
        greatest(
            CAST(:least_m AS float8) / cos(radians(latitude)),
            CAST(:times AS float8) * (ST_XMax(box) - ST_XMin(box)),
            CAST(:times AS float8) * (ST_YMax(box) - ST_YMin(box)) * :width / :height
        ) AS width
    FROM here
), view AS (
    SELECT
        CAST(:width AS float8) / width AS scale,
        CAST(:width AS float8) / 2 - x * :width / width AS left,
        -CAST(:height AS float8) / 2 - y * :width / width AS top,
        ST_MakeEnvelope(
            x - width / 2, y - width / 2 * :height / :width,
            x + width / 2, y + width / 2 * :height / :width, 3857) AS box
    FROM side
), shape AS (
    SELECT 'commune' AS kind, m.code, m.name, h.cpts_id, m.geom_department AS geom
    FROM view v
    JOIN unit_on(CAST(:day AS date)) m ON m.geom && ST_Transform(v.box, 4326) 
        AND (CAST(:all_communes AS boolean) OR m.code = ANY (CAST(:codes AS text[])))
    LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
    UNION ALL
    SELECT 'cpts', CAST(p.id AS text), p.name, p.id, t.geom_department
    FROM view v
    JOIN cpts_territory t ON t.geom && ST_Transform(v.box, 4326) AND t.held @> CAST(:day AS date)
    JOIN cpts p ON p.id = t.cpts_id
), drawn AS (
    SELECT s.kind, s.code, s.name, s.cpts_id,
        ST_SnapToGrid(ST_Affine(
            ST_ClipByBox2D(ST_Transform(s.geom, 3857), ST_Expand(v.box, 8 / v.scale)),
            v.scale, 0, 0, v.scale, v.left, v.top), 1) AS geom
    FROM shape s CROSS JOIN view v
)
SELECT d.kind, d.code, d.name, d.cpts_id, g.slug AS stage,
    d.code = ANY (CAST(:codes AS text[])) AND d.kind = 'commune' AS asked,
    ST_AsSVG(d.geom, 1, 0) AS path,
    ST_X(ST_PointOnSurface(d.geom)) AS x, -ST_Y(ST_PointOnSurface(d.geom)) AS y,
    ST_XMax(d.geom) - ST_XMin(d.geom) AS width, ST_YMax(d.geom) - ST_YMin(d.geom) AS height,
    ST_XMin(w.box) AS west, ST_YMin(w.box) AS south, ST_XMax(w.box) AS east, ST_YMax(w.box) AS north
FROM drawn d
CROSS JOIN (SELECT ST_Transform(box, 4326) AS box FROM view) w
LEFT JOIN LATERAL cpts_stage_on(d.cpts_id, CAST(:day AS date)) g ON true
WHERE NOT ST_IsEmpty(d.geom) AND ST_Dimension(d.geom) = 2
ORDER BY d.kind DESC, d.code
