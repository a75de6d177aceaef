-- The typed columns with what a table in use has: a primary key and two indexes.
\ir ../typed/table.sql
ALTER TABLE :table ADD PRIMARY KEY (id);
CREATE INDEX ON :table (created);
CREATE INDEX ON :table (code);
