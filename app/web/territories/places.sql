-- Cities, departments, regions and EPCI whose names have all these beginnings of words; those
-- of exactly this name first. An EPCI's communes are the units of the day.
WITH named AS (
    SELECT 'city' AS kind, 1 AS rank, code, name FROM city t
    WHERE EXISTS (SELECT FROM unit_on(CAST(:day AS date)) c WHERE c.city_code = t.code)
    UNION ALL SELECT 'department', 2, code, name FROM department
    UNION ALL SELECT 'region', 3, code, name FROM region
    UNION ALL SELECT 'epci', 4, code, name FROM epci
), spelled AS (
    SELECT n.*, search_key(n.name) AS spelling FROM named n
), found AS (
    SELECT s.* FROM spelled s
    WHERE NOT EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS w (word)
                      WHERE ' ' || s.spelling NOT LIKE '% ' || w.word || '%')
    ORDER BY s.spelling <> :spelling, s.rank, s.spelling, s.code
    LIMIT :limit
)
SELECT f.kind, f.code, f.name,
    CASE f.kind WHEN 'epci' THEN ARRAY(
        SELECT c.code FROM unit_on(CAST(:day AS date)) c WHERE c.epci_code = f.code ORDER BY c.code) END AS communes
FROM found f
ORDER BY f.spelling <> :spelling, f.rank, f.spelling, f.code
