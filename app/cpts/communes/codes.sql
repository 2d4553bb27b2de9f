-- The communes that an INSEE code of any time, or the beginning of a postal code, leads to.
SELECT c.code, 0 AS rank FROM commune c WHERE c.code = :code
UNION ALL
SELECT t.code, 0 FROM commune t
WHERE t.city_code = :code AND EXISTS (SELECT FROM city y WHERE y.code = :code)
UNION ALL
SELECT p.commune_code, 1 FROM commune_postcode p WHERE p.postcode LIKE :digits
UNION ALL
SELECT f.commune_code, 2 FROM former_commune f WHERE f.code = :code
