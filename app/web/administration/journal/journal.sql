-- Changes of CPTS and of their sheets, events of letters, other acts, the latest first.
WITH everything AS (
    SELECT 'cpts' AS kind, c.changed_at AS moment, c.id AS number, c.action,
           p.name AS subject, c.cpts_id AS subject_id, c.actor, c.reason,
           c.before, c.after, NULL::jsonb AS details
    FROM cpts_change c JOIN cpts p ON p.id = c.cpts_id
    WHERE CAST(:region AS text) IS NULL OR EXISTS (
        SELECT FROM cpts_territory t
        WHERE t.cpts_id = c.cpts_id AND t.regions @> ARRAY[CAST(:region AS text)])
    UNION ALL
    SELECT 'letter', e.recorded_at, e.id, e.action, l.name, l.id, e.actor, e.note,
           NULL, NULL, e.details
    FROM letter_event e JOIN letter l ON l.id = e.letter_id
    WHERE CAST(:region AS text) IS NULL OR l.lead_region = :region
    UNION ALL
    -- Of a sheet, which parts changed: what stands in them was written for members.
    SELECT 'sheet', s.changed_at, s.id, s.action, p.name, s.cpts_id, s.actor, s.reason,
           NULL, NULL, jsonb_build_object(
               'parts', ARRAY(SELECT jsonb_object_keys(coalesce(s.after, '{}'))),
               'contacts', s.contacts_changed)
    FROM cpts_sheet_change s JOIN cpts p ON p.id = s.cpts_id
    WHERE CAST(:region AS text) IS NULL OR EXISTS (
        SELECT FROM cpts_territory t
        WHERE t.cpts_id = s.cpts_id AND t.regions @> ARRAY[CAST(:region AS text)])
    UNION ALL
    SELECT 'act', a.acted_at, a.id, a.kind, a.subject, NULL, a.actor, NULL,
           NULL, NULL, a.details
    FROM administrative_act a
    WHERE CAST(:region AS text) IS NULL OR a.regions @> ARRAY[CAST(:region AS text)]
)
SELECT e.*, count(*) OVER () AS number_found
FROM everything e
WHERE (CAST(:kind AS text) IS NULL OR e.kind = :kind)
  AND (CAST(:since AS date) IS NULL
       OR e.moment >= CAST(:since AS date)::timestamp AT TIME ZONE 'Europe/Paris')
  AND (CAST(:until AS date) IS NULL
       OR e.moment < (CAST(:until AS date) + 1)::timestamp AT TIME ZONE 'Europe/Paris')
  AND (CAST(:words AS text) = ''
       OR strpos(search_key(concat_ws(' ', e.subject, e.actor, e.reason)), :words) > 0)
ORDER BY e.moment DESC, e.kind, e.number DESC
LIMIT :limit OFFSET :offset
