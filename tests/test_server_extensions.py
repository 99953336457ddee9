"""The stand-ins for extensions that the embedded PostgreSQL lacks."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from migsafe.server import Server, start

OURS = "migsafe"
MEMBERS = """
SELECT p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid)
FROM pg_depend d
JOIN pg_extension e ON (d.refclassid, d.refobjid) = ('pg_extension'::regclass, e.oid)
JOIN pg_proc p ON (d.classid, d.objid) = ('pg_proc'::regclass, p.oid)
WHERE e.extname = %s ORDER BY 1, 2
"""
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[psycopg.Connection]:
    """A database with both extensions, one of them in a schema of its own."""
    with server.database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pgcrypto")
        connection.execute('CREATE SCHEMA u; CREATE EXTENSION "uuid-ossp" SCHEMA u')
        yield connection


def test_hashes_are_the_real_ones(session: psycopg.Connection) -> None:
    """At all lengths around a block's."""
    for length in (0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 300):
        data = bytes(n % 256 for n in range(length))
        found = session.execute(
            "SELECT digest(%s::bytea, a), hmac('x'::bytea, %s::bytea, a) FROM unnest(%s::text[]) a",
            (data, data, list(ALGORITHMS)),
        ).fetchall()
        for algorithm, (digest, keyed) in zip(ALGORITHMS, found, strict=True):
            assert digest == hashlib.new(algorithm, data).digest(), (algorithm, length)
            assert keyed == hmac.new(data, b"x", algorithm).digest(), (algorithm, length)


def test_uuids_are_the_real_ones(session: psycopg.Connection) -> None:
    """Of all versions; random ones differ."""
    row = session.execute(
        "SELECT u.uuid_generate_v3(u.uuid_ns_url(), 'größe'), u.uuid_generate_v5(u.uuid_ns_dns(),"
        " 'a'), u.uuid_generate_v1(), u.uuid_generate_v1mc(), u.uuid_generate_v4(), u.uuid_nil()"
    ).fetchone()
    assert row is not None
    assert row[:2] == (uuid.uuid3(uuid.NAMESPACE_URL, "größe"), uuid.uuid5(uuid.NAMESPACE_DNS, "a"))
    assert [one.version for one in row[2:5]] == [1, 1, 4]
    assert abs(row[2].time - uuid.uuid1().time) < 60 * 10**7
    assert row[5].int == 0


def test_what_is_encrypted_can_be_decrypted(session: psycopg.Connection) -> None:
    """And a password fits its hash and no other's; keys of PGP are refused with a way out."""
    row = session.execute(
        "SELECT pgp_sym_decrypt(pgp_sym_encrypt('größe', 'k'), 'k'),"
        " decrypt(encrypt('abc', 'k', 'aes'), 'k', 'aes'), length(gen_random_bytes(100))"
    ).fetchone()
    assert row == ("größe", b"abc", 100)
    for kind, length in (("bf", 60), ("md5", 34), ("xdes", 20), ("des", 13)):
        checked = session.execute(
            "SELECT length(h), crypt('secret', h) = h, crypt('other', h) = h"
            " FROM (SELECT crypt('secret', gen_salt(%s))) made (h)",
            [kind],
        ).fetchone()
        assert checked == (length, True, False), kind
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="armor") as refused:
        session.execute("SELECT armor('x')")
    assert "--server-url" in str(refused.value)


@pytest.mark.parametrize("name", ["pgcrypto", "uuid-ossp"])
def test_they_have_the_functions_of_the_real_ones(
    session: psycopg.Connection, server_of: Callable[[int], Server], name: str
) -> None:
    """And a server that has the real ones uses those."""
    ours = {row for row in session.execute(MEMBERS, [name]) if not row[0].startswith(OURS)}
    with server_of(17).database() as url, psycopg.connect(url) as connection:
        connection.execute(f'CREATE EXTENSION "{name}"')
        real = set(connection.execute(MEMBERS, [name]).fetchall())
    assert ours >= real, real - ours


def test_a_server_that_has_the_real_ones_uses_them() -> None:
    """Ours come last."""
    with (
        start(provider="binaries", major=18) as server,
        server.database() as url,
        psycopg.connect(url) as connection,
    ):
        connection.execute("CREATE EXTENSION pgcrypto")
        found = connection.execute(MEMBERS, ["pgcrypto"]).fetchall()
    assert "digest" in {row[0] for row in found}
    assert not [row for row in found if row[0].startswith(OURS)]
