CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TABLE users(id int, email citext, name varchar(40), bio text COLLATE "C", doc jsonb, tags text[], at timestamptz, ip inet);
CREATE INDEX ix_email ON users(email);
CREATE UNIQUE INDEX ix_lower ON users(lower(name), id DESC NULLS LAST) WHERE id > 5 AND bio IS NOT NULL;
CREATE INDEX ON users USING gin (doc);
CREATE INDEX ON users USING gin (doc jsonb_path_ops);
CREATE INDEX ON users USING gist (to_tsvector('simple', bio) tsvector_ops (siglen = 90));
CREATE INDEX ON users USING gin (tags) WITH (fastupdate = off);
CREATE INDEX ON users USING gin (name gin_trgm_ops);
CREATE INDEX ON users USING brin (at) WITH (pages_per_range = 64);
CREATE INDEX ON users USING hash (bio);
CREATE INDEX ON users (name text_pattern_ops);
CREATE INDEX ON users (bio text_ops, name COLLATE "C" varchar_ops, id int4_ops);
CREATE INDEX ON users (bio COLLATE "POSIX") INCLUDE (id, at);
CREATE INDEX ON users USING gist (ip inet_ops);
CREATE INDEX ON users ((id)) WITH (fillfactor = 50);
CREATE INDEX ON users (id, (name || bio), (name || bio), (id + 1), (doc ->> 'a'), ((doc ->> 'b')::int));
CREATE INDEX IF NOT EXISTS ix_email ON users(id);
-- refused
CREATE INDEX ix_email ON users(id);
-- refused
CREATE INDEX nope ON users(missing);
-- refused
CREATE INDEX nope ON missing(id);
-- since 15
CREATE UNIQUE INDEX nulls ON users(id) NULLS NOT DISTINCT;
ALTER INDEX ix_email SET (fillfactor = 70);
ALTER INDEX ix_email RESET (fillfactor);
ALTER INDEX ix_lower ALTER COLUMN 1 SET STATISTICS 400;
ALTER TABLE ix_email RENAME TO ix_mail;
COMMENT ON INDEX ix_mail IS 'by mail';
ALTER TABLE users ALTER COLUMN id SET NOT NULL;
CREATE UNIQUE INDEX users_id ON users(id);
ALTER TABLE users REPLICA IDENTITY USING INDEX users_id;
ALTER TABLE users CLUSTER ON users_id;
ALTER TABLE users SET WITHOUT CLUSTER;
ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id;
ALTER TABLE users REPLICA IDENTITY FULL;
DROP INDEX ix_mail, ix_lower;
-- refused
DROP INDEX users_id;
DROP INDEX IF EXISTS ix_mail;
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ALTER COLUMN full_name TYPE text;
ALTER TABLE users DROP COLUMN full_name;
CREATE SCHEMA app;
ALTER TABLE users SET SCHEMA app;
REINDEX TABLE app.users;
DROP SCHEMA app CASCADE;
