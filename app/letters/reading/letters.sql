-- Letters that pass the filters, a page of them, newest first, each with all that is told of it.
-- A filter that is NULL lets everything through. Names are searched only where the caller sees them.
WITH matched AS MATERIALIZED (
    SELECT l.id, l.deposited_on
    FROM letter l
    WHERE (CAST(:id AS bigint) IS NULL OR l.id = :id)
        AND (CAST(:states AS text[]) IS NULL OR l.state = ANY (:states))
        AND (CAST(:kinds AS text[]) IS NULL OR l.kind = ANY (:kinds))
        AND (CAST(:since AS date) IS NULL OR l.deposited_on >= :since)
        AND (CAST(:until AS date) IS NULL OR l.deposited_on <= :until)
        AND (CAST(:regions AS text[]) IS NULL AND CAST(:departments AS text[]) IS NULL OR EXISTS (
            SELECT FROM letter_commune k JOIN commune c ON c.code = k.commune_code
            WHERE k.letter_id = l.id
                AND (CAST(:regions AS text[]) IS NULL OR c.region_code = ANY (:regions))
                AND (CAST(:departments AS text[]) IS NULL
                     OR c.department_code = ANY (:departments))))
        AND (CAST(:q AS text) IS NULL OR (
            (CAST(:sees_names AS boolean) OR l.state = 'validee'
             OR l.created_by = CAST(:token AS bigint))
            AND search_key(CAST(:q AS text)) <> ''
            AND l.search_words LIKE ALL (
                SELECT '% ' || w || '%' FROM unnest(string_to_array(search_key(:q), ' ')) w)))
), page AS (
    SELECT m.id FROM matched m
    ORDER BY m.deposited_on DESC, m.id DESC
    LIMIT :limit OFFSET :offset
)
SELECT total.number_matched, l.id, l.name, l.kind, l.state, l.contact_name, l.contact_email,
    l.contact_phone, l.documents, l.deposited_on, l.effective_on, l.closed_on, l.in_effect_from,
    l.lead_region, l.created_by, l.updated_at, territory.communes, territory.withdrawn,
    territory.population, territory.population_year,
    tier_of(territory.population, CAST(:day AS date)) AS tier,
    place.regions, place.departments,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'slug', t.slug, 'label', t.label, 'mission', t.mission_slug) ORDER BY t.rank), '[]')
     FROM letter_theme h JOIN theme t ON t.slug = h.theme_slug
     WHERE h.letter_id = l.id) AS orientations,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id, 'name', p.name, 'ended_on', p.ended_on) ORDER BY p.id), '[]')
     FROM letter_absorbed_cpts b JOIN cpts p ON p.id = b.cpts_id
     WHERE b.letter_id = l.id) AS merged_cpts,
    (SELECT jsonb_build_object(
                'id', p.id, 'name', p.name, 'ended_on', p.ended_on)
     FROM cpts p WHERE p.id = l.subject_cpts_id) AS cpts,
    (SELECT jsonb_build_object(
                'id', p.id, 'name', p.name, 'ended_on', p.ended_on)
     FROM cpts p WHERE p.id = l.resulting_cpts_id) AS resulting_cpts,
    (SELECT coalesce(jsonb_object_agg(o.authority, jsonb_build_object(
                'position', o.position, 'given_on', o.given_on, 'note', o.note,
                'actor', o.actor, 'recorded_at', o.recorded_at)), '{}')
     FROM letter_position o WHERE o.letter_id = l.id) AS positions,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', a.id, 'kind', a.kind, 'name', a.name, 'media_type', a.media_type,
                'size', octet_length(a.content), 'sha256', encode(a.sha256, 'hex'),
                'added_at', a.added_at) ORDER BY a.id), '[]')
     FROM letter_attachment a WHERE a.letter_id = l.id) AS attachments,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', n.id, 'opened_on', n.opened_on, 'closed_on', n.closed_on,
                'outcome', n.outcome) ORDER BY n.id), '[]')
     FROM conciliation_letter y JOIN conciliation n ON n.id = y.conciliation_id
     WHERE y.letter_id = l.id) AS conciliations
FROM (SELECT count(*) AS number_matched FROM matched) total
LEFT JOIN (page JOIN letter l ON l.id = page.id) ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce(jsonb_agg(jsonb_build_object(
            'code', c.code, 'name', c.name, 'department', c.department_code,
            'population', n.population) ORDER BY c.code)
            FILTER (WHERE k.part <> 'withdrawn'), '[]') AS communes,
        coalesce(jsonb_agg(jsonb_build_object(
            'code', c.code, 'name', c.name, 'department', c.department_code,
            'population', n.population) ORDER BY c.code)
            FILTER (WHERE k.part = 'withdrawn'), '[]') AS withdrawn,
        coalesce(sum(n.population) FILTER (WHERE k.part <> 'withdrawn'), 0)::integer AS population,
        max(n.year) FILTER (WHERE k.part <> 'withdrawn') AS population_year
    FROM letter_commune k
    JOIN commune c ON c.code = k.commune_code
    CROSS JOIN LATERAL commune_population_on(c.code, CAST(:day AS date)) n
    WHERE k.letter_id = l.id
) territory ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce((
            SELECT jsonb_agg(jsonb_build_object('code', r.code, 'name', r.name)
                             ORDER BY w.population DESC, r.code)
            FROM (
                SELECT c.region_code, sum(n.population) AS population
                FROM letter_commune k JOIN commune c ON c.code = k.commune_code
                CROSS JOIN LATERAL commune_population_on(c.code, CAST(:day AS date)) n
                WHERE k.letter_id = l.id GROUP BY c.region_code
            ) w JOIN region r ON r.code = w.region_code), '[]') AS regions,
        ARRAY(
            SELECT DISTINCT c.department_code FROM letter_commune k
            JOIN commune c ON c.code = k.commune_code
            WHERE k.letter_id = l.id ORDER BY 1) AS departments
) place ON true
ORDER BY l.deposited_on DESC, l.id DESC
