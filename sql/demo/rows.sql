-- Writes demo.orders as CSV to standard output, the same bytes for the same :seed and :rows on every
-- server: all that varies comes from two hashes of the row's number, cut into independent slices.
SET client_encoding = 'UTF8';
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

COPY (
    SELECT
        id,
        placed_at,
        first_name || ' ' || last_name AS customer,
        CASE WHEN h >> 40 & 15 = 0 THEN NULL
             WHEN h >> 40 & 15 = 1 THEN ''
             ELSE 'customer' || (h >> 44 & 262143) || '@example.' || (ARRAY['com', 'org', 'net', 'de'])[1 + (h >> 38 & 3)]
        END AS email,
        (ARRAY['Berlin', 'München', 'Zürich', 'São Paulo', '東京', 'Łódź', 'Reykjavík', 'Αθήνα', 'New York, NY',
               'Washington, D.C.', 'القاهرة', 'Dún Laoghaire', 'Hà Nội', '서울', 'Montréal', 'Nairobi'])[1 + (h >> 12 & 15)] AS city,
        (ARRAY['Espresso machine, 15 bar', 'Monitor 27" 4K', 'Bücherregal "Åse", weiß', 'USB-C cable, 2 m', '抹茶 100 g',
               'Desk lamp', 'Mechanical keyboard', 'Jeans 32/34', 'Headphones 🎧', 'Crème brûlée torch', 'Notebook A5, dotted',
               'Bicycle pump', 'Rain jacket, navy', 'Teapot 1.2 l', 'Pliers 6"', 'Board game'])[1 + (h >> 16 & 15)] AS product,
        1 + (h >> 20 & 7) AS quantity,
        ((g & 131071) + 99)::numeric(10,0) * 0.01 AS price,
        CASE WHEN g >> 17 & 3 = 0 THEN (g >> 19 & 255) * 0.001 END AS discount,
        g >> 27 & 7 <> 0 AS paid,
        CASE WHEN status IN ('shipped', 'delivered', 'returned')
             THEN (placed_at + (1 + (g >> 30 & 7)) * interval '1 day')::date
        END AS ship_on,
        status,
        CASE WHEN g >> 33 & 7 < 3 THEN NULL
             WHEN g >> 33 & 7 = 3 THEN ''
             ELSE (ARRAY['Please ring twice', 'Leave with the neighbour, "Frau Groß"', E'Gift wrap:\n"Alles Gute, Jürgen! 🎉"',
                         E'2nd floor,\nleft door', 'Call before delivery, please', '配達は午後にお願いします', E'Fragile!\r\nThis side up',
                         'No plastic, no problem'])[1 + (g >> 36 & 7)]
                  || (ARRAY['', '.', ', thanks', ' (order ' || id || ')'])[1 + (g >> 39 & 3)]
        END AS note
    FROM (
        SELECT
            id, h, g,
            timestamptz '2024-01-01 00:00:00+00' + (id * 37 + (h & 31)) * interval '1 second'
                + (g >> 41 & 1048575) * interval '1 microsecond' AS placed_at,
            (ARRAY['Anna', 'Ben', 'Chloé', 'David', 'Élodie', 'Fatima', 'Günther', 'Hiroshi', 'Ingrid', 'João', 'Kateřina',
                   'Liam', 'Mei', 'Noah', 'Øyvind', 'Priya'])[1 + (h >> 4 & 15)] AS first_name,
            (ARRAY['Müller', 'O''Brien', 'García', 'Smith, Jr.', 'Nowak', '田中', 'Dubois', 'Johansson', 'Kowalski', 'Rossi',
                   'Nguyễn', 'Silva', 'van den Berg', 'Yılmaz', 'Ivanova', 'Brown'])[1 + (h >> 8 & 15)] AS last_name,
            (ARRAY['new', 'packed', 'shipped', 'delivered', 'delivered', 'delivered', 'returned', 'cancelled'])[1 + (h >> 24 & 7)]
                AS status
        FROM (
            SELECT id, hashint8extended(id, :seed) AS h, hashint8extended(id, :seed + 1) AS g
            FROM generate_series(1, :rows::bigint) AS id
        ) AS hashes
    ) AS parts
) TO STDOUT (FORMAT csv, HEADER);
