"""Rows written and read, sessions, and several statements in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from tests.differential.case import Case
from tests.differential.world import WORLD

TEXTS = """
INSERT INTO keyed(id, code) VALUES (9001, 9001)
INSERT INTO keyed(id, code) VALUES (1, 9001)
INSERT INTO keyed(id, code, a) VALUES (9001, 9001, -5)
INSERT INTO keyed(id, code, ref) VALUES (9001, 9001, 5)
INSERT INTO keyed(id, code, ref) VALUES (9001, 9001, 50000)
INSERT INTO keyed(id) VALUES (9001)
INSERT INTO keyed(id, nosuch) VALUES (9001, 1)
INSERT INTO nosuch VALUES (1)
INSERT INTO keyed(id, code) SELECT id + 10000, a + 10000 FROM plain
INSERT INTO keyed(id, code) VALUES (1, 1) ON CONFLICT DO NOTHING
INSERT INTO keyed(id, code) VALUES (1, 1) ON CONFLICT (id) DO NOTHING
INSERT INTO keyed(id, code) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET note = 'x'
INSERT INTO keyed(id, code) VALUES (1, 1) ON CONFLICT (note) DO NOTHING
INSERT INTO keyed(id, code) VALUES (9001, 9001) RETURNING id
INSERT INTO gen(a) VALUES (1)
INSERT INTO gen(id, a) VALUES (1000, 1)
INSERT INTO gen(id, a) OVERRIDING SYSTEM VALUE VALUES (1000, 1)
INSERT INTO gen(twice) VALUES (1)
INSERT INTO gen DEFAULT VALUES
INSERT INTO v_keyed VALUES (9001, 'x')
INSERT INTO v_two VALUES (1, 'x')
INSERT INTO mv VALUES (1, 1, 'x')
INSERT INTO sq VALUES (1)
INSERT INTO acted VALUES (1000, 1, 1)
INSERT INTO late VALUES (1000, 1, 1000)
INSERT INTO late VALUES (1000, 100000, 1000)
INSERT INTO kid(id, keyed_id, self) VALUES (1000, 1, 1)
INSERT INTO dom(id, q) VALUES (1000, -1)
INSERT INTO plain VALUES (1, 'abc')
INSERT INTO plain VALUES (1, 2, 3, 'x', now(), 1, 1)
INSERT INTO plain SELECT * FROM plain
INSERT INTO plain(id) SELECT id FROM keyed WHERE id = 5
INSERT INTO "Odd Name"("Id") VALUES (1000)
INSERT INTO app.item VALUES (1000, 1, 'x')
INSERT INTO typed VALUES (1, 'x')
INSERT INTO plain(id) VALUES (nextval('sq'))
UPDATE keyed SET note = 'x'
UPDATE keyed SET note = 'x' WHERE id = 5
UPDATE keyed SET note = 'x' WHERE note = 'n5'
UPDATE keyed SET note = 'x' WHERE code = 5
UPDATE keyed SET a = -1
UPDATE keyed SET id = id + 100000
UPDATE keyed SET code = code + 10000
UPDATE keyed SET ref = 5
UPDATE keyed SET ref = 50000
UPDATE keyed SET ref = NULL
UPDATE keyed SET code = NULL
UPDATE keyed SET nosuch = 1
UPDATE nosuch SET a = 1
UPDATE keyed SET note = o.name FROM owner o WHERE o.id = keyed.ref
UPDATE keyed SET note = (SELECT name FROM owner LIMIT 1)
UPDATE keyed SET note = 'x' WHERE id IN (SELECT id FROM plain)
UPDATE keyed SET note = 'x' RETURNING id
UPDATE gen SET id = 5
UPDATE gen SET twice = 5
UPDATE gen SET a = 5
UPDATE v_keyed SET note = 'x'
UPDATE acted SET a = 1
UPDATE acted SET b = 1
UPDATE late SET o = o
UPDATE late SET u = u + 1
UPDATE kid SET self = 1
UPDATE owner SET name = 'x'
UPDATE owner SET id = id + 100000
UPDATE parent SET name = 'x' WHERE id = 1
UPDATE mv SET a = 1
UPDATE plain SET a = 'abc'
UPDATE plain SET a = NULL WHERE false
UPDATE t SET status = 'ok' WHERE status = 'sad'
UPDATE t SET note = 'x' WHERE id BETWEEN 1 AND 10
DELETE FROM keyed
DELETE FROM keyed WHERE id = 5
DELETE FROM keyed WHERE id = 450
DELETE FROM kid
DELETE FROM kid WHERE id = 5
DELETE FROM owner
DELETE FROM owner WHERE id = 999
DELETE FROM plain
DELETE FROM plain WHERE a IN (SELECT id FROM keyed)
DELETE FROM plain USING keyed WHERE plain.id = keyed.id
DELETE FROM acted
DELETE FROM nosuch
DELETE FROM v_keyed WHERE id = 450
DELETE FROM mv
DELETE FROM late
DELETE FROM empty_one
DELETE FROM plain RETURNING *
DELETE FROM parent WHERE id = 1
MERGE INTO plain p USING keyed k ON p.id = k.id WHEN MATCHED THEN UPDATE SET a = k.a WHEN NOT MATCHED THEN INSERT (id) VALUES (k.id)
MERGE INTO keyed k USING plain p ON p.id = k.id WHEN MATCHED THEN DELETE
MERGE INTO keyed k USING plain p ON p.id = k.id WHEN MATCHED THEN UPDATE SET ref = 1
MERGE INTO nosuch k USING plain p ON true WHEN MATCHED THEN DELETE
WITH x AS (DELETE FROM kid RETURNING *) INSERT INTO plain(id) SELECT id FROM x
WITH x AS (SELECT * FROM keyed) UPDATE plain SET a = 1 FROM x WHERE x.id = plain.id
WITH x AS (UPDATE plain SET a = 1 RETURNING *) SELECT * FROM x
SELECT 1
SELECT * FROM keyed
SELECT * FROM keyed WHERE id = 5
SELECT * FROM keyed LIMIT 1
SELECT count(*) FROM keyed k JOIN owner o ON o.id = k.ref
SELECT * FROM nosuch
SELECT nosuch FROM keyed
SELECT * FROM v_two
SELECT * FROM mv
SELECT * FROM mv_empty
SELECT * FROM keyed FOR UPDATE
SELECT * FROM keyed WHERE id = 5 FOR UPDATE
SELECT * FROM keyed WHERE id = 5 FOR NO KEY UPDATE
SELECT * FROM keyed WHERE id = 5 FOR SHARE NOWAIT
SELECT * FROM keyed FOR UPDATE SKIP LOCKED
SELECT * FROM keyed k JOIN owner o ON o.id = k.ref FOR UPDATE OF k
SELECT * FROM v_keyed FOR UPDATE
SELECT nextval('sq')
SELECT nextval('gen_id_seq')
SELECT setval('sq', 100)
SELECT currval('sq')
SELECT nextval('nosuch')
SELECT last_value FROM sq
SELECT pg_relation_size('keyed')
SELECT exists(SELECT 1 FROM keyed WHERE id = 3)
SELECT * FROM keyed WHERE id IN (SELECT ref FROM keyed)
SELECT * FROM plain, keyed WHERE plain.id = keyed.id
SELECT * FROM keyed UNION ALL SELECT * FROM keyed
TABLE keyed
VALUES (1), (2)
EXPLAIN SELECT * FROM keyed
EXPLAIN ANALYZE SELECT * FROM keyed
EXPLAIN ANALYZE UPDATE plain SET a = 1
COPY keyed TO STDOUT
COPY (SELECT * FROM keyed) TO STDOUT
COPY nosuch TO STDOUT
COPY v_keyed TO STDOUT
PREPARE p AS SELECT * FROM keyed
PREPARE p AS SELECT * FROM nosuch
DEALLOCATE nosuch
DECLARE c CURSOR FOR SELECT * FROM keyed
FETCH 1 FROM nosuch
CLOSE nosuch
SET LOCAL lock_timeout = '1s'
SET lock_timeout = 'abc'
SET nosuch = 1
SET search_path = app
SET LOCAL search_path = nosuch
SHOW lock_timeout
RESET lock_timeout
SET CONSTRAINTS ALL DEFERRED
SET CONSTRAINTS late_fk IMMEDIATE
SET CONSTRAINTS keyed_ref DEFERRED
SET CONSTRAINTS nosuch DEFERRED
SET ROLE bob
SET ROLE nosuch
SET SESSION AUTHORIZATION bob
SAVEPOINT a
ROLLBACK TO SAVEPOINT nosuch
RELEASE SAVEPOINT nosuch
DISCARD PLANS
DISCARD ALL
CHECKPOINT
LISTEN x
NOTIFY x
UNLISTEN x
LOAD 'nosuch'
VACUUM keyed
VACUUM FULL
REINDEX DATABASE postgres
REINDEX SCHEMA public
REINDEX TABLE CONCURRENTLY keyed
CREATE INDEX CONCURRENTLY n ON keyed(a)
DROP INDEX CONCURRENTLY keyed_ab
ALTER TABLE pt DETACH PARTITION pt_a CONCURRENTLY
ALTER SYSTEM SET work_mem = '5MB'
CREATE DATABASE n
DROP DATABASE nosuch
CREATE TABLESPACE n LOCATION '/tmp'
ALTER DATABASE postgres SET work_mem = '5MB'
REASSIGN OWNED BY bob TO postgres
DROP OWNED BY bob
DROP OWNED BY nosuch
DROP ROLE nosuch
DROP ROLE IF EXISTS nosuch
IMPORT FOREIGN SCHEMA x FROM SERVER nosuch INTO app
"""
SEVERAL = """
CREATE TABLE n(id int) ;; INSERT INTO n SELECT id FROM keyed ;; ALTER TABLE n ADD PRIMARY KEY (id)
CREATE TABLE n(id int REFERENCES keyed(id)) ;; INSERT INTO n VALUES (1)
CREATE TABLE n(id int) ;; ALTER TABLE n ADD FOREIGN KEY (id) REFERENCES keyed(id)
CREATE TABLE n(id int) ;; ALTER TABLE keyed ADD FOREIGN KEY (a) REFERENCES n(id)
CREATE TABLE n(id int PRIMARY KEY) ;; ALTER TABLE keyed ADD COLUMN nid int REFERENCES n(id)
CREATE TABLE n(id int PRIMARY KEY) ;; DROP TABLE n
CREATE TABLE n(id int) ;; CREATE TABLE n(id int)
ALTER TABLE plain ADD COLUMN x int ;; ALTER TABLE plain ADD COLUMN x int
ALTER TABLE plain ADD COLUMN x int ;; CREATE INDEX n ON plain(x)
ALTER TABLE plain ADD COLUMN x int ;; UPDATE plain SET x = 1 ;; ALTER TABLE plain ALTER COLUMN x SET NOT NULL
ALTER TABLE plain ADD COLUMN x int NOT NULL DEFAULT 5 ;; ALTER TABLE plain ALTER COLUMN x DROP DEFAULT
ALTER TABLE plain DROP COLUMN a ;; ALTER TABLE plain ADD COLUMN a int
ALTER TABLE plain DROP COLUMN a ;; ALTER TABLE plain DROP COLUMN a
ALTER TABLE plain RENAME TO plain2 ;; ALTER TABLE plain ADD COLUMN x int
ALTER TABLE plain RENAME TO plain2 ;; ALTER TABLE plain2 ADD COLUMN x int
ALTER TABLE keyed RENAME TO keyed_old ;; CREATE TABLE keyed(id int) ;; DROP TABLE keyed
ALTER TABLE keyed RENAME TO keyed_old ;; CREATE VIEW keyed AS SELECT * FROM keyed_old
ALTER TABLE keyed RENAME COLUMN note TO remark ;; UPDATE keyed SET remark = 'x'
ALTER TABLE keyed RENAME COLUMN note TO remark ;; UPDATE keyed SET note = 'x'
ALTER TABLE keyed ADD CONSTRAINT n CHECK (b > 0) NOT VALID ;; ALTER TABLE keyed VALIDATE CONSTRAINT n
ALTER TABLE keyed ADD CONSTRAINT n CHECK (b IS NOT NULL) NOT VALID ;; ALTER TABLE keyed VALIDATE CONSTRAINT n ;; ALTER TABLE keyed ALTER COLUMN b SET NOT NULL ;; ALTER TABLE keyed DROP CONSTRAINT n
ALTER TABLE plain ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES owner(id) NOT VALID ;; ALTER TABLE plain VALIDATE CONSTRAINT n
CREATE UNIQUE INDEX n ON plain(id) ;; ALTER TABLE plain ADD PRIMARY KEY USING INDEX n
CREATE UNIQUE INDEX n ON plain(id) ;; ALTER TABLE plain ADD CONSTRAINT u UNIQUE USING INDEX n
CREATE INDEX n ON plain(id) ;; DROP INDEX n
CREATE INDEX n ON plain(id) ;; ALTER INDEX n RENAME TO n2 ;; CREATE INDEX n ON plain(a)
DROP INDEX keyed_ab ;; CREATE UNIQUE INDEX keyed_ab ON keyed(a, b)
DROP VIEW v_two ;; DROP VIEW v_keyed ;; ALTER TABLE keyed ALTER COLUMN note TYPE varchar(100) ;; CREATE VIEW v_keyed AS SELECT id, note FROM keyed
DROP VIEW v_keyed CASCADE ;; ALTER TABLE keyed DROP COLUMN note
DROP TABLE kid ;; DROP TABLE keyed
DROP TABLE kid ;; ALTER TABLE keyed DROP CONSTRAINT keyed_pkey
CREATE TYPE n AS ENUM ('a') ;; ALTER TABLE plain ADD COLUMN x n DEFAULT 'a'
CREATE TYPE n AS ENUM ('a') ;; ALTER TYPE n ADD VALUE 'b' ;; ALTER TABLE plain ADD COLUMN x n DEFAULT 'b'
ALTER TYPE mood ADD VALUE 'new' ;; UPDATE keyed SET mood = 'new'
ALTER TYPE mood ADD VALUE 'new' ;; ALTER TABLE keyed ALTER COLUMN mood SET DEFAULT 'new'
ALTER TYPE mood ADD VALUE 'new' ;; INSERT INTO keyed(id, code, mood) VALUES (9001, 9001, 'new')
ALTER TYPE mood ADD VALUE 'new' ;; CREATE INDEX n ON keyed(a) WHERE mood = 'new'
ALTER TYPE mood ADD VALUE 'new' ;; SELECT 'new'::mood
ALTER TYPE mood ADD VALUE 'new' ;; ALTER TABLE plain ADD COLUMN x mood DEFAULT 'new'
ALTER TYPE mood RENAME TO mood_old ;; CREATE TYPE mood AS ENUM ('ok', 'sad') ;; ALTER TABLE keyed ALTER COLUMN mood DROP DEFAULT ;; ALTER TABLE keyed ALTER COLUMN mood TYPE mood USING mood::text::mood ;; ALTER TABLE keyed ALTER COLUMN mood SET DEFAULT 'ok' ;; DROP TYPE mood_old
CREATE SEQUENCE n ;; ALTER TABLE plain ALTER COLUMN a SET DEFAULT nextval('n') ;; ALTER SEQUENCE n OWNED BY plain.a
CREATE SEQUENCE n ;; SELECT setval('n', (SELECT max(id) FROM plain))
CREATE SCHEMA n ;; CREATE TABLE n.x(id int) ;; ALTER TABLE plain SET SCHEMA n
SET search_path = app ;; ALTER TABLE item ADD COLUMN x int
SET search_path = app ;; ALTER TABLE keyed ADD COLUMN x int
SET LOCAL search_path = app, public ;; CREATE TABLE n(id int) ;; ALTER TABLE keyed ADD COLUMN x int
SET LOCAL search_path = app, public ;; CREATE TABLE keyed(id int) ;; ALTER TABLE keyed ADD COLUMN x int
CREATE TEMP TABLE keyed(id int) ;; ALTER TABLE keyed ADD COLUMN x int
CREATE TEMP TABLE n AS SELECT * FROM keyed ;; UPDATE keyed SET note = n.note FROM n WHERE n.id = keyed.id
LOCK TABLE keyed IN SHARE MODE ;; ALTER TABLE keyed ADD COLUMN x int
LOCK TABLE keyed IN ACCESS EXCLUSIVE MODE ;; UPDATE keyed SET note = 'x'
SAVEPOINT a ;; ALTER TABLE keyed ADD COLUMN x int ;; ROLLBACK TO SAVEPOINT a ;; ALTER TABLE plain ADD COLUMN x int
SAVEPOINT a ;; ALTER TABLE keyed ADD COLUMN x int ;; RELEASE SAVEPOINT a ;; ALTER TABLE keyed DROP COLUMN x
UPDATE late SET o = o ;; ALTER TABLE late ADD COLUMN x int
UPDATE late SET o = 5 ;; ALTER TABLE late ADD COLUMN x int
UPDATE late SET u = u ;; ALTER TABLE late ADD COLUMN x int
INSERT INTO late VALUES (1000, 1, 1000) ;; ALTER TABLE late ADD COLUMN x int
INSERT INTO late VALUES (1000, 1, 1000) ;; ALTER TABLE owner ADD COLUMN x int
INSERT INTO late VALUES (1000, 1, 1000) ;; DROP TABLE late
INSERT INTO late VALUES (1000, 1, 1000) ;; TRUNCATE late
INSERT INTO late VALUES (1000, 1, 1000) ;; SET CONSTRAINTS ALL IMMEDIATE ;; ALTER TABLE late ADD COLUMN x int
DELETE FROM late ;; ALTER TABLE late ADD COLUMN x int
SET CONSTRAINTS ALL DEFERRED ;; UPDATE late SET u = u + 1 ;; CREATE INDEX n ON late(u)
DECLARE c CURSOR FOR SELECT * FROM keyed ;; ALTER TABLE keyed ADD COLUMN x int
DECLARE c CURSOR FOR SELECT * FROM keyed ;; FETCH 1 FROM c ;; CLOSE c ;; ALTER TABLE keyed ADD COLUMN x int
DECLARE c CURSOR FOR SELECT * FROM keyed ;; DROP TABLE plain
INSERT INTO keyed(id, code) VALUES (9001, 9001) ;; ALTER TABLE keyed ADD COLUMN x int
INSERT INTO kid(id, keyed_id) VALUES (9001, 1) ;; ALTER TABLE keyed ADD COLUMN x int
UPDATE acted SET b = 5 ;; DROP TABLE acted
TRUNCATE plain ;; ALTER TABLE plain ADD COLUMN x int NOT NULL
TRUNCATE plain ;; INSERT INTO plain(id) VALUES (1) ;; CREATE INDEX n ON plain(id)
TRUNCATE plain ;; CREATE INDEX n ON plain(id)
DELETE FROM plain ;; CREATE INDEX n ON plain(id)
DELETE FROM plain ;; ALTER TABLE plain ADD COLUMN x int NOT NULL
CREATE TABLE n AS SELECT * FROM keyed ;; DROP TABLE keyed CASCADE ;; ALTER TABLE n RENAME TO keyed
CREATE TABLE n(LIKE keyed INCLUDING ALL) ;; INSERT INTO n SELECT * FROM keyed ;; ALTER TABLE n ADD FOREIGN KEY (ref) REFERENCES owner(id)
CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end' ;; CREATE TRIGGER n BEFORE UPDATE ON keyed FOR EACH ROW EXECUTE FUNCTION n()
DROP TRIGGER tr ON acted ;; ALTER TABLE acted ALTER COLUMN a TYPE bigint
ALTER TABLE acted DISABLE TRIGGER USER ;; UPDATE acted SET a = 1 ;; ALTER TABLE acted ENABLE TRIGGER USER
DROP MATERIALIZED VIEW mv ;; ALTER TABLE plain DROP COLUMN c
REFRESH MATERIALIZED VIEW mv ;; ALTER TABLE plain ADD COLUMN x int
BEGIN ;; ALTER TABLE plain ADD COLUMN x int
COMMENT ON TABLE keyed IS 'x' ;; GRANT SELECT ON keyed TO bob ;; ALTER TABLE keyed SET (fillfactor = 90)
ALTER TABLE plain ALTER COLUMN a SET NOT NULL ;; ALTER TABLE plain ADD PRIMARY KEY (a)
ALTER TABLE plain ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY ;; ALTER TABLE plain ADD PRIMARY KEY (n)
ALTER TABLE plain ALTER COLUMN a TYPE bigint ;; ALTER TABLE plain ALTER COLUMN b TYPE bigint
ALTER TABLE keyed DROP CONSTRAINT keyed_ref ;; ALTER TABLE keyed ADD CONSTRAINT keyed_ref FOREIGN KEY (ref) REFERENCES owner(id) ON DELETE CASCADE NOT VALID
"""


def cases() -> Iterator[Case]:
    """All of them, in one set-up."""
    for text in TEXTS.strip().splitlines():
        yield Case(WORLD, (text,))
    for line in SEVERAL.strip().splitlines():
        yield Case(WORLD, tuple(line.split(" ;; ")))
