-- What a visitor says is wrong on a page, for the administrators. No answer of the public
-- part depends on it.
CREATE TABLE error_report (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT error_report_pkey PRIMARY KEY,
    -- The sheet that it is about; both null for the service as a whole.
    cpts_id bigint CONSTRAINT error_report_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    commune_code text
        CONSTRAINT error_report_commune_code_fkey REFERENCES commune ON DELETE SET NULL,
    message text NOT NULL
        CONSTRAINT error_report_message_check CHECK (btrim(message) <> '' AND length(message) <= 4000),
    -- Personal data, given only by those who want an answer; erased with the report.
    reply_to text CONSTRAINT error_report_reply_to_check CHECK (length(reply_to) <= 254),
    reported_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz,
    handled_by bigint CONSTRAINT error_report_handled_by_fkey REFERENCES api_token,
    outcome text,
    CONSTRAINT error_report_handled_check CHECK (handled_by IS NULL OR handled_at IS NOT NULL)
);
CREATE INDEX error_report_cpts_id_idx ON error_report (cpts_id);
CREATE INDEX error_report_commune_code_idx ON error_report (commune_code);
