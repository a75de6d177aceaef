-- CSV of :rows records, one in 1 / :share of them bad, each of the ten ways as often as the others.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SELECT setseed(1.0 / :seed);
SELECT 'id,quantity,size,is_new,price,day,at,code,name,note,customer';
SELECT CASE kind WHEN 8 THEN id || ',malformed' ELSE concat_ws(',',
    CASE kind WHEN 6 THEN 1 ELSE id END,
    CASE kind WHEN 0 THEN 'many' WHEN 4 THEN '' ELSE (id * 7 % 1000000)::text END,
    CASE kind WHEN 1 THEN 99999 ELSE id % 30000 END,
    CASE WHEN id % 2 = 0 THEN 't' ELSE 'f' END,
    CASE kind WHEN 5 THEN -1 ELSE id % 100000 + 0.25 END,
    CASE kind WHEN 2 THEN '2024-02-31' ELSE (date '2020-01-01' + (id % 2000)::int)::text END,
    timestamp '2024-01-01' + id * interval '1 second',
    md5(id::text)::uuid,
    CASE kind WHEN 3 THEN repeat('long', 8) ELSE 'name ' || id END,
    CASE kind WHEN 9 THEN 'not@UTF8' ELSE repeat('text ', (id % 8)::int) END,
    CASE kind WHEN 7 THEN 5000 ELSE 1 + id % 1000 END) END
FROM (
    SELECT id, CASE WHEN random() < :share THEN floor(random() * 10)::int END AS kind
    FROM generate_series(2, :rows + 1) id
) AS records;
