-- Five hundred columns, five types in turn.
SELECT format('CREATE TABLE %s (%s)', :'table', string_agg(
    format('c%s %s', c, (ARRAY['integer', 'numeric(10,2)', 'double precision', 'date', 'text'])[1 + c % 5]), ', ' ORDER BY c))
FROM generate_series(1, 500) AS c \gexec
