-- The territories of a day as SVG paths, one per frame and CPTS.
SELECT f.position - 1 AS frame, c.id AS cpts_id, c.name, s.slug AS stage,
    ST_AsSVG(g.geom, 1, CASE WHEN :step < 1 THEN 1 ELSE 0 END) AS path,
    ST_X(g.inside) AS x, -ST_Y(g.inside) AS y, ST_XMax(g.geom) - ST_XMin(g.geom) AS width
FROM unnest(CAST(:srids AS integer[]), CAST(:scales AS float8[]), CAST(:xs AS float8[]),
            CAST(:ys AS float8[]), CAST(:departments AS text[]), CAST(:details AS text[]),
            CAST(:wests AS float8[]), CAST(:souths AS float8[]), CAST(:easts AS float8[]),
            CAST(:norths AS float8[]))
     WITH ORDINALITY AS f (srid, scale, x, y, departments, detail, west, south, east, north, position)
CROSS JOIN LATERAL ST_MakeEnvelope(f.west, f.south, f.east, f.north, f.srid) AS box
JOIN cpts_territory t ON t.held @> CAST(:day AS date)
    AND CASE WHEN f.departments = '' THEN NOT t.departments && CAST(:overseas AS text[])
             ELSE t.departments && string_to_array(f.departments, ' ') END
    AND t.geom && ST_Transform(box, 4326)
JOIN cpts c ON c.id = t.cpts_id AND c.started_on <= CAST(:day AS date)
    AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
CROSS JOIN LATERAL cpts_stage_on(t.cpts_id, CAST(:day AS date)) s
CROSS JOIN LATERAL (
    SELECT s.geom, CASE WHEN CAST(:labelled AS boolean) THEN ST_PointOnSurface(s.geom) END AS inside
    FROM (SELECT ST_SnapToGrid(ST_Affine(ST_ClipByBox2D(ST_Transform(
        CASE f.detail WHEN 'national' THEN t.geom_country WHEN 'region' THEN t.geom_region
                      ELSE t.geom_department END, f.srid), box),
        f.scale, 0, 0, f.scale, f.x, f.y), :step) AS geom) s
) g
WHERE NOT ST_IsEmpty(g.geom)
ORDER BY f.position, s.rank, c.id
