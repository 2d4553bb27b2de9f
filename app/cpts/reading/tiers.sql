-- `population_under` is the first number of inhabitants beyond the tier, null for the last.
SELECT '[' || string_agg(row_to_json(t)::text, ',' ORDER BY t.tier) || ']'
FROM (
    SELECT tier, 'Taille ' || tier AS label,
        coalesce(lower(population), 0) AS population_from,
        upper(population) AS population_under
    FROM tier_bound
    WHERE in_force @> CAST(:day AS date)
) t
