-- What the directory searches, derived from what CPTS wrote. French words without their accents
-- and endings; names of CPTS and communes have indexes of their own.
CREATE TEXT SEARCH CONFIGURATION directory_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION directory_french
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, french_stem;

-- One row per CPTS that has a theme, an action or a sheet; kept by triggers only.
CREATE TABLE directory_entry (
    cpts_id bigint NOT NULL CONSTRAINT directory_entry_pkey PRIMARY KEY
        CONSTRAINT directory_entry_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    -- Of its presentation and its actions.
    words tsvector NOT NULL,
    -- Public ones; and those of its actions besides, which are for members.
    declared_themes text[] NOT NULL,
    themes text[] NOT NULL,
    -- Of the actions in each state.
    planned_themes text[] NOT NULL,
    current_themes text[] NOT NULL,
    done_themes text[] NOT NULL
);
CREATE INDEX directory_entry_words_idx ON directory_entry USING gin (words);

-- Every word of an entry, and of how many: what a word with a typing error is compared with.
CREATE TABLE directory_word (
    word text NOT NULL CONSTRAINT directory_word_pkey PRIMARY KEY,
    entries bigint NOT NULL
);
CREATE INDEX directory_word_word_idx ON directory_word USING gin (word gin_trgm_ops);

CREATE FUNCTION derive_directory_entries(asked bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO directory_entry AS e
        (cpts_id, words, declared_themes, themes, planned_themes, current_themes, done_themes)
    SELECT p.id,
        to_tsvector('directory_french', concat_ws(' ', s.presentation, a.texts)),
        ARRAY(SELECT d.theme_slug FROM cpts_theme d WHERE d.cpts_id = p.id ORDER BY 1),
        ARRAY(SELECT d.theme_slug FROM cpts_theme d WHERE d.cpts_id = p.id
              UNION SELECT c.theme_slug FROM cpts_action c WHERE c.cpts_id = p.id
              ORDER BY 1),
        coalesce(a.planned, '{}'), coalesce(a.current, '{}'), coalesce(a.done, '{}')
    FROM cpts p
    LEFT JOIN cpts_sheet s ON s.cpts_id = p.id
    CROSS JOIN LATERAL (
        SELECT string_agg(c.text, ' ' ORDER BY c.position, c.id) AS texts,
            array_agg(DISTINCT c.theme_slug) FILTER (WHERE c.state = 'en_projet') AS planned,
            array_agg(DISTINCT c.theme_slug) FILTER (WHERE c.state = 'en_cours') AS current,
            array_agg(DISTINCT c.theme_slug) FILTER (WHERE c.state = 'realise') AS done
        FROM cpts_action c WHERE c.cpts_id = p.id
    ) a
    WHERE p.id = ANY (asked)
    ON CONFLICT (cpts_id) DO UPDATE SET
        words = excluded.words, declared_themes = excluded.declared_themes,
        themes = excluded.themes,
        planned_themes = excluded.planned_themes, current_themes = excluded.current_themes,
        done_themes = excluded.done_themes
    WHERE (e.words, e.declared_themes, e.themes,
           e.planned_themes, e.current_themes, e.done_themes)
        IS DISTINCT FROM (excluded.words, excluded.declared_themes, excluded.themes,
            excluded.planned_themes, excluded.current_themes, excluded.done_themes);
END $$;

CREATE FUNCTION derive_entries_of_touched_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT n.cpts_id) INTO touched FROM new_rows n;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT o.cpts_id) INTO touched FROM old_rows o;
    ELSE
        SELECT array_agg(DISTINCT r.cpts_id) INTO touched
        FROM (SELECT n.cpts_id FROM new_rows n UNION ALL SELECT o.cpts_id FROM old_rows o) r;
    END IF;
    IF touched IS NOT NULL THEN
        PERFORM derive_directory_entries(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION derive_every_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM derive_directory_entries(ARRAY(SELECT e.cpts_id FROM directory_entry e));
    RETURN NULL;
END $$;

-- Words are counted per entry, so that one goes with the last text that holds it.
CREATE FUNCTION count_directory_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE directory_word w SET entries = w.entries - o.entries
        FROM (SELECT l.word, count(*) AS entries
              FROM old_rows r, unnest(tsvector_to_array(r.words)) AS l (word) GROUP BY 1) o
        WHERE w.word = o.word;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO directory_word AS w (word, entries)
        SELECT l.word, count(*)
        FROM new_rows r, unnest(tsvector_to_array(r.words)) AS l (word) GROUP BY 1
        ON CONFLICT (word) DO UPDATE SET entries = w.entries + excluded.entries;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM directory_word w
        USING (SELECT DISTINCT l.word
               FROM old_rows r, unnest(tsvector_to_array(r.words)) AS l (word)) o
        WHERE w.word = o.word AND w.entries <= 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_directory_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    DELETE FROM directory_word w WHERE w.entries IS NOT NULL;
    RETURN NULL;
END $$;

DO $$
DECLARE
    touched text;
    definer text;
BEGIN
    -- Whoever calls them, they name the tables of this schema.
    FOREACH definer IN ARRAY ARRAY[
        'derive_directory_entries(bigint[])', 'derive_entries_of_touched_rows()',
        'derive_every_entry()', 'count_directory_words()', 'forget_directory_words()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', definer, current_schema());
    END LOOP;

    CREATE TRIGGER directory_entry_inserted_words AFTER INSERT ON directory_entry
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION count_directory_words();
    CREATE TRIGGER directory_entry_updated_words AFTER UPDATE ON directory_entry
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION count_directory_words();
    CREATE TRIGGER directory_entry_deleted_words AFTER DELETE ON directory_entry
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION count_directory_words();
    CREATE TRIGGER directory_entry_truncated_words AFTER TRUNCATE ON directory_entry
        FOR EACH STATEMENT EXECUTE FUNCTION forget_directory_words();

    FOREACH touched IN ARRAY ARRAY['cpts_theme', 'cpts_sheet', 'cpts_action'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION derive_entries_of_touched_rows()',
            touched || '_inserted_entry', touched);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I '
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION derive_entries_of_touched_rows()',
            touched || '_updated_entry', touched);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION derive_entries_of_touched_rows()',
            touched || '_deleted_entry', touched);
        EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION derive_every_entry()',
            touched || '_truncated_entry', touched);
    END LOOP;

    -- What is on record before.
    PERFORM derive_directory_entries(ARRAY(SELECT DISTINCT t.cpts_id FROM cpts_theme t));
END $$;
