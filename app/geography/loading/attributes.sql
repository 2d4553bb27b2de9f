-- What hangs on the communes, once the vanished ones have handed over what they had.
INSERT INTO commune_population AS t (commune_code, in_force_from, year, population)
SELECT commune_code, in_force_from, year, population FROM new_population
ON CONFLICT (commune_code, in_force_from) DO UPDATE
    SET year = excluded.year, population = excluded.population
    WHERE (t.year, t.population) IS DISTINCT FROM (excluded.year, excluded.population);

DELETE FROM commune_postcode t WHERE NOT EXISTS (
    SELECT FROM new_postcode n
    WHERE n.commune_code = t.commune_code AND n.postcode = t.postcode);
INSERT INTO commune_postcode SELECT commune_code, postcode FROM new_postcode
ON CONFLICT DO NOTHING;

DELETE FROM former_commune t WHERE NOT EXISTS (
    SELECT FROM new_former n WHERE n.code = t.code AND n.commune_code = t.commune_code);
INSERT INTO former_commune AS t (code, commune_code, name, kind, ended_on)
SELECT code, commune_code, name, kind, ended_on FROM new_former
ON CONFLICT (code, commune_code) DO UPDATE
    SET name = excluded.name, kind = excluded.kind, ended_on = excluded.ended_on
    WHERE (t.name, t.kind, t.ended_on)
        IS DISTINCT FROM (excluded.name, excluded.kind, excluded.ended_on);

DELETE FROM commune_name t WHERE NOT EXISTS (
    SELECT FROM new_name n
    WHERE n.key = t.key AND n.commune_code = t.commune_code AND n.kind = t.kind
      AND n.former_code IS NOT DISTINCT FROM t.former_code);
INSERT INTO commune_name AS t (key, name, commune_code, department_code, kind, former_code)
SELECT key, name, commune_code, department_code, kind, former_code FROM new_name
ON CONFLICT (key, commune_code, kind, former_code) DO UPDATE
    SET name = excluded.name, department_code = excluded.department_code
    WHERE (t.name, t.department_code)
        IS DISTINCT FROM (excluded.name, excluded.department_code);

DELETE FROM commune_neighbour t WHERE NOT EXISTS (
    SELECT FROM new_neighbour n
    WHERE n.commune_code = t.commune_code AND n.neighbour_code = t.neighbour_code);
INSERT INTO commune_neighbour AS t (commune_code, neighbour_code, border_m)
SELECT commune_code, neighbour_code, border_m FROM new_neighbour
ON CONFLICT (commune_code, neighbour_code) DO UPDATE SET border_m = excluded.border_m
    WHERE t.border_m IS DISTINCT FROM excluded.border_m;

DELETE FROM commune t WHERE NOT EXISTS (SELECT FROM new_commune n WHERE n.code = t.code);
DELETE FROM city t WHERE NOT EXISTS (SELECT FROM new_city n WHERE n.code = t.code);
DELETE FROM epci t WHERE NOT EXISTS (SELECT FROM new_epci n WHERE n.code = t.code);
DELETE FROM department t WHERE NOT EXISTS (SELECT FROM new_department n WHERE n.code = t.code);
DELETE FROM region t WHERE NOT EXISTS (SELECT FROM new_region n WHERE n.code = t.code);
