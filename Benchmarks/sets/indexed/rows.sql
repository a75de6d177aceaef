\ir ../typed/rows.sql
