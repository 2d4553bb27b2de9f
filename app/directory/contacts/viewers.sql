-- Who was shown the contacts of a CPTS: a person by the name of their account, while there is one.
SELECT v.seen_on, p.name, coalesce(p.role, t.role) AS role, c.name AS cpts,
       CASE WHEN t.kind = 'machine' THEN t.label END AS machine
FROM contact_view v
JOIN api_token t ON t.id = v.viewer_id
LEFT JOIN person p ON p.identity_id = t.id
LEFT JOIN cpts c ON c.id = p.cpts_id
WHERE v.cpts_id = :cpts
ORDER BY v.seen_on DESC, v.first_seen_at DESC, v.viewer_id
LIMIT 1000
