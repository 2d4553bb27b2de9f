-- The territories of a day, at the country's scale.
SELECT t.cpts_id, ST_AsBinary(t.geom_country) AS shape
FROM cpts_territory t WHERE t.held @> CAST(:day AS date)
