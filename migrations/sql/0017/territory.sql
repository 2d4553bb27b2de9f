-- What arcs enclose, NULL unless each of them bounds it: an arc has one of its sides in the territory
-- and the other one outside, so that an area bounded by all of them is the territory, and the only one.
-- It is not found where areas that touch at points only lie in a ring.
CREATE FUNCTION enclosed_area(arcs geometry) RETURNS geometry
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE
        WHEN ST_NPoints(l.lines) - ST_NumGeometries(l.lines) = ST_NPoints(a.area) - ST_NRings(a.area)
        THEN a.area END
    -- An offset keeps each from being computed once for every mention.
    FROM (SELECT ST_CollectionExtract(arcs, 2) AS lines OFFSET 0) l
    CROSS JOIN LATERAL (SELECT ST_BuildArea(l.lines) AS area OFFSET 0) a
);

-- The outline of these communes at each scale: from the border arcs of the day that have one side among
-- them, else united from their polygons. Both give the same vertices.
CREATE FUNCTION territory_outline(asked_codes text[], asked_day date)
RETURNS TABLE (geom geometry, geom_department geometry, geom_region geometry, geom_country geometry)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH asked AS MATERIALIZED (
        SELECT u.code FROM unnest(asked_codes) AS u (code)
    ), outer_arc AS (
        SELECT b.geom, b.geom_department, b.geom_region, b.geom_country
        FROM asked a JOIN border_arc b ON b.left_code = a.code
        WHERE b.in_force @> asked_day
          AND (b.right_code IS NULL OR b.right_code NOT IN (SELECT o.code FROM asked o))
        UNION ALL
        SELECT b.geom, b.geom_department, b.geom_region, b.geom_country
        FROM asked a JOIN border_arc b ON b.right_code = a.code
        WHERE b.in_force @> asked_day
          AND b.left_code NOT IN (SELECT o.code FROM asked o)
    ), enclosed AS MATERIALIZED (
        SELECT enclosed_area(ST_Collect(b.geom)) AS geom,
               enclosed_area(ST_Collect(b.geom_department)) AS geom_department,
               enclosed_area(ST_Collect(b.geom_region)) AS geom_region,
               enclosed_area(ST_Collect(b.geom_country)) AS geom_country
        FROM outer_arc b
        HAVING NOT EXISTS (
            SELECT FROM asked a
            WHERE NOT EXISTS (SELECT FROM bordered_commune k WHERE k.commune_code = a.code))
    )
    SELECT
        ST_ForcePolygonCCW(ST_Multi(coalesce((SELECT e.geom FROM enclosed e),
            (SELECT ST_UnaryUnion(ST_Collect(c.geom))
             FROM commune c WHERE c.code = ANY (asked_codes))))),
        ST_ForcePolygonCCW(ST_Multi(coalesce((SELECT e.geom_department FROM enclosed e),
            (SELECT ST_UnaryUnion(ST_Collect(c.geom_department))
             FROM commune c WHERE c.code = ANY (asked_codes))))),
        ST_ForcePolygonCCW(ST_Multi(coalesce((SELECT e.geom_region FROM enclosed e),
            (SELECT ST_UnaryUnion(ST_Collect(c.geom_region))
             FROM commune c WHERE c.code = ANY (asked_codes))))),
        ST_ForcePolygonCCW(ST_Multi(coalesce((SELECT e.geom_country FROM enclosed e),
            (SELECT ST_UnaryUnion(ST_Collect(c.geom_country))
             FROM commune c WHERE c.code = ANY (asked_codes)))));
END;

-- As before, with each commune looked up once and the outlines put together from border arcs.
CREATE OR REPLACE FUNCTION refresh_territory(changed bigint[], from_scratch boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF changed IS NULL OR cardinality(changed) = 0 THEN
        RETURN;
    END IF;

    DELETE FROM cpts_territory t
    WHERE t.cpts_id = ANY (changed)
      AND (from_scratch OR NOT EXISTS (
          SELECT FROM territory_period(changed) p
          WHERE p.cpts_id = t.cpts_id AND p.held = t.held AND p.commune_codes = t.commune_codes));

    INSERT INTO cpts_territory (
        cpts_id, held, commune_codes, commune_count,
        population, population_year, population_note, tier,
        departments, regions, lead_department,
        geom, geom_department, geom_region, geom_country)
    WITH period AS MATERIALIZED (
        SELECT p.cpts_id, p.held, p.commune_codes FROM territory_period(changed) p
        WHERE NOT EXISTS (
            SELECT FROM cpts_territory t WHERE t.cpts_id = p.cpts_id AND t.held = p.held)
    ), member AS MATERIALIZED (
        SELECT p.cpts_id, p.held, c.name, c.department_code, c.region_code, n.population, n.year,
               max(n.year) OVER (PARTITION BY p.cpts_id, p.held) AS latest
        FROM period p
        CROSS JOIN LATERAL unnest(p.commune_codes) AS u (code)
        JOIN commune c ON c.code = u.code
        CROSS JOIN LATERAL commune_population_on(c.code, lower(p.held)) n
    ), total AS (
        SELECT m.cpts_id, m.held, m.latest AS year, sum(m.population)::integer AS population,
               array_agg(DISTINCT m.region_code ORDER BY m.region_code) AS regions,
               string_agg(m.name || ' (' || m.year || ')', ', ' ORDER BY m.name)
                   FILTER (WHERE m.year <> m.latest) AS note
        FROM member m
        GROUP BY m.cpts_id, m.held, m.latest
    ), spread AS (
        SELECT d.cpts_id, d.held,
               array_agg(d.department_code ORDER BY d.department_code) AS departments,
               (array_agg(d.department_code ORDER BY d.population DESC, d.department_code))[1]
                   AS lead_department
        FROM (SELECT m.cpts_id, m.held, m.department_code, sum(m.population) AS population
              FROM member m GROUP BY m.cpts_id, m.held, m.department_code) d
        GROUP BY d.cpts_id, d.held
    )
    SELECT
        p.cpts_id, p.held, p.commune_codes, cardinality(p.commune_codes),
        t.population, t.year, t.note, tier_of(t.population, lower(p.held)),
        s.departments, t.regions, s.lead_department,
        o.geom, o.geom_department, o.geom_region, o.geom_country
    FROM period p
    JOIN total t ON t.cpts_id = p.cpts_id AND t.held = p.held
    JOIN spread s ON s.cpts_id = p.cpts_id AND s.held = p.held
    CROSS JOIN LATERAL territory_outline(p.commune_codes, lower(p.held)) o;
END $$;
