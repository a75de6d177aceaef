-- One row of the typed columns: what a start and an end cost.
\ir ../typed/table.sql
