-- Outlines of the departments as SVG paths, per frame of the drawing.
SELECT f.position - 1 AS frame, d.code, d.name, d.region_code AS region,
    ST_AsSVG(g.geom, 1, CASE WHEN :step < 1 THEN 1 ELSE 0 END) AS path,
    ST_X(g.inside) AS x, -ST_Y(g.inside) AS y, ST_XMax(g.geom) - ST_XMin(g.geom) AS width
FROM unnest(CAST(:srids AS integer[]), CAST(:scales AS float8[]), CAST(:xs AS float8[]),
            CAST(:ys AS float8[]), CAST(:departments AS text[]), CAST(:details AS text[]),
            CAST(:wests AS float8[]), CAST(:souths AS float8[]), CAST(:easts AS float8[]),
            CAST(:norths AS float8[]))
     WITH ORDINALITY AS f (srid, scale, x, y, departments, detail, west, south, east, north, position)
CROSS JOIN LATERAL ST_MakeEnvelope(f.west, f.south, f.east, f.north, f.srid) AS box
JOIN department d ON CASE WHEN f.departments = '' THEN d.code NOT LIKE '97%'
                          ELSE d.code = ANY (string_to_array(f.departments, ' ')) END
    AND d.geom_country && ST_Transform(box, 4326)
CROSS JOIN LATERAL (
    SELECT s.geom, ST_PointOnSurface(s.geom) AS inside
    FROM (SELECT ST_SnapToGrid(ST_Affine(ST_ClipByBox2D(ST_Transform(
        CASE f.detail WHEN 'national' THEN d.geom_country WHEN 'region' THEN d.geom_region
                      ELSE d.geom_department END, f.srid), box),
        f.scale, 0, 0, f.scale, f.x, f.y), :step) AS geom) s
) g
WHERE d.geom_country IS NOT NULL AND NOT ST_IsEmpty(g.geom)
ORDER BY f.position, d.code
