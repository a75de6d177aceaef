-- Five integers of two to ten digits: little but the cost of a row.
COPY (
    SELECT id AS a, h & 99 AS b, h >> 7 & 65535 AS c, h >> 23 & 1048575 AS d, (h >> 32 & 4294967295) - 2147483648 AS e
    FROM (
        SELECT id, hashint8extended(id, :seed) AS h FROM generate_series(1, :rows::bigint) AS id
    ) AS hashes
) TO STDOUT (FORMAT csv, HEADER);
