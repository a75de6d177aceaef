CREATE TABLE :table (
    id      integer NOT NULL,
    title   text    NOT NULL,
    author  text    NOT NULL,
    body    text,
    source  text    NOT NULL
);
