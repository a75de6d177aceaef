-- Five columns' values in turn from slices of one hash, so that the making does not take longer than the loading.
SELECT format('COPY (SELECT %s FROM (SELECT %s FROM generate_series(1, %s) AS id) AS hashes) TO STDOUT (FORMAT csv, HEADER)',
    string_agg(
        format((ARRAY[
            'h%s >> 32 AS c%s',
            '(h%s & 16777215) * 0.01 AS c%s',
            '(h%s & 4294967295)::float8 / 65536 AS c%s',
            'date ''2000-01-01'' + (h%s >> 40 & 8191)::integer AS c%s',
            'nullif(''v'' || (h%s & 1023), ''v0'') AS c%s'])[1 + c % 5], c / 5, c), ', ' ORDER BY c),
    (SELECT string_agg(format('hashint8extended(id, %s) AS h%s', :seed + i, i), ', ') FROM generate_series(0, 100) AS i),
    :rows)
FROM generate_series(1, 500) AS c \gexec
