-- Thirteen columns, one of each common type.
CREATE TABLE :table (
    id        bigint        NOT NULL,
    code      integer       NOT NULL,
    level     smallint,
    active    boolean       NOT NULL,
    reading   double precision NOT NULL,
    ratio     real,
    amount    numeric(12,2) NOT NULL,
    day       date          NOT NULL,
    seen      timestamp     NOT NULL,
    created   timestamptz   NOT NULL,
    uid       uuid          NOT NULL,
    name      varchar(20)   NOT NULL,
    note      text
);
