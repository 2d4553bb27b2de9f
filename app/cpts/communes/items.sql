SELECT c.code, c.name, c.kind, c.department_code AS department, c.region_code AS region,
       EXISTS (SELECT FROM department_completeness k
               WHERE k.department_code = c.department_code
                 AND k.complete @> CAST(:day AS date)) AS complete,
       c.city_code, n.population, n.year AS population_year,
       coalesce((SELECT array_agg(p.postcode ORDER BY p.postcode)
                 FROM commune_postcode p WHERE p.commune_code = c.code), '{}') AS postcodes,
       (SELECT jsonb_build_object('id', p.id, 'name', p.name, 'stage', (
                   SELECT s.slug FROM cpts_stage_on(p.id, :day) s))
        FROM claim h JOIN cpts p ON p.id = h.cpts_id
        WHERE h.commune_code = c.code AND h.held @> CAST(:day AS date)) AS cpts,
       coalesce((
           SELECT jsonb_agg(jsonb_build_object(
               'id', p.id, 'name', coalesce(p.name, r.claimant_name),
               'stage', coalesce((SELECT s.slug FROM cpts_stage_on(p.id, :day) s),
                                 r.claimant_stage)) ORDER BY r.id)
           FROM refused_claim r LEFT JOIN cpts p ON p.id = r.cpts_id
           WHERE r.commune_code = c.code AND r.refused_on <= :day
             AND (p.ended_on IS NULL OR p.ended_on > :day)
             AND NOT EXISTS (SELECT FROM claim h
                             WHERE h.commune_code = c.code AND h.cpts_id = r.cpts_id
                               AND h.held @> CAST(:day AS date))
       ), '[]') AS also_claimed_by
FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS asked (code, position)
JOIN commune c ON c.code = asked.code
CROSS JOIN LATERAL commune_population_on(c.code, :day) n
ORDER BY asked.position
