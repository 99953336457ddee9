CREATE TABLE src(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text DEFAULT 'x' NOT NULL, b int CHECK (b > 0), c int UNIQUE, g int GENERATED ALWAYS AS (b+1) STORED, s bigserial, EXCLUDE USING gist (int4range(b, c) WITH &&));
CREATE INDEX ON src (lower(a), (b + c)) INCLUDE (c) WHERE b > 3;
CREATE INDEX ON src (lower(a), (b + c)) INCLUDE (c) WHERE b > 3;
CREATE INDEX ON src ((b + c), (c - b), upper(a), (a || 'x'), coalesce(a, 'x'), (a::varchar));
COMMENT ON COLUMN src.a IS 'hello';
COMMENT ON INDEX src_c_key IS 'there';
-- since 16
CREATE STATISTICS ON b, c FROM src;
CREATE STATISTICS st1 (ndistinct) ON a, b FROM src;
CREATE TABLE l1 (LIKE src);
CREATE TABLE l2 (LIKE src INCLUDING ALL);
CREATE TABLE l3 (LIKE src INCLUDING DEFAULTS INCLUDING CONSTRAINTS, more int);
CREATE TABLE l4 (LIKE src INCLUDING INDEXES INCLUDING IDENTITY EXCLUDING COMMENTS);
-- refused
ALTER TABLE src DROP COLUMN c;
CREATE TABLE among(first int, LIKE src, last int, later int);
