-- Divisions, with the claims on what they divide that reach beyond their day, and the refused
-- ones, as they stand before.
INSERT INTO division (
    city_code, divided_on, actor, source, population_by, population_column, former_state)
SELECT t.city, :day, :actor, :source,
    CASE WHEN t.population_column IS NULL THEN 'area' ELSE 'column' END, t.population_column,
    jsonb_build_object(
        'claims', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', c.id, 'cpts_id', c.cpts_id, 'unit', c.commune_code,
                'from', lower(c.held), 'until', upper(c.held)) ORDER BY c.id), '[]')
            FROM unnest(CAST(:of_cities AS text[]), CAST(:units AS text[])) AS u (city, code)
            JOIN claim c ON c.commune_code = u.code
            WHERE u.city = t.city AND c.held && daterange(CAST(:day AS date), NULL)),
        'refused', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', r.id, 'unit', r.commune_code, 'claimant_key', r.claimant_key)
                ORDER BY r.id), '[]')
            FROM unnest(CAST(:of_cities AS text[]), CAST(:units AS text[])) AS u (city, code)
            JOIN refused_claim r ON r.commune_code = u.code
            WHERE u.city = t.city))
FROM unnest(CAST(:cities AS text[]), CAST(:columns AS text[])) AS t (city, population_column)
RETURNING id, city_code
