-- Persons who do not exist, at addresses and numbers that nobody can have (RFC 2606; ARCEP keeps
-- 01 99 00 for fiction).
INSERT INTO cpts_contact (cpts_id, position, role, name, email, phone, origin, recorded_on, kept_until)
SELECT a.id, r.position, r.role,
    'Démo ' || (ARRAY['Camille', 'Dominique', 'Claude', 'Sacha', 'Alix', 'Maxime'])
        [1 + (a.draw + r.position) % 6] || ' Fictif',
    r.mailbox || '.' || a.id || '@demonstration.example',
    '01 99 00 ' || lpad(CAST(a.draw / 100 % 100 AS text), 2, '0') || ' '
        || lpad(CAST(a.draw % 100 AS text), 2, '0'),
    'demonstration', CAST(:today AS date), CAST(:today AS date) + 730
FROM (
    SELECT i.id, abs(hashtext('contact' || i.id)) AS draw
    FROM unnest(CAST(:ids AS bigint[])) AS i (id)
) a
JOIN (VALUES (1, 'Coordination', 'coordination'), (2, 'Présidence', 'presidence'))
    AS r (position, role, mailbox) ON r.position = 1 OR a.draw % 2 = 0
