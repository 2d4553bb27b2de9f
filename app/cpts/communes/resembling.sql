-- The communes whose names resemble a text in which nothing else was recognised.
SELECT n.commune_code AS code, (100 * (1 - max(similarity(n.key, :key))))::integer AS rank
FROM commune_name n
WHERE n.key % :key
GROUP BY n.commune_code
