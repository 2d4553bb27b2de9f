-- Regions to communes: what is new comes in, what changed is brought in line, and nothing else
-- is touched, because the territories that hold a touched commune are computed again.
INSERT INTO region AS t SELECT * FROM new_region
ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, geom_region = excluded.geom_region,
        geom_country = excluded.geom_country
    WHERE (t.name, ST_AsBinary(t.geom_region), ST_AsBinary(t.geom_country))
        IS DISTINCT FROM
        (excluded.name, ST_AsBinary(excluded.geom_region), ST_AsBinary(excluded.geom_country));

INSERT INTO department AS t SELECT * FROM new_department
ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, region_code = excluded.region_code,
        geom_department = excluded.geom_department, geom_region = excluded.geom_region,
        geom_country = excluded.geom_country
    WHERE (t.name, t.region_code, ST_AsBinary(t.geom_department), ST_AsBinary(t.geom_region),
           ST_AsBinary(t.geom_country))
        IS DISTINCT FROM
        (excluded.name, excluded.region_code, ST_AsBinary(excluded.geom_department),
         ST_AsBinary(excluded.geom_region), ST_AsBinary(excluded.geom_country));

INSERT INTO epci AS t SELECT * FROM new_epci
ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind
    WHERE (t.name, t.kind) IS DISTINCT FROM (excluded.name, excluded.kind);

INSERT INTO city AS t SELECT * FROM new_city
ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, department_code = excluded.department_code
    WHERE (t.name, t.department_code) IS DISTINCT FROM (excluded.name, excluded.department_code);

INSERT INTO commune
SELECT n.code, n.name, n.kind, n.city_code, n.department_code, n.region_code, n.epci_code,
       n.geom, n.geom_department, n.geom_region, n.geom_country, n.in_force, n.quarter
FROM new_commune n WHERE NOT EXISTS (SELECT FROM commune t WHERE t.code = n.code);

UPDATE commune t
SET name = n.name, kind = n.kind, city_code = n.city_code, department_code = n.department_code,
    region_code = n.region_code, epci_code = n.epci_code, geom = n.geom,
    geom_department = n.geom_department, geom_region = n.geom_region,
    geom_country = n.geom_country
FROM new_commune n
WHERE n.code = t.code
  AND ((t.name, t.kind, t.city_code, t.department_code, t.region_code, t.epci_code)
        IS DISTINCT FROM
        (n.name, n.kind, n.city_code, n.department_code, n.region_code, n.epci_code)
    OR ST_AsBinary(t.geom) <> ST_AsBinary(n.geom)
    OR ST_AsBinary(t.geom_department) <> ST_AsBinary(n.geom_department)
    OR ST_AsBinary(t.geom_region) <> ST_AsBinary(n.geom_region)
    OR ST_AsBinary(t.geom_country) <> ST_AsBinary(n.geom_country));
