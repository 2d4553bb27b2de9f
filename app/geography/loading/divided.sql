-- The parts of divided communes beside the units of the new release, as though it had them.
CREATE TEMPORARY TABLE absorbed ON COMMIT DROP AS
-- Communes that go into a divided one: what comes in with them becomes a part of its own.
SELECT f.commune_code AS city, array_agg(DISTINCT f.code) AS communes,
       string_agg(DISTINCT c.name, ' et ') AS quarter,
       f.commune_code || '-' || lpad((1 + coalesce((
           SELECT max(CAST(substr(p.code, length(f.commune_code) + 2) AS integer))
           FROM commune p
           WHERE p.city_code = f.commune_code AND p.code LIKE f.commune_code || '-%'
       ), 0))::text, 2, '0') AS code,
       (SELECT max(lower(p.in_force)) FROM commune p
        WHERE p.city_code = f.commune_code AND p.kind = 'part' AND upper_inf(p.in_force)) AS since
FROM new_former f
JOIN commune c ON c.code = f.code AND c.kind <> 'part'
WHERE f.commune_code IN (SELECT d.city_code FROM division d)
  AND NOT EXISTS (SELECT FROM new_commune n WHERE n.code = f.code)
GROUP BY f.commune_code;

UPDATE new_former f SET commune_code = a.code
FROM absorbed a
WHERE f.commune_code = a.city AND (f.code = ANY (a.communes) OR f.code IN (
    SELECT k.code FROM former_commune k WHERE k.commune_code = ANY (a.communes)));
UPDATE new_name n SET commune_code = a.code
FROM absorbed a
WHERE n.commune_code = a.city AND (n.former_code = ANY (a.communes) OR n.former_code IN (
    SELECT k.code FROM former_commune k WHERE k.commune_code = ANY (a.communes)));

INSERT INTO new_commune (
    code, name, kind, city_code, department_code, region_code, epci_code,
    geom, geom_department, geom_region, geom_country, in_force, quarter)
SELECT p.code, p.name, p.kind, p.city_code, n.department_code, n.region_code, n.epci_code,
       p.geom, p.geom_department, p.geom_region, p.geom_country, p.in_force, p.quarter
FROM commune p JOIN new_commune n ON n.code = p.city_code
WHERE p.kind = 'part'
UNION ALL
SELECT a.code, n.name || ' – ' || a.quarter, 'part', n.code, n.department_code, n.region_code,
       n.epci_code, NULL, NULL, NULL, NULL, daterange(a.since, NULL), a.quarter
FROM absorbed a JOIN new_commune n ON n.code = a.city;

INSERT INTO new_city (code, name, department_code)
SELECT n.code, n.name, n.department_code FROM new_commune n
WHERE n.code IN (SELECT d.city_code FROM division d)
  AND NOT EXISTS (SELECT FROM new_city t WHERE t.code = n.code);

INSERT INTO new_postcode (commune_code, postcode)
SELECT p.code, k.postcode
FROM new_commune p JOIN new_postcode k ON k.commune_code = p.city_code
WHERE p.kind = 'part';

INSERT INTO new_former (code, commune_code, name, kind, ended_on)
SELECT f.code, p.code, f.name, f.kind, f.ended_on
FROM commune p JOIN new_former f ON f.commune_code = p.city_code
WHERE p.kind = 'part';

INSERT INTO new_name (key, name, commune_code, department_code, kind, former_code)
SELECT k.key, k.name, k.commune_code, p.department_code, k.kind, k.former_code
FROM new_commune p
JOIN commune_name k ON k.commune_code = p.code AND k.kind IN ('current', 'part', 'city')
WHERE p.kind = 'part'
UNION ALL
SELECT k.key, k.name, p.code, k.department_code, k.kind, k.former_code
FROM commune p
JOIN new_name k ON k.commune_code = p.city_code AND k.kind NOT IN ('current', 'city')
WHERE p.kind = 'part'
UNION ALL
SELECT k.key, k.name, a.code, k.department_code, 'city', NULL
FROM absorbed a JOIN new_name k ON k.commune_code = a.city AND k.kind = 'current';
