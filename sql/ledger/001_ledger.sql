-- The ledger of `pgsluice import --resume`: which bytes of which files are in the table.
--
-- pgsluice makes it by itself where it may. Where it may not, the database's owner or a superuser
-- runs this file once, as a whole, and lets the importer in:
--
--     psql -1 -f 001_ledger.sql
--     GRANT USAGE ON SCHEMA pgsluice TO importer;
--     GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA pgsluice TO importer;
--     GRANT DELETE ON ALL TABLES IN SCHEMA pgsluice TO importer;  -- for status --forget and --prune
--
-- A second run changes nothing.

CREATE SCHEMA IF NOT EXISTS pgsluice;

-- Which of these files have been run.
CREATE TABLE IF NOT EXISTS pgsluice.version (
    version integer PRIMARY KEY CHECK (version > 0),
    installed_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
);

-- One row for each import, whatever number of runs it takes.
CREATE TABLE IF NOT EXISTS pgsluice.import (
    id pg_catalog.text PRIMARY KEY CHECK (id <> ''),
    table_name pg_catalog.text NOT NULL,
    -- How the files are read and mapped: a line for each option.
    dialect pg_catalog.text NOT NULL,
    state pg_catalog.text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished')),
    -- Raised by each run: a batch of an older epoch belongs to a run that was taken over.
    epoch bigint NOT NULL DEFAULT 1 CHECK (epoch > 0),
    -- Raised when a finished import begins anew with other content: what is older does not count.
    generation bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
    stop_requested boolean NOT NULL DEFAULT false,
    -- Of the last run.
    host pg_catalog.text NOT NULL,
    pid bigint NOT NULL,
    program_version pg_catalog.text NOT NULL,
    started_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now(),
    updated_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now(),
    finished_at timestamp with time zone,
    CHECK ((state = 'finished') = (finished_at IS NOT NULL))
);

-- The files and streams of an import, in their order, counted from 0.
CREATE TABLE IF NOT EXISTS pgsluice.source (
    import pg_catalog.text NOT NULL REFERENCES pgsluice.import ON DELETE CASCADE,
    generation bigint NOT NULL,
    source integer NOT NULL CHECK (source >= 0),
    path pg_catalog.text NOT NULL,
    -- Both NULL for a stream.
    size bigint CHECK (size >= 0),
    fingerprint pg_catalog.uuid,
    -- What the batches cover, header and BOM not counted; NULL until the import is finished.
    body_start bigint CHECK (body_start >= 0),
    body_end bigint,
    PRIMARY KEY (import, generation, source),
    CHECK ((size IS NULL) = (fingerprint IS NULL)),
    CHECK ((body_start IS NULL) = (body_end IS NULL)),
    CHECK (body_end >= body_start)
);

-- The batches that are in the table: a row is committed with the rows of its batch, or not at all.
CREATE TABLE IF NOT EXISTS pgsluice.batch (
    import pg_catalog.text NOT NULL,
    generation bigint NOT NULL,
    source integer NOT NULL,
    -- Bytes of the (decompressed) source, counted from 0; the ranges tile its body.
    start_byte bigint NOT NULL CHECK (start_byte >= 0),
    end_byte bigint NOT NULL,
    -- Counted from 1; malformed records have numbers too.
    first_record bigint NOT NULL CHECK (first_record > 0),
    records bigint NOT NULL CHECK (records >= 0),
    -- Of the first byte, counted from 1.
    first_line bigint NOT NULL CHECK (first_line > 0),
    -- Line ends in the range.
    lines bigint NOT NULL CHECK (lines >= 0),
    -- Of the last byte.
    last_line bigint NOT NULL,
    -- Of the range's bytes: pgsluice's Digest128.
    hash pg_catalog.uuid NOT NULL,
    loaded bigint NOT NULL CHECK (loaded >= 0),
    rejected bigint NOT NULL CHECK (rejected >= 0),
    skipped bigint NOT NULL CHECK (skipped >= 0),
    recovered bigint NOT NULL CHECK (recovered >= 0),
    passed bigint NOT NULL CHECK (passed >= 0),
    malformed bigint NOT NULL CHECK (malformed >= 0),
    rows_in_binary bigint NOT NULL CHECK (rows_in_binary >= 0),
    rows_in_text bigint NOT NULL CHECK (rows_in_text >= 0),
    epoch bigint NOT NULL CHECK (epoch > 0),
    loaded_at timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (import, generation, source, start_byte),
    FOREIGN KEY (import, generation, source) REFERENCES pgsluice.source ON DELETE CASCADE,
    CHECK (end_byte > start_byte),
    CHECK (last_line >= first_line),
    CHECK (malformed <= records),
    CHECK (records = loaded + rejected + skipped)
);

-- The last statement: without it the ledger counts as incomplete.
INSERT INTO pgsluice.version (version) VALUES (1) ON CONFLICT DO NOTHING;
