-- What a plan would do, commune by commune, in the metres of a projection, scaled to units.
WITH told AS (
    SELECT unnest(r.commune_codes) AS code, r.outcome FROM import_row r WHERE r.draft_id = :draft
    UNION ALL
    SELECT split_part(unnest(r.candidates), ' ', 1), 'doubtful'
    FROM import_row r WHERE r.draft_id = :draft
), ranked AS (
    SELECT t.code, (array_agg(t.outcome ORDER BY array_position(
        ARRAY['conflict', 'loaded', 'corrected', 'skipped', 'doubtful'], t.outcome)))[1] AS outcome
    FROM told t GROUP BY t.code
), concerned AS (
    SELECT k.outcome, m.code, m.name,
           ST_Transform(CASE WHEN :detailed THEN m.geom_department ELSE m.geom_country END,
                        :srid) AS geom
    FROM ranked k JOIN commune m ON m.code = k.code
    WHERE CASE WHEN m.department_code = ANY (:overseas) THEN m.department_code
               ELSE 'metropole' END = :part
), extent AS (
    SELECT ST_Expand(ST_Extent(geom)::geometry, greatest(
        5000, 0.06 * (ST_XMax(ST_Extent(geom)) - ST_XMin(ST_Extent(geom))))) AS box
    -- Candidates may lie anywhere: they widen the view only where there is nothing else.
    FROM concerned c
    WHERE c.outcome <> 'doubtful'
       OR NOT EXISTS (SELECT FROM concerned o WHERE o.outcome <> 'doubtful')
), pieces AS (
    SELECT 'department' AS outcome, d.code, d.name,
           ST_Transform(d.geom_department, :srid) AS geom, 0 AS layer
    FROM department d, extent e
    WHERE ST_Transform(d.geom_department, :srid) && ST_SetSRID(e.box, :srid)
    UNION ALL
    SELECT c.outcome, c.code, c.name, c.geom, 1 FROM concerned c WHERE :detailed
    UNION ALL
    SELECT c.outcome, '', '', ST_UnaryUnion(ST_Collect(c.geom)), 1
    FROM concerned c WHERE NOT :detailed GROUP BY c.outcome
)
SELECT p.outcome, p.code, p.name,
       ST_AsSVG(ST_Scale(p.geom, 0.01, 0.01), 1, 1) AS path,
       ST_XMin(e.box) * 0.01 AS x, -ST_YMax(e.box) * 0.01 AS y,
       (ST_XMax(e.box) - ST_XMin(e.box)) * 0.01 AS width,
       (ST_YMax(e.box) - ST_YMin(e.box)) * 0.01 AS height
FROM pieces p CROSS JOIN extent e
WHERE NOT ST_IsEmpty(p.geom)
ORDER BY p.layer, p.outcome, p.code
