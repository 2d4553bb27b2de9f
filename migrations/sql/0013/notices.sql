-- Whether somebody wants a message when a letter concerns their region.
ALTER TABLE person ADD COLUMN letter_mail boolean NOT NULL DEFAULT true;

-- Who was told of which letter: once each, whatever becomes of the letter.
CREATE TABLE letter_notice (
    letter_id bigint NOT NULL
        CONSTRAINT letter_notice_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    person_id bigint NOT NULL
        CONSTRAINT letter_notice_person_id_fkey REFERENCES person ON DELETE CASCADE,
    told_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT letter_notice_pkey PRIMARY KEY (letter_id, person_id)
);
CREATE INDEX letter_notice_person_id_idx ON letter_notice (person_id);
