"""What `compare_autogenerate.py` asks every tool to do: changes of models, and declared objects.

Models are Python text: `t(…)` is the table `t` with the key `id`, `C` is `sa.Column`, `m` is the
metadata, `pg` is SQLAlchemy's PostgreSQL dialect.
"""

from __future__ import annotations

from dataclasses import dataclass

Object = dict[str, str]
MOOD = "sa.Enum({}, name='mood')"
AB, ABC, XABC = ("'a', 'b'", "'a', 'b', 'c'", "'x', 'a', 'b'")


@dataclass(frozen=True)
class Feature:
    """One change.

    Attributes:
        group, name: what it is.
        before, after: the models; the same twice means that nothing is to be generated.
        setup: SQL before everything else in both databases.
        objects: what is declared beside the models afterwards.
        objects_before: what the database has of that before.
        live: SQL that both databases get after their models.
        rows: SQL that fills the database.
    """

    group: str
    name: str
    before: str
    after: str
    setup: tuple[str, ...] = ()
    objects: tuple[Object, ...] = ()
    objects_before: tuple[Object, ...] = ()
    live: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether nothing is to be generated."""
        return (self.before, self.objects_before) == (self.after, self.objects)


def _mood(labels: str, more: str = "") -> str:
    return f"t(C('st', {MOOD.format(labels)}{more}))"


def _t(column: str, *more: str) -> str:
    return "t(" + ", ".join([column, *more]) + ")"


N, TX, CODE = "C('n', sa.Integer)", "C('tx', sa.Text)", "C('code', sa.String(20))"
ROW_A = ("INSERT INTO t (id, st) VALUES (1, 'a')",)


def _enums() -> list[Feature]:
    group = "enum types"
    check = f"sa.CheckConstraint(\"st <> 'a' OR id > 0\", name='ck'), {N}"
    view = ("CREATE VIEW v AS SELECT id, st FROM t",)
    shared = "t(C('st', {0})); t(C('st', {0}), name='t2')"
    return [
        Feature(group, "in a new table", "", _mood(AB)),
        Feature(group, "in a new column", "t()", _mood(AB)),
        Feature(group, "in two new tables", "", shared.format(MOOD.format(AB))),
        Feature(group, "in a new array column", "t()", f"t(C('st', sa.ARRAY({MOOD.format(AB)})))"),
        Feature(group, "its only table is dropped", _mood(AB), ""),
        Feature(group, "a value at the end", _mood(AB), _mood(ABC), rows=ROW_A),
        Feature(group, "a value at the start", _mood(AB), _mood(XABC), rows=ROW_A),
        Feature(
            group,
            "a value that is the new default",
            _mood(AB),
            _mood(ABC, ", server_default='c'"),
        ),
        Feature(group, "a value leaves", _mood(ABC), _mood(AB), rows=ROW_A),
        Feature(
            group,
            "a value leaves; a CHECK uses the type",
            _mood(ABC)[:-1] + f", {check})",
            _mood(AB)[:-1] + f", {check})",
        ),
        Feature(group, "a value leaves; a view reads it", _mood(ABC), _mood(AB), live=view),
        Feature(group, "the order changes", _mood("'a', 'b', 'c'"), _mood("'c', 'a', 'b'")),
        Feature(group, "text becomes an enum", _t("C('st', sa.Text)"), _mood(AB), rows=ROW_A),
        Feature(group, "an enum becomes text", _mood(AB), _t("C('st', sa.Text)"), rows=ROW_A),
        Feature(
            group,
            "a type that nobody declares stays",
            "t()",
            "t()",
            setup=("CREATE TYPE odd AS ENUM ('x')",),
        ),
    ]


def _check(sql: str, name: str = ", name='ck'") -> str:
    return _t(N, CODE, TX, f"sa.CheckConstraint({sql!r}{name})")


def _checks() -> list[Feature]:
    group = "CHECK and EXCLUDE"
    plain = _t(N, CODE, TX)
    exclude = _t("C('r', pg.INT4RANGE)", "pg.ExcludeConstraint(('r', '{}'), name='ex')")
    return [
        Feature(group, "a new one", plain, _check("n > 0")),
        Feature(group, "a new one without a name", plain, _check("n > 0", "")),
        Feature(group, "one is dropped", _check("n > 0"), plain),
        Feature(group, "another expression", _check("n > 0"), _check("n > 1")),
        Feature(
            group,
            "another expression with `%`",
            _check("tx LIKE 'a%'"),
            _check("tx LIKE 'b%'"),
        ),
        Feature(
            group,
            "unchanged: IN on varchar",
            *[_check("code IN ('a', 'b')")] * 2,
        ),
        Feature(group, "unchanged, without a name", *[_check("n BETWEEN 1 AND 5", "")] * 2),
        Feature(
            group,
            "unchanged: a JSON literal",
            *[_t("C('j', pg.JSONB)", "sa.CheckConstraint('j @> \\'{\"a\": 1}\\'', name='ck')")] * 2,
        ),
        Feature(
            group,
            "a naming convention, another expression",
            *(
                "m.naming_convention = {'ck': 'ck_%(table_name)s_%(constraint_name)s'}; "
                + _t(N, f"sa.CheckConstraint('n > {least}', name='pos')")
                for least in (0, 1)
            ),
        ),
        Feature(group, "a new EXCLUDE", _t("C('r', pg.INT4RANGE)"), exclude.format("&&")),
        Feature(group, "another EXCLUDE", exclude.format("&&"), exclude.format("=")),
    ]


def _index(arguments: str, kind: str = "sa.Index") -> str:
    return _t(N, CODE, TX) + f"; c = m.tables['t'].c; {kind}('ix', {arguments})"


def _indexes() -> list[Feature]:
    group = "indexes"
    pairs = {
        "a new one": ("", "c.n"),
        "another column": ("c.n", "c.tx"),
        "another order": ("c.n", "c.n.desc()"),
        "another predicate": (
            "c.n, postgresql_where=c.n > 0",
            "c.n, postgresql_where=c.n > 1",
        ),
        "another method": ("c.n", "c.n, postgresql_using='hash'"),
        "another operator class": ("c.tx", "c.tx, postgresql_ops={'tx': 'text_pattern_ops'}"),
        "INCLUDE": ("c.n", "c.n, postgresql_include=['code']"),
        "WITH (fillfactor)": ("c.n", "c.n, postgresql_with={'fillfactor': 70}"),
        "NULLS NOT DISTINCT": (
            "c.n, unique=True",
            "c.n, unique=True, postgresql_nulls_not_distinct=True",
        ),
        "another expression": ("sa.func.lower(c.tx)", "sa.func.upper(c.tx)"),
        "another constant in it": (
            "sa.func.coalesce(c.tx, sa.literal_column(\"'a'\"))",
            "sa.func.coalesce(c.tx, sa.literal_column(\"'A'\"))",
        ),
        "built CONCURRENTLY": ("", "c.n, postgresql_concurrently=True"),
        "unchanged: CASE": ("sa.func.abs(sa.case((c.n > sa.literal_column('0'), c.n)))",) * 2,
    }
    return [
        Feature(group, name, *(_index(a) if a else _t(N, CODE, TX) for a in pair))
        for name, pair in pairs.items()
    ]


def _keys() -> list[Feature]:
    group = "keys"
    unique = "sa.UniqueConstraint('n', name='uq'{})"
    two = "t(name='p'); t(C('p_id', sa.ForeignKey('p.id', name='fk'{})))"
    primary = "sa.Table('k', m, C('a', sa.Integer, primary_key=True), C('b', sa.Integer, {}))"
    cycle = (
        "t(C('u_id', sa.ForeignKey('u.id', name='fk1', use_alter=True))); "
        "t(C('t_id', sa.ForeignKey('t.id', name='fk2')), name='u')"
    )
    return [
        Feature(group, "a new UNIQUE", _t(N), _t(N, unique.format(""))),
        Feature(
            group,
            "UNIQUE becomes deferrable",
            _t(N, unique.format("")),
            _t(N, unique.format(", deferrable=True")),
        ),
        Feature(group, "another ON DELETE", two.format(""), two.format(", ondelete='CASCADE'")),
        Feature(group, "tables that refer to each other", "", cycle),
        Feature(
            group,
            "another column in the PRIMARY KEY",
            primary.format("nullable=False"),
            primary.format("primary_key=True"),
        ),
        Feature(
            group,
            "only another name",
            _t(N, unique.format("")),
            _t(N, unique.format("").replace("'uq'", "'uq_n'")),
        ),
    ]


def _columns() -> list[Feature]:
    group = "columns"
    pairs = {
        "text becomes integer": ("C('n', sa.Text)", "C('n', sa.Integer)"),
        "varchar(20) becomes varchar": ("C('n', sa.String(20))", "C('n', sa.String())"),
        "another precision": ("C('n', sa.Numeric(10, 2))", "C('n', sa.Numeric(12, 4))"),
        "another collation": ("C('n', sa.Text)", "C('n', sa.Text(collation='C'))"),
        "another default": (
            "C('n', sa.Integer, server_default='1')",
            "C('n', sa.Integer, server_default='2')",
        ),
        "another json default": (
            "C('n', sa.JSON, server_default='{}')",
            "C('n', sa.JSON, server_default='[]')",
        ),
        "now() becomes CURRENT_DATE": (
            "C('n', sa.DateTime, server_default=sa.func.now())",
            "C('n', sa.DateTime, server_default=sa.text('CURRENT_DATE'))",
        ),
        "unchanged: random()": ("C('n', sa.Integer, server_default=sa.text('(random()*10)::int'))",)
        * 2,
        "generated otherwise": (
            f"{N}, C('g', sa.Integer, sa.Computed('n + 1', persisted=True))",
            f"{N}, C('g', sa.Integer, sa.Computed('n + 2', persisted=True))",
        ),
        "an identity counts otherwise": (
            "C('n', sa.Integer, sa.Identity(start=1, increment=1))",
            "C('n', sa.Integer, sa.Identity(start=1, increment=5))",
        ),
        "NOT NULL": ("C('n', sa.Integer)", "C('n', sa.Integer, nullable=False)"),
        "a comment": ("C('n', sa.Integer)", "C('n', sa.Integer, comment='50%: yes')"),
    }
    serial, wide = (
        f"sa.Table('s', m, C('id', {kind}, primary_key=True))"
        for kind in ("sa.Integer", "sa.BigInteger")
    )
    by_identity = "sa.Table('s', m, C('id', sa.Integer, sa.Identity(), primary_key=True))"
    return [
        *(Feature(group, name, _t(a), _t(b)) for name, (a, b) in pairs.items()),
        Feature(group, "a SERIAL key becomes bigint", serial, wide),
        Feature(group, "SERIAL becomes an identity", serial, by_identity),
    ]


def _tables() -> list[Feature]:
    group = "tables"
    part = "t(postgresql_partition_by='RANGE (id)')"
    return [
        Feature(group, "storage parameters", "t()", "t(postgresql_with={'fillfactor': 70})"),
        Feature(group, "a comment", "t()", "t(comment='it is')"),
        Feature(group, "one in a new schema", "", "t(schema='app')"),
        Feature(
            group,
            "partitions stay",
            part,
            part,
            live=("CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (1) TO (9)",),
        ),
        Feature(group, "a new sequence", "t()", "t(); sa.Sequence('seq', metadata=m)"),
        Feature(
            group,
            "a domain of a new column",
            "t()",
            "t(C('d', pg.DOMAIN('pos', sa.Integer, check='VALUE > 0')))",
        ),
    ]


def _of(kind: str, name: str, **words: str) -> Object:
    return {"kind": kind, "name": name, **words}


def _objects() -> list[Feature]:
    group = "declared objects"
    n, wide = _t(N), _t("C('n', sa.BigInteger)")
    view, other, more = (
        _of("view", "v", query=f"SELECT {what} FROM t") for what in ("id", "id + 1 AS id", "id, n")
    )
    over = _of("view", "w", query="SELECT id FROM v")
    one, two, big = (
        _of("function", "f", returns=returns, language="sql", body=body)
        for returns, body in (
            ("integer", "SELECT 1"),
            ("integer", "SELECT 2"),
            ("text", "SELECT '1'"),
        )
    )
    touch = _of(
        "function", "touch", returns="trigger", language="plpgsql", body="BEGIN RETURN NEW; END"
    )
    before = _of("trigger", "tr", table="t", when="BEFORE", event="UPDATE", function="touch")
    after = {**before, "when": "AFTER"}
    stored, again = (
        _of("materialized view", "mv", query=f"SELECT {what} FROM t") for what in ("id", "n")
    )
    mine, yours = (
        _of("policy", "pol", table="t", definition=f"FOR SELECT USING (n > {least})")
        for least in (0, 1)
    )
    return [
        Feature(group, "a new view", n, n, objects=(view,)),
        Feature(group, "another query of a view", n, n, objects_before=(view,), objects=(other,)),
        Feature(group, "a view without a column", n, n, objects_before=(more,), objects=(view,)),
        Feature(group, "a view over a view", n, n, objects=(view, over)),
        Feature(
            group,
            "a view under a view changes",
            n,
            n,
            objects_before=(view, over),
            objects=(other, over),
        ),
        Feature(group, "a new table and its view", "", n, objects=(more,)),
        Feature(
            group, "another type under a view", n, wide, objects_before=(more,), objects=(more,)
        ),
        Feature(group, "unchanged: a view", n, n, objects_before=(more,), objects=(more,)),
        Feature(group, "a new materialised view", n, n, objects=(stored,)),
        Feature(
            group, "another materialised view", n, n, objects_before=(stored,), objects=(again,)
        ),
        Feature(group, "a new function", n, n, objects=(one,)),
        Feature(group, "another body", n, n, objects_before=(one,), objects=(two,)),
        Feature(group, "another type returned", n, n, objects_before=(one,), objects=(big,)),
        Feature(group, "a new trigger", n, n, objects_before=(touch,), objects=(touch, before)),
        Feature(
            group,
            "another trigger",
            n,
            n,
            objects_before=(touch, before),
            objects=(touch, after),
        ),
        Feature(group, "a new table, its trigger", "", n, objects=(touch, before)),
        Feature(group, "a new policy", n, n, objects=(mine,)),
        Feature(group, "another policy", n, n, objects_before=(mine,), objects=(yours,)),
        Feature(group, "a new extension", n, n, objects=(_of("extension", "citext"),)),
        Feature(
            group,
            "new statistics",
            n,
            n,
            objects=(_of("statistics", "st", table="t", definition="(dependencies) ON id, n"),),
        ),
    ]


FEATURES = (
    *_enums(),
    *_checks(),
    *_indexes(),
    *_keys(),
    *_columns(),
    *_tables(),
    *_objects(),
)
