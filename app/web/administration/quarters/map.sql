-- Surfaces in a window of Web Mercator (conformal everywhere) as SVG paths, 900 units wide.
WITH given AS (
    SELECT g.place, g.kind, g.name,
        ST_Transform(ST_SetSRID(ST_GeomFromWKB(decode(g.shape, 'hex')), 4326), 3857) AS geom
    FROM unnest(CAST(:kinds AS text[]), CAST(:names AS text[]), CAST(:shapes AS text[]))
        WITH ORDINALITY AS g (kind, name, shape, place)
), corners AS (
    SELECT ST_XMin(ST_Extent(geom)) AS west, ST_YMax(ST_Extent(geom)) AS north,
        ST_XMax(ST_Extent(geom)) AS east, ST_YMin(ST_Extent(geom)) AS south
    FROM given
), view AS (
    SELECT c.*, 900 / (c.east - c.west) AS scale FROM corners c
), drawn AS (
    SELECT g.place, g.kind, g.name,
        ST_SnapToGrid(ST_Affine(g.geom, v.scale, 0, 0, v.scale,
            -v.west * v.scale, -v.north * v.scale), 0.1) AS geom
    FROM given g CROSS JOIN view v
)
SELECT d.kind, d.name, ST_AsSVG(d.geom, 1, 1) AS path,
    ST_X(ST_PointOnSurface(d.geom)) AS x, -ST_Y(ST_PointOnSurface(d.geom)) AS y,
    ST_XMax(d.geom) - ST_XMin(d.geom) AS width,
    900 AS total_width, (v.north - v.south) * v.scale AS total_height
FROM drawn d CROSS JOIN view v
WHERE NOT ST_IsEmpty(d.geom)
ORDER BY d.place
