CREATE FUNCTION migsafe_sha1(message bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    -- FIPS 180-4, 6.1: words of 32 bits, held in 64.
    mask CONSTANT bigint := 4294967295;
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    padded bytea := message || '\x80'::bytea;
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
BEGIN
    padded := padded || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex')
        || int8send(length(message)::bigint * 8);
    FOR part IN 0 .. length(padded) / 64 - 1 LOOP
        FOR i IN 0 .. 15 LOOP
            w[i] := (get_byte(padded, part * 64 + i * 4)::bigint << 24)
                | (get_byte(padded, part * 64 + i * 4 + 1) << 16)
                | (get_byte(padded, part * 64 + i * 4 + 2) << 8)
                | get_byte(padded, part * 64 + i * 4 + 3);
        END LOOP;
        FOR i IN 16 .. 79 LOOP
            t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
            w[i] := ((t << 1) | (t >> 31)) & mask;
        END LOOP;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        FOR i IN 0 .. 79 LOOP
            IF i < 20 THEN
                f := (b & c) | (((~b) & mask) & d); k := 1518500249;
            ELSIF i < 40 THEN
                f := b # c # d; k := 1859775393;
            ELSIF i < 60 THEN
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE
                f := b # c # d; k := 3395469782;
            END IF;
            t := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[i]) & mask;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := t;
        END LOOP;
        h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask,
                   (h[5] + e) & mask];
    END LOOP;
    RETURN decode((SELECT string_agg(lpad(to_hex(word), 8, '0'), '' ORDER BY place)
                   FROM unnest(h) WITH ORDINALITY AS words (word, place)), 'hex');
END $$;

CREATE FUNCTION digest(bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE lower($2)
        WHEN 'md5' THEN decode(md5($1), 'hex')
        WHEN 'sha1' THEN @extschema@.migsafe_sha1($1)
        WHEN 'sha224' THEN sha224($1)
        WHEN 'sha256' THEN sha256($1)
        WHEN 'sha384' THEN sha384($1)
        WHEN 'sha512' THEN sha512($1)
    END;
END $$;
CREATE FUNCTION digest(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.digest(convert_to($1, 'UTF8'), $2) $$;

CREATE FUNCTION hmac(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    size int := CASE WHEN lower($3) IN ('sha384', 'sha512') THEN 128 ELSE 64 END;
    key bytea := CASE WHEN length($2) > size THEN @extschema@.digest($2, $3) ELSE $2 END;
    inner_key bytea;
    outer_key bytea;
BEGIN
    key := key || decode(repeat('00', size - length(key)), 'hex');
    inner_key := key;
    outer_key := key;
    FOR i IN 0 .. size - 1 LOOP
        inner_key := set_byte(inner_key, i, get_byte(key, i) # 54);
        outer_key := set_byte(outer_key, i, get_byte(key, i) # 92);
    END LOOP;
    RETURN @extschema@.digest(outer_key || @extschema@.digest(inner_key || $1, $3), $3);
END $$;
CREATE FUNCTION hmac(text, text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.hmac(convert_to($1, 'UTF8'), convert_to($2, 'UTF8'), $3) $$;

CREATE FUNCTION gen_random_bytes(int4) RETURNS bytea LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$
    SELECT substring(string_agg(sha256(uuid_send(pg_catalog.gen_random_uuid())), ''::bytea)
                     FROM 1 FOR $1)
    FROM generate_series(1, ($1 + 31) / 32)
$$;
CREATE FUNCTION gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT pg_catalog.gen_random_uuid() $$;

-- Of the right form and length, and no more than that: nothing here is secret.
CREATE FUNCTION migsafe_letters(bytea, int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT substring(translate(encode($1, 'base64'), E'+=\n', './') FROM 1 FOR $2) $$;
CREATE FUNCTION gen_salt(text, int4) RETURNS text LANGUAGE sql VOLATILE STRICT PARALLEL SAFE AS $$
    SELECT CASE lower($1)
        WHEN 'bf' THEN '$2a$' || lpad($2::text, 2, '0') || '$' || letters
        WHEN 'md5' THEN '$1$' || left(letters, 8)
        WHEN 'xdes' THEN '_J9..' || left(letters, 4)
        ELSE left(letters, 2)
    END
    FROM (SELECT @extschema@.migsafe_letters(@extschema@.gen_random_bytes(32), 22)) made (letters)
$$;
CREATE FUNCTION gen_salt(text) RETURNS text LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.gen_salt($1, 6) $$;
CREATE FUNCTION crypt(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT salt || @extschema@.migsafe_letters(sha256(convert_to($1 || salt, 'UTF8')), long)
    FROM (SELECT CASE left($2, 2) WHEN '$2' THEN left($2, 29) WHEN '$1' THEN left($2, 11) || '$'
                 ELSE left($2, CASE left($2, 1) WHEN '_' THEN 9 ELSE 2 END) END,
                 CASE left($2, 2) WHEN '$2' THEN 31 WHEN '$1' THEN 22 ELSE 11 END) made (salt, long)
$$;

CREATE FUNCTION migsafe_mixed(data bytea, key bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    pad bytea := sha256(key);
BEGIN
    FOR i IN 0 .. length(data) - 1 LOOP
        data := set_byte(data, i, get_byte(data, i) # get_byte(pad, i % 32));
    END LOOP;
    RETURN data;
END $$;
CREATE FUNCTION encrypt(bytea, bytea, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT @extschema@.migsafe_mixed($1, $2) $$;
CREATE FUNCTION decrypt(bytea, bytea, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT @extschema@.migsafe_mixed($1, $2) $$;
CREATE FUNCTION encrypt_iv(bytea, bytea, bytea, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT @extschema@.migsafe_mixed($1, $2 || $3) $$;
CREATE FUNCTION decrypt_iv(bytea, bytea, bytea, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT @extschema@.migsafe_mixed($1, $2 || $3) $$;

CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text) RETURNS bytea
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.migsafe_mixed($1, convert_to($2, 'UTF8')) $$;
CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.migsafe_mixed($1, convert_to($2, 'UTF8')) $$;
CREATE FUNCTION pgp_sym_encrypt(text, text) RETURNS bytea
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.pgp_sym_encrypt_bytea(convert_to($1, 'UTF8'), $2) $$;
CREATE FUNCTION pgp_sym_decrypt(bytea, text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT convert_from(@extschema@.pgp_sym_decrypt_bytea($1, $2), 'UTF8') $$;
CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text, text) RETURNS bytea
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.migsafe_mixed($1, convert_to($2, 'UTF8')) $$;
CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text, text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.migsafe_mixed($1, convert_to($2, 'UTF8')) $$;
CREATE FUNCTION pgp_sym_encrypt(text, text, text) RETURNS bytea
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
AS $$ SELECT @extschema@.pgp_sym_encrypt_bytea(convert_to($1, 'UTF8'), $2) $$;
CREATE FUNCTION pgp_sym_decrypt(bytea, text, text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT convert_from(@extschema@.pgp_sym_decrypt_bytea($1, $2), 'UTF8') $$;

CREATE FUNCTION migsafe_refused(function text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE feature_not_supported USING
        MESSAGE = format('%s() is not in this stand-in for pgcrypto', function),
        HINT = 'Use a PostgreSQL that has the extension, by --server-url or MIGSAFE_PG_BINARIES.';
END $$;
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'armor(bytea) RETURNS text',
        'armor(bytea, text[], text[]) RETURNS text',
        'dearmor(text) RETURNS bytea',
        'pgp_armor_headers(text, OUT key text, OUT value text) RETURNS SETOF record',
        'pgp_key_id(bytea) RETURNS text',
        'pgp_pub_encrypt(text, bytea) RETURNS bytea',
        'pgp_pub_encrypt(text, bytea, text) RETURNS bytea',
        'pgp_pub_encrypt_bytea(bytea, bytea) RETURNS bytea',
        'pgp_pub_encrypt_bytea(bytea, bytea, text) RETURNS bytea',
        'pgp_pub_decrypt(bytea, bytea) RETURNS text',
        'pgp_pub_decrypt(bytea, bytea, text) RETURNS text',
        'pgp_pub_decrypt(bytea, bytea, text, text) RETURNS text',
        'pgp_pub_decrypt_bytea(bytea, bytea) RETURNS bytea',
        'pgp_pub_decrypt_bytea(bytea, bytea, text) RETURNS bytea',
        'pgp_pub_decrypt_bytea(bytea, bytea, text, text) RETURNS bytea'
    ] LOOP
        EXECUTE format(
            'CREATE FUNCTION %s LANGUAGE plpgsql AS %L', signature,
            format('BEGIN PERFORM @extschema@.migsafe_refused(%L); END',
                   split_part(signature, '(', 1)));
    END LOOP;
END $$;
