-- Outlines of the regions as SVG paths, in the first frame of the drawing.
SELECT r.code,
    ST_AsSVG(ST_SnapToGrid(ST_Affine(
        ST_Transform(r.geom_country, CAST(:srid AS integer)),
        :scale, 0, 0, :scale, :x, :y), :step), 1, CASE WHEN :step < 1 THEN 1 ELSE 0 END) AS path
FROM region r
WHERE r.geom_country IS NOT NULL AND EXISTS (
    SELECT FROM department d WHERE d.region_code = r.code AND d.code <> ALL (CAST(:overseas AS text[])))
ORDER BY r.code
