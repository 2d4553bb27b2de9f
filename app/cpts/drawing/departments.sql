-- Outlines of the departments as SVG paths, per frame of the drawing.
SELECT f.position - 1 AS frame, d.code, d.name,
    ST_AsSVG(ST_SnapToGrid(ST_Affine(
        ST_Transform(CASE WHEN f.departments = '' THEN d.geom_country ELSE d.geom_region END, f.srid),
        f.scale, 0, 0, f.scale, f.x, f.y), 1), 1, 0) AS path
FROM unnest(CAST(:srids AS integer[]), CAST(:scales AS float8[]), CAST(:xs AS float8[]),
            CAST(:ys AS float8[]), CAST(:departments AS text[]))
     WITH ORDINALITY AS f (srid, scale, x, y, departments, position)
JOIN department d ON CASE WHEN f.departments = '' THEN d.code NOT LIKE '97%'
                          ELSE d.code = ANY (string_to_array(f.departments, ' ')) END
WHERE d.geom_country IS NOT NULL
ORDER BY f.position, d.code
