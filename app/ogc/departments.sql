-- With the coverage of a day (:coverage), counted as everywhere else.
SELECT
    CAST(:day AS date) AS shown_on,
    d.code, d.name, d.region_code AS region,
    k.population, k.population_covered, k.share_covered, k.communes, k.communes_covered,
    k.complete, k.completed_on,
    d.geom_department AS geometry,
    CASE CAST(:detail AS text)
        WHEN 'national' THEN d.geom_country
        WHEN 'region' THEN d.geom_region
        ELSE d.geom_department
    END AS drawn
FROM department d
LEFT JOIN json_to_recordset(CAST(:coverage AS json)) AS k (
    code text, population integer, population_covered integer, share_covered float8,
    communes integer, communes_covered integer, complete boolean, completed_on date
) ON k.code = d.code
