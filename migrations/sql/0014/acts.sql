-- An undo is a change of its own in the history.
-- squawk-ignore ban-drop-constraint
ALTER TABLE cpts_change DROP CONSTRAINT cpts_change_action_check;
ALTER TABLE cpts_change ADD CONSTRAINT cpts_change_action_check CHECK (
    action IN ('created', 'updated', 'territory', 'superseded', 'ended', 'imported', 'undone'));
-- An undo asks for all that was changed together, and the journal for the latest.
CREATE INDEX cpts_change_revision_idx ON cpts_change (revision);
CREATE INDEX cpts_change_changed_at_idx ON cpts_change (changed_at);

-- What administrators and agents did besides changing CPTS and letters. Of people it keeps
-- numbers, never a name: what is on record stays, and a person may ask to be forgotten.
CREATE TABLE administrative_act (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT administrative_act_pkey PRIMARY KEY,
    acted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL CONSTRAINT administrative_act_kind_check CHECK (btrim(kind) <> ''),
    subject text NOT NULL DEFAULT '',
    -- The regions that it concerns; none for what concerns no region.
    regions text[] NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    actor_token_id bigint CONSTRAINT administrative_act_actor_token_id_fkey
        REFERENCES api_token ON DELETE SET NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX administrative_act_acted_at_idx ON administrative_act (acted_at);
