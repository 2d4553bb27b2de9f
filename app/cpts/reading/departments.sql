SELECT '[' || string_agg(row_to_json(d)::text, ',' ORDER BY d.code) || ']'
FROM (
    SELECT t.code, t.name, t.region_code AS region,
        k.department_code IS NOT NULL AS complete
    FROM department t
    LEFT JOIN department_completeness k
        ON k.department_code = t.code AND k.complete @> CAST(:day AS date)
    WHERE CAST(:regions AS text[]) IS NULL OR t.region_code = ANY (CAST(:regions AS text[]))
) d
