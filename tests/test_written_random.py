"""Random calls of operations with odd names and values: read or not, they are as they are run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_written import ALTERATIONS, COLUMNS, TYPES, assert_equal, write

EXAMPLES = int(os.environ.get("MIGSAFE_EXAMPLES", "8"))
NAMES = st.one_of(
    st.sampled_from(("t", "a", "b", "things", "id")),
    st.sampled_from(
        "select user order Upper camelCase _x 1st $x x$ dot.ted a:b :b a::b per%cent %(x)s %% a-b "
        "ünï ıs ſ \u212a öl name text kind".split()
    ),
    st.sampled_from(("a b", 'q"uote', "it's", "new\nline", "line\n", "back\\slash", "\\:x", "")),
    st.sampled_from(("x" * 63, "x" * 64, "ü" * 40, "{x}", "__x", "ix_%(column_0_label)s")),
    st.text(min_size=1, max_size=5),
    st.sampled_from((None, True, 1, 1.5, b"x", ["a"], ("a",), {}, {"a": "b"}, [], "\ud800")),
).map(repr)
TEXTS = st.one_of(
    NAMES,
    st.sampled_from(
        (
            "a > 1", "a = ':x'", "a = 'x:y'", "a::text", "x LIKE '%a%%'", "now()", "'{}'::jsonb",
            "a = '12:30'", "\\x", "a \\: b", "(a ->> 'b')", "a = ANY('{1,2}')", "", "0",
        )
    ).map(repr),
)  # fmt: skip
FINAL = st.one_of(NAMES, NAMES, st.none().map(repr), NAMES.map(lambda name: f"op.f({name})"))
SCHEMA = st.one_of(st.just(""), st.just(""), NAMES.map(lambda name: f", schema={name}"))
LISTS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: f"[{', '.join(names)}]")
KINDS = st.sampled_from(TYPES)
DEFAULTS = st.one_of(
    TEXTS.map(lambda text: f", server_default={text}"),
    TEXTS.map(lambda text: f", server_default=sa.text({text})"),
    TEXTS.map(lambda text: f", comment={text}"),
    st.sampled_from([f", {rest}" for rest in COLUMNS if "sa.F" not in rest and "sa.I" not in rest]),
    st.sampled_from((", primary_key=True", ", nullable=False", ", unique=True", ", index=True")),
    st.just(""),
)
TARGETS = st.one_of(st.sampled_from(("'o.id'", "'s.o.id'", "'t.a'")), NAMES)
PARTS = st.one_of(
    st.just(""),
    TARGETS.map(lambda target: f", sa.ForeignKey({target})"),
    st.builds(lambda t, n: f", sa.ForeignKey({t}, name={n})", TARGETS, FINAL),
    st.sampled_from((", sa.Identity()", ", sa.Identity(True, start=5)")),
)
COLUMN = st.builds(
    lambda name, kind, part, rest: f"sa.Column({name}, {kind}{part}{rest})",
    NAMES, KINDS, PARTS, DEFAULTS,
)  # fmt: skip
CONSTRAINT = st.one_of(
    st.builds(
        lambda names, name: f"sa.PrimaryKeyConstraint({names[1:-1]}, name={name})", LISTS, FINAL
    ),
    st.builds(lambda names: f"sa.UniqueConstraint({names[1:-1]})", LISTS),
    st.builds(lambda text, name: f"sa.CheckConstraint({text}, name={name})", TEXTS, FINAL),
    st.builds(
        lambda one, to, name: f"sa.ForeignKeyConstraint([{one}], [{to}], name={name})",
        NAMES, TARGETS, FINAL,
    ),
)  # fmt: skip


def _table(name: str, columns: list[str], constraints: list[str], schema: str) -> str:
    return f"op.create_table({', '.join((name, *columns, *constraints))}{schema})"


ELEMENTS = st.lists(
    st.one_of(NAMES, TEXTS.map(lambda text: f"sa.text({text})")), min_size=1, max_size=3
).map(lambda elements: f"[{', '.join(elements)}]")
INDEX = st.one_of(
    st.sampled_from((", unique=True", ", if_not_exists=True", ", postgresql_using='gist'", "")),
    TEXTS.map(lambda text: f", postgresql_where=sa.text({text})"),
    TEXTS.map(lambda text: f", postgresql_where={text}"),
    LISTS.map(lambda names: f", postgresql_include={names}"),
    NAMES.map(lambda name: f", postgresql_ops={{{name}: 'gin_trgm_ops'}}"),
)
CALLS = st.one_of(
    st.builds(
        _table,
        NAMES, st.lists(COLUMN, max_size=3), st.lists(CONSTRAINT, max_size=2), SCHEMA,
    ),
    st.builds(lambda t, c, s: f"op.add_column({t}, {c}{s})", NAMES, COLUMN, SCHEMA),
    st.builds(lambda t, c, s: f"op.drop_column({t}, {c}{s})", NAMES, NAMES, SCHEMA),
    st.builds(lambda t, s: f"op.drop_table({t}{s})", NAMES, SCHEMA),
    st.builds(lambda t, u, s: f"op.rename_table({t}, {u}{s})", NAMES, NAMES, SCHEMA),
    st.builds(
        lambda t, c, rest: f"op.alter_column({t}, {c}, {rest})",
        NAMES, NAMES, st.sampled_from(ALTERATIONS),
    ),
    st.builds(
        lambda t, c, d, n, s: f"op.alter_column({t}, {c}{d}, new_column_name={n}{s})",
        NAMES, NAMES, TEXTS.map(lambda t: f", comment={t}, server_default={t}"), NAMES, SCHEMA,
    ),
    st.builds(
        lambda n, t, e, i, s: f"op.create_index({n}, {t}, {e}{i}{s})",
        FINAL, NAMES, ELEMENTS, INDEX, SCHEMA,
    ),
    st.builds(lambda n, t, s: f"op.drop_index({n}, {t}{s})", FINAL, NAMES, SCHEMA),
    st.builds(
        lambda n, t, o, a, b: f"op.create_foreign_key({n}, {t}, {o}, {a}, {b})",
        FINAL, NAMES, NAMES, LISTS, LISTS,
    ),
    st.builds(
        lambda kind, n, t, c, s: f"op.create_{kind}({n}, {t}, {c}{s})",
        st.sampled_from(("unique_constraint", "primary_key")), FINAL, NAMES, LISTS, SCHEMA,
    ),
    st.builds(
        lambda n, t, c, s: f"op.create_check_constraint({n}, {t}, {c}{s})",
        FINAL, NAMES, TEXTS, SCHEMA,
    ),
    st.builds(
        lambda n, t, k, s: f"op.drop_constraint({n}, {t}, {k!r}{s})",
        FINAL, NAMES, st.sampled_from(("check", "unique", "foreignkey", "primary", None)), SCHEMA,
    ),
    st.builds(lambda t, c, s: f"op.create_table_comment({t}, {c}{s})", NAMES, TEXTS, SCHEMA),
    TEXTS.map(lambda text: f"op.execute({text})"),
    TEXTS.map(lambda text: f"op.execute('UPDATE t SET a = ' + {text})"),
    st.builds(
        lambda labels, name: f"postgresql.ENUM({labels[1:-1]}, name={name}).create(op.get_bind())",
        LISTS, NAMES,
    ),
)  # fmt: skip


@given(st.lists(CALLS, min_size=30, max_size=30))
@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),  # to shrink takes minutes, and a call is short
    suppress_health_check=list(HealthCheck),
)
def test_random_calls_are_as_they_are_run(calls: list[str]) -> None:
    """Each of some calls, in a migration of its own."""
    with tempfile.TemporaryDirectory() as folder:
        assert_equal(write(Path(folder), calls))
