-- What was asked and answered, and how it was drawn, on the day; never changed afterwards.
-- No public answer of the registry depends on it, so it does not advance its revision.
CREATE TABLE verification_note (
    id bigint GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    question jsonb NOT NULL,
    answer jsonb NOT NULL,
    wordings jsonb NOT NULL,
    drawing text NOT NULL,
    CONSTRAINT verification_note_pkey PRIMARY KEY (id),
    CONSTRAINT verification_note_key_key UNIQUE (key)
);
CREATE INDEX verification_note_created_at_idx ON verification_note (created_at);
