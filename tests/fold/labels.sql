CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE TABLE users (id int, m mood DEFAULT 'it''s ok' CHECK (m <> 'it''s ok'), note text DEFAULT 'it''s ok' CHECK (note <> 'it''s ok'));
CREATE INDEX ix_users_id ON users (id) WHERE m = 'it''s ok';
ALTER TYPE mood RENAME VALUE 'it''s ok' TO 'fine';
