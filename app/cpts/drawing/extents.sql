-- The extent of departments, of what lies in a box of them if there is one, in the projection of
-- their part of the country: metropolitan France in Lambert-93, each department overseas in its
-- own (EPSG).
SELECT e.part, e.srid, ST_XMin(e.extent) AS west, ST_YMin(e.extent) AS south,
    ST_XMax(e.extent) AS east, ST_YMax(e.extent) AS north
FROM (
    SELECT p.part, p.srid, ST_Extent(ST_Transform(
        -- A straight side in degrees is none in metres.
        CASE WHEN box IS NULL THEN d.geom_country
             ELSE ST_Segmentize(ST_Intersection(ST_Envelope(d.geom_country), box), 0.1) END,
        p.srid)) AS extent
    FROM department d
    CROSS JOIN LATERAL (
        SELECT CASE WHEN d.code LIKE '97%' THEN d.code ELSE '' END AS part,
            CASE d.code WHEN '971' THEN 5490 WHEN '972' THEN 5490 WHEN '973' THEN 2972
                        WHEN '974' THEN 2975 WHEN '976' THEN 4471 ELSE 2154 END AS srid
    ) p
    CROSS JOIN LATERAL (
        SELECT ST_Envelope(ST_SetSRID(ST_MakeLine(
            ST_MakePoint(CAST(:west AS float8), CAST(:south AS float8)),
            ST_MakePoint(CAST(:east AS float8), CAST(:north AS float8))), 4326)) AS box
    ) b
    WHERE d.code = ANY (CAST(:codes AS text[])) AND d.geom_country IS NOT NULL
        AND (box IS NULL OR ST_Intersects(ST_Envelope(d.geom_country), box))
    GROUP BY p.part, p.srid
) e
ORDER BY e.part
