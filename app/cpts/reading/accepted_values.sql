SELECT
    (SELECT array_agg(code ORDER BY code) FROM region) AS region,
    (SELECT array_agg(code ORDER BY code) FROM department) AS department,
    (SELECT array_agg(slug ORDER BY rank) FROM stage) AS stage,
    (SELECT array_agg(slug ORDER BY rank) FROM theme) AS theme,
    (SELECT array_agg(DISTINCT tier ORDER BY tier) FROM tier_bound) AS tier
