CREATE TABLE :table (
    a  integer NOT NULL,
    b  integer NOT NULL,
    c  integer NOT NULL,
    d  integer NOT NULL,
    e  integer NOT NULL
);
