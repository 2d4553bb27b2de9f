-- What was handed in with a letter: kept here, so that a backup of the database holds it too.
CREATE TABLE letter_attachment (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT letter_attachment_pkey PRIMARY KEY,
    letter_id bigint NOT NULL
        CONSTRAINT letter_attachment_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT letter_attachment_kind_check
        CHECK (kind IN ('letter', 'map', 'diagnosis', 'other')),
    -- As its bearer's machine called it, for whoever downloads it.
    name text NOT NULL CONSTRAINT letter_attachment_name_check
        CHECK (btrim(name) <> '' AND length(name) <= 120),
    -- Read in the content, not what the browser said of it.
    media_type text NOT NULL CONSTRAINT letter_attachment_media_type_check
        CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
    content bytea NOT NULL,
    sha256 bytea NOT NULL,
    actor text NOT NULL,
    actor_token_id bigint
        CONSTRAINT letter_attachment_actor_token_id_fkey REFERENCES api_token ON DELETE SET NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT letter_attachment_sha256_check CHECK (sha256 = sha256(content)),
    -- The same file twice is one.
    CONSTRAINT letter_attachment_letter_id_sha256_key UNIQUE (letter_id, sha256)
);
-- PDF and pictures are compressed already.
ALTER TABLE letter_attachment ALTER COLUMN content SET STORAGE EXTERNAL;

-- squawk-ignore ban-drop-constraint
ALTER TABLE letter_event DROP CONSTRAINT letter_event_action_check;
ALTER TABLE letter_event ADD CONSTRAINT letter_event_action_check CHECK (
    action IN ('deposited', 'corrected', 'territory', 'decision', 'opinion', 'conciliation_opened',
               'conciliation_closed', 'validated', 'refused', 'withdrawn', 'attached', 'detached'));
