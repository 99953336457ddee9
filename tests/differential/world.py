"""The schema most families work on, beside that of the facts."""

from __future__ import annotations

WORLD = """
CREATE SCHEMA app;
CREATE TYPE mood2 AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE ct AS (a int, b text);
CREATE TYPE ctused AS (a int, b text);
CREATE DOMAIN dnn AS int NOT NULL;
CREATE DOMAIN ddef AS int DEFAULT 7;
CREATE DOMAIN dnest AS dpos;
CREATE DOMAIN dnv AS int;
ALTER DOMAIN dnv ADD CONSTRAINT dnv_ck CHECK (VALUE > 0) NOT VALID;
CREATE SEQUENCE sq;
CREATE SEQUENCE sq_owned OWNED BY owner.id;
CREATE FUNCTION vol_five() RETURNS int LANGUAGE sql VOLATILE AS 'select 5';
CREATE FUNCTION unmarked_five() RETURNS int LANGUAGE sql AS 'select 5';
CREATE PROCEDURE proc() LANGUAGE plpgsql AS 'begin null; end';

CREATE TABLE plain(id int, a int, b int, c text, d date, s smallint, big bigint);
INSERT INTO plain SELECT g, g, g % 10, 'c' || g, date '2024-01-01' + g, g, g
  FROM generate_series(1, 500) g;
CREATE TABLE empty_one(id int, a int, c text);
CREATE TABLE keyed(id int PRIMARY KEY, code int NOT NULL UNIQUE, ref int, note text,
  a int, b int, mood mood DEFAULT 'ok', dom dpos, up text COLLATE "POSIX",
  CONSTRAINT keyed_ck CHECK (a > 0), CONSTRAINT keyed_two CHECK (a > 0 OR b > 0));
INSERT INTO keyed SELECT g, g, g % 100 + 1, 'n' || g, g, g, 'ok', g, 'x'
  FROM generate_series(1, 500) g;
ALTER TABLE keyed ADD CONSTRAINT keyed_nv CHECK (b > 0) NOT VALID;
ALTER TABLE keyed ADD CONSTRAINT keyed_ref FOREIGN KEY (ref) REFERENCES owner(id);
CREATE INDEX keyed_ref_idx ON keyed(ref);
CREATE UNIQUE INDEX keyed_ab ON keyed(a, b);
CREATE INDEX keyed_expr ON keyed(lower(note));
CREATE INDEX keyed_part ON keyed(note) WHERE b > 5;
CREATE STATISTICS keyed_st ON a, b FROM keyed;
CREATE TABLE kid(id int PRIMARY KEY, keyed_id int, code int, self int,
  CONSTRAINT kid_fk FOREIGN KEY (keyed_id) REFERENCES keyed(id) ON DELETE CASCADE);
INSERT INTO kid SELECT g, g, g, g FROM generate_series(1, 300) g;
ALTER TABLE kid ADD CONSTRAINT kid_self FOREIGN KEY (self) REFERENCES kid(id);
ALTER TABLE kid ADD CONSTRAINT kid_nv FOREIGN KEY (code) REFERENCES keyed(code) NOT VALID;
CREATE TABLE late(id int PRIMARY KEY, o int CONSTRAINT late_fk REFERENCES owner(id)
  DEFERRABLE INITIALLY DEFERRED, u int CONSTRAINT late_u UNIQUE DEFERRABLE);
INSERT INTO late SELECT g, g, g FROM generate_series(1, 100) g;
CREATE TABLE gen(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int,
  twice int GENERATED ALWAYS AS (a * 2) STORED, ser serial, n int);
INSERT INTO gen(a, n) SELECT g, g FROM generate_series(1, 200) g;
CREATE TABLE dom(id int PRIMARY KEY, p dplain, q dpos, r dnv, c ctused);
INSERT INTO dom SELECT g, g, g, g, row(g, 'x')::ctused FROM generate_series(1, 200) g;
CREATE TABLE typed OF ct;
CREATE TABLE shape(x int);
CREATE TABLE holder(r shape);
CREATE UNLOGGED TABLE unlog(id int PRIMARY KEY, v text);
INSERT INTO unlog SELECT g, g FROM generate_series(1, 100) g;
CREATE TABLE "Odd Name"("Id" int PRIMARY KEY, "sel ect" text, "CASE" int);
INSERT INTO "Odd Name" SELECT g, g, g FROM generate_series(1, 100) g;
CREATE INDEX "Odd Idx" ON "Odd Name"("sel ect");
CREATE TABLE app.item(id int PRIMARY KEY, owner_id int REFERENCES owner(id), v text);
INSERT INTO app.item SELECT g, g, g FROM generate_series(1, 100) g;
CREATE INDEX item_v ON app.item(v);

CREATE TABLE inh(id int, v text, w int);
CREATE TABLE inh_a() INHERITS (inh);
CREATE TABLE inh_b(extra int) INHERITS (inh);
INSERT INTO inh SELECT g, g, g FROM generate_series(1, 100) g;
INSERT INTO inh_a SELECT g, g, g FROM generate_series(1, 100) g;
INSERT INTO inh_b SELECT g, g, g FROM generate_series(1, 100) g;
CREATE TABLE stray(id int, v text, w int);
INSERT INTO stray SELECT g, g, g FROM generate_series(1, 100) g;

CREATE TABLE pt(id int NOT NULL, k int, v text, o int) PARTITION BY RANGE (k);
CREATE TABLE pt_a PARTITION OF pt FOR VALUES FROM (0) TO (100);
CREATE TABLE pt_b PARTITION OF pt FOR VALUES FROM (100) TO (200);
INSERT INTO pt SELECT g, g, g, g + 1 FROM generate_series(0, 199) g;
CREATE INDEX pt_k ON pt(k);
CREATE TABLE pd(id int, k int NOT NULL, v text) PARTITION BY LIST (k);
CREATE TABLE pd_1 PARTITION OF pd FOR VALUES IN (1, 2);
CREATE TABLE pd_3 PARTITION OF pd FOR VALUES IN (3) PARTITION BY RANGE (id);
CREATE TABLE pd_3_a PARTITION OF pd_3 FOR VALUES FROM (0) TO (1000);
CREATE TABLE pd_def PARTITION OF pd DEFAULT;
INSERT INTO pd SELECT g, g % 5, g FROM generate_series(1, 100) g;
CREATE TABLE pk(id int, k int, v text, o int REFERENCES owner(id), PRIMARY KEY (id, k))
  PARTITION BY HASH (k);
CREATE TABLE pk_0 PARTITION OF pk FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pk_1 PARTITION OF pk FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO pk SELECT g, g, g, g FROM generate_series(1, 100) g;
CREATE TABLE pk_kid(id int PRIMARY KEY, pid int, pk int,
  CONSTRAINT pk_kid_fk FOREIGN KEY (pid, pk) REFERENCES pk(id, k));
INSERT INTO pk_kid SELECT g, g, g FROM generate_series(1, 100) g;
CREATE TABLE part_new(id int NOT NULL, k int, v text, o int);
INSERT INTO part_new SELECT g, g, g, g FROM generate_series(200, 299) g;
CREATE TABLE part_nn(id int NOT NULL, k int NOT NULL, v text, o int,
  CHECK (k >= 200 AND k < 300));
INSERT INTO part_nn SELECT g, g, g, g FROM generate_series(200, 299) g;
CREATE TABLE pd_new(id int, k int NOT NULL, v text);
INSERT INTO pd_new SELECT g, 7, g FROM generate_series(1, 50) g;
CREATE TABLE pd_ck(id int, k int NOT NULL, v text, CHECK (k = 7));
INSERT INTO pd_ck SELECT g, 7, g FROM generate_series(1, 50) g;
CREATE TABLE pk_new(id int NOT NULL, k int NOT NULL, v text, o int);

CREATE VIEW v_keyed AS SELECT id, note FROM keyed;
CREATE VIEW v_two AS SELECT v.id, o.name FROM v_keyed v JOIN owner o ON o.id = v.id;
CREATE MATERIALIZED VIEW mv AS SELECT id, a, c FROM plain;
CREATE UNIQUE INDEX mv_id ON mv(id);
CREATE MATERIALIZED VIEW mv_bare AS SELECT count(*) AS n FROM keyed;
CREATE MATERIALIZED VIEW mv_empty AS SELECT a FROM plain WITH NO DATA;
CREATE TABLE acted(id int PRIMARY KEY, a int, b int);
INSERT INTO acted SELECT g, g, g FROM generate_series(1, 100) g;
CREATE TRIGGER tr BEFORE UPDATE OF a ON acted FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TRIGGER tr_when AFTER INSERT ON acted FOR EACH ROW WHEN (new.b > 0) EXECUTE FUNCTION trg();
CREATE RULE acted_rule AS ON DELETE TO acted WHERE old.b < 0 DO INSTEAD NOTHING;
CREATE POLICY pol ON acted USING (b > 0);
CREATE PUBLICATION pub FOR TABLE acted;
VACUUM ANALYZE;
"""
