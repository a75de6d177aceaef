-- What can be refused in ten ways, five of them by the table.
CREATE TABLE :table (
    id bigint PRIMARY KEY,
    quantity integer NOT NULL,
    size smallint,
    is_new boolean,
    price numeric(12,2) CHECK (price >= 0),
    day date,
    at timestamp,
    code uuid,
    name varchar(20),
    note text,
    customer integer REFERENCES bench.customer
);
