-- What varies comes from two hashes of the row's number: the same :seed gives the same bytes. One
-- record in sixteen has quotes, and the doubles have all their digits.
COPY (
    SELECT
        id,
        (h & 2147483647)::integer AS code,
        CASE WHEN h >> 31 & 15 <> 0 THEN (h >> 35 & 65535) - 32768 END AS level,
        h >> 51 & 1 = 1 AS active,
        (g & 4294967295) * (360::float8 / 4294967296) - 180 AS reading,
        CASE WHEN g >> 32 & 7 <> 0 THEN ((g >> 35 & 1048575)::float8 / 1048576)::real END AS ratio,
        ((h >> 8 & 1073741823) - 100000000)::numeric / 100 AS amount,
        date '1990-01-01' + (h >> 20 & 16383)::integer AS day,
        timestamp '2020-01-01' + (g & 134217727) * interval '1 second'
            + (h & 1048575) * interval '1 microsecond' AS seen,
        timestamptz '2024-01-01 00:00:00+00' + id * interval '37 seconds'
            + (g >> 20 & 1048575) * interval '1 microsecond' AS created,
        md5(h::text)::uuid AS uid,
        'sensor-' || (g >> 12 & 1048575) AS name,
        CASE h >> 52 & 15
            WHEN 0 THEN NULL
            WHEN 1 THEN 'lower bound, then "upper" bound'
            WHEN 2 THEN 'Messwert geprüft, Gerät läuft'
            ELSE (ARRAY['nominal', 'drifting since restart', 'calibrated', 'out of range for a while'])[1 + (h >> 56 & 3)]
                 || (ARRAY['', ' in hall 4', ' (second sensor)', ' after maintenance'])[1 + (h >> 58 & 3)]
        END AS note
    FROM (
        SELECT id, hashint8extended(id, :seed) AS h, hashint8extended(id, :seed + 1) AS g
        FROM generate_series(1, :rows::bigint) AS id
    ) AS hashes
) TO STDOUT (FORMAT csv, HEADER);
