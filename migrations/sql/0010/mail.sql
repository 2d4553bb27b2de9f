-- Messages to be sent, and none that were: a row goes once its message has left. A message is
-- written when it is sent, so that no link waits here in clear.
CREATE TABLE outgoing_message (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outgoing_message_pkey PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts bigint NOT NULL DEFAULT 0,
    -- Of the last attempt, by its class: what a server answers may name somebody.
    trouble text
);
CREATE INDEX outgoing_message_next_attempt_at_idx ON outgoing_message (next_attempt_at);
