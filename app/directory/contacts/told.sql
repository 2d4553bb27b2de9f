-- Whom CPTS may be called by on a day, and whether somebody was shown that on it already.
SELECT
    c.cpts_id,
    json_agg(json_build_object('role', c.role, 'name', c.name, 'email', c.email, 'phone', c.phone)
             ORDER BY c.position, c.id) AS contacts,
    EXISTS (
        SELECT FROM contact_view v
        WHERE v.viewer_id = :viewer AND v.seen_on = CAST(:day AS date) AND v.cpts_id = c.cpts_id
    ) AS seen
FROM cpts_contact c
WHERE c.cpts_id = ANY (CAST(:ids AS bigint[])) AND c.kept_until >= CAST(:day AS date)
GROUP BY c.cpts_id
