CREATE TYPE mood AS ENUM ('a','b');
CREATE TABLE users(id serial PRIMARY KEY, name varchar(50) NOT NULL, age int, m mood, tags text[], doc jsonb, price numeric(10,2), at timestamptz default now());
CREATE TABLE orders(id bigint PRIMARY KEY, user_id int REFERENCES users(id), total numeric, d date, c text COLLATE "C");
CREATE VIEW a1 AS SELECT * FROM users;
CREATE VIEW a2 AS SELECT u.id, o.total, lower(u.name) AS n, count(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE u.age > 3 GROUP BY u.id, o.total, u.name;
CREATE VIEW a3 AS WITH x AS (SELECT id, name FROM users), y(k) AS (SELECT max(total) FROM orders) SELECT x.*, y.k FROM x CROSS JOIN y;
CREATE VIEW a4(p,q) AS SELECT id, CASE WHEN age > 3 THEN 'x' ELSE name END, coalesce(age, 0), price*2 AS c1, price+age AS c2, doc->>'a' AS c3, doc->'a' AS c4, tags[1], now() - at AS c5, at::date AS c6, m, 'lit' AS c7, NULL AS c8, 1 AS c9, 1.5 AS d1, true AS d2 FROM users;
CREATE VIEW a5 AS SELECT id FROM users UNION ALL SELECT id FROM orders;
-- refused
CREATE VIEW twice AS SELECT 1 AS a, 2 AS a;
CREATE VIEW a6 AS SELECT * FROM a2;
CREATE VIEW a7 AS SELECT u.name, (SELECT sum(total) FROM orders o WHERE o.user_id = u.id) AS s, EXISTS (SELECT 1 FROM orders WHERE user_id = u.id) FROM users u;
CREATE VIEW a8 AS SELECT * FROM users u JOIN orders o USING (id);
CREATE VIEW a9 AS SELECT row_number() OVER (PARTITION BY age ORDER BY id) AS r, sum(age) OVER w, avg(age), min(name) FROM users GROUP BY id, age WINDOW w AS (ORDER BY id);
CREATE VIEW b1 AS SELECT t, u.x FROM users, unnest(tags) AS t, LATERAL (SELECT age + 1 AS x) u;
CREATE VIEW b2 AS SELECT g FROM generate_series(1,10) g;
CREATE VIEW b3 AS VALUES (1,'a'),(2,'b');
CREATE VIEW b4 AS SELECT count(*) FROM users;
CREATE VIEW b5 AS SELECT u.* FROM users u LEFT JOIN orders o ON o.user_id=u.id WHERE o.id IS NULL ORDER BY name;
CREATE VIEW b6 AS WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM t WHERE n < 100) SELECT n FROM t;
CREATE VIEW b7 AS SELECT id FROM users u WHERE EXISTS (SELECT * FROM orders WHERE user_id = u.id AND c LIKE 'x%');
CREATE VIEW b8 AS SELECT c, c || 'x' AS cc, d + 1 AS d1, d - d AS dd, extract(year from d), date_trunc('day', at), at AT TIME ZONE 'utc' FROM users, orders;
CREATE VIEW b9 AS SELECT array_agg(id) ids, json_agg(u), jsonb_build_object('a', id), string_agg(name, ',') FROM users u GROUP BY id;
CREATE MATERIALIZED VIEW m1 AS SELECT id, name FROM users WITH NO DATA;
CREATE UNIQUE INDEX ON m1(id);
CREATE TABLE cta AS SELECT id, name, c FROM users JOIN orders USING (id);
CREATE TABLE ctb (x, y) AS SELECT id, name FROM users WITH NO DATA;
CREATE VIEW c1 AS SELECT 1 AS one, round(price, 1), greatest(age, 3), nullif(age, 3), current_date, current_user, ARRAY[1,2], ROW(1,2) IS NULL FROM users;
-- refused
CREATE OR REPLACE VIEW a1 AS SELECT id FROM users;
CREATE OR REPLACE VIEW a1 AS SELECT *, 1 AS extra FROM users;
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE orders RENAME TO purchases;
ALTER VIEW a2 RENAME COLUMN n TO nn;
COMMENT ON VIEW a2 IS 'x';
COMMENT ON COLUMN a2.nn IS 'y';
DROP VIEW a6;
-- refused
ALTER TABLE users DROP COLUMN age;
-- refused
ALTER TABLE users ALTER COLUMN price TYPE numeric(12,2);
ALTER TABLE users DROP COLUMN age CASCADE;
CREATE VIEW v WITH (security_barrier) AS SELECT id, full_name FROM users WITH LOCAL CHECK OPTION;
CREATE VIEW w AS SELECT x.* FROM (SELECT 1 AS a, 'b' AS b) x WHERE a = 1;
CREATE TEMP TABLE tt(id int);
CREATE TABLE z AS SELECT a FROM w;
SELECT a INTO z2 FROM z;
