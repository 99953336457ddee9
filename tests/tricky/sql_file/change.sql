-- Two things at once.
COMMENT ON TABLE accounts IS 'RENAME COLUMN is a comment; DROP TABLE orders;';
ALTER TABLE accounts RENAME plan TO tariff;
ALTER TABLE visits ADD FOREIGN KEY (id) REFERENCES billing.accounts (id);
