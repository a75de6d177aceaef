CREATE SCHEMA demo;

-- Without a primary key: indexes are cheaper made after a bulk load than kept during it.
CREATE TABLE demo.orders (
    id         bigint        NOT NULL,
    placed_at  timestamptz   NOT NULL,
    customer   text          NOT NULL,
    email      text,
    city       text          NOT NULL,
    product    text          NOT NULL,
    quantity   integer       NOT NULL,
    price      numeric(10,2) NOT NULL,
    discount   numeric(4,3),
    paid       boolean       NOT NULL,
    ship_on    date,
    status     text          NOT NULL,
    note       text
);
