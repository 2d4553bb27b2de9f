-- A division, with the claims on the commune that reach beyond its day as they stand before it.
INSERT INTO division (
    city_code, divided_on, actor, source, population_by, population_column, former_state)
SELECT :city, :day, :actor, :source, :by, :population_column, jsonb_build_object(
    'claims', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', c.id, 'cpts_id', c.cpts_id,
            'from', lower(c.held), 'until', upper(c.held)) ORDER BY c.id), '[]')
        FROM claim c
        WHERE c.commune_code = :city AND c.held && daterange(CAST(:day AS date), NULL)))
RETURNING id
