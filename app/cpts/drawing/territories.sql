-- The territories of a day as SVG paths, one per frame and stage.
SELECT f.position - 1 AS frame, s.slug AS stage, count(*) AS number,
    string_agg(ST_AsSVG(ST_SnapToGrid(ST_Affine(
        ST_Transform(CASE WHEN f.departments = '' THEN t.geom_country ELSE t.geom_region END, f.srid),
        f.scale, 0, 0, f.scale, f.x, f.y), 1), 1, 0), ' ' ORDER BY t.cpts_id) AS path
FROM unnest(CAST(:srids AS integer[]), CAST(:scales AS float8[]), CAST(:xs AS float8[]),
            CAST(:ys AS float8[]), CAST(:departments AS text[]))
     WITH ORDINALITY AS f (srid, scale, x, y, departments, position)
JOIN cpts_territory t ON t.held @> CAST(:day AS date)
    AND CASE WHEN f.departments = '' THEN NOT t.departments && CAST(:overseas AS text[])
             ELSE t.departments && string_to_array(f.departments, ' ') END
JOIN cpts c ON c.id = t.cpts_id AND c.started_on <= CAST(:day AS date)
    AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
CROSS JOIN LATERAL cpts_stage_on(t.cpts_id, CAST(:day AS date)) s
GROUP BY f.position, s.slug, s.rank
ORDER BY f.position, s.rank
