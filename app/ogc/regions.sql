-- With the coverage of a day (:coverage), counted as everywhere else.
SELECT
    CAST(:day AS date) AS shown_on,
    r.code, r.name,
    k.population, k.population_covered, k.share_covered, k.communes, k.communes_covered,
    k.complete, k.completed_on,
    r.geom_region AS geometry,
    CASE CAST(:detail AS text) WHEN 'national' THEN r.geom_country ELSE r.geom_region END AS drawn
FROM region r
LEFT JOIN json_to_recordset(CAST(:coverage AS json)) AS k (
    code text, population integer, population_covered integer, share_covered float8,
    communes integer, communes_covered integer, complete boolean, completed_on date
) ON k.code = r.code
