-- Text in which nearly every record has delimiters, doubled quotes or line breaks.
COPY (
    SELECT
        id,
        (ARRAY['On quotes, and other marks', 'A "short" history', 'Comma, comma, comma', 'Plain',
               'Überschrift, mit "Umlaut"', 'Lines', '日本語、タイトル', 'Nothing to escape here'])[1 + (h & 7)] AS title,
        (ARRAY['Smith, Jr.', 'O''Brien', 'Müller', 'Jane "JD" Doe', 'Nowak', '田中', 'van den Berg, A.', 'García'])[1 + (h >> 3 & 7)]
            AS author,
        CASE WHEN h >> 6 & 15 <> 0 THEN
            (ARRAY['She said "no", twice.', E'First line,\nsecond line', 'One, two, three, four', 'No mark in this sentence',
                   E'"Quoted"\n"again"', E'Windows\r\nline ends, too', 'A tab	and a \ backslash', 'Plain once more'])[1 + (h >> 10 & 7)]
            || (ARRAY[' ', ', ', E'\n', '; '])[1 + (h >> 13 & 3)]
            || repeat((ARRAY['lorem ipsum ', 'dolor, sit ', 'amet "consectetur" ', E'adipiscing\n'])[1 + (h >> 15 & 3)],
                      1 + (h >> 17 & 15)::integer)
        END AS body,
        'https://example.org/' || (g & 16777215) || '?q="' || (g >> 24 & 1023) || '",' || (g >> 34 & 1023) AS source
    FROM (
        SELECT id, hashint8extended(id, :seed) AS h, hashint8extended(id, :seed + 1) AS g
        FROM generate_series(1, :rows::bigint) AS id
    ) AS hashes
) TO STDOUT (FORMAT csv, HEADER);
