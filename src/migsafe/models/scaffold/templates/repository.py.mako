<%
a, w = ("async ", "await ") if plan.is_async else ("", "")
session = "AsyncSession" if plan.is_async else "Session"
M, one, many, key = plan.name, plan.snake, plan.table, plan.key
column = (lambda name: f"col({M}.{name})") if plan.is_sqlmodel else (lambda name: f"{M}.{name}")
live = plan.keeps_deleted
def scalars(more):
    return f"({w}self._session.scalars(query)).{more}" if w else f"self._session.scalars(query).{more}"
%>\
"""Reads and writes ${many}."""

<%text>@@imports@@</%text>


class ${M}Repository:
    """The ${many.replace("_", " ")} as *session* sees them; its owner commits."""

    def __init__(self, session: ${session}) -> None:
        self._session = session

    ${a}def get(self, key: ${key}) -> ${M} | None:
        """The ${one.replace("_", " ")} with this key, or None."""
        query = select(${M}).where(${column("id")} == key)
% if live:
        query = query.where(${column("deleted_at")}.is_(None))
% endif
        return ${scalars("one_or_none()")}

    ${a}def page(
        self, *, after: ${key} | None = None, limit: int = 50
    ) -> Sequence[${M}]:
        """Up to *limit* rows by key, those after the key *after*."""
        return ${w}self._page(after, limit)
% for name, given, type_ in unique:

    ${a}def by_${name}(self, ${given}: ${type_}) -> ${M} | None:
        """The only one with this ${name}, or None."""
        query = select(${M}).where(${column(name)} == ${given})
% if live:
        query = query.where(${column("deleted_at")}.is_(None))
% endif
        return ${scalars("one_or_none()")}
% endfor
% for relation, name, type_ in references:

    ${a}def of_${relation}(
        self, ${name}: ${type_}, *, after: ${key} | None = None, limit: int = 50
    ) -> Sequence[${M}]:
        """Up to *limit* rows of this ${relation.replace("_", " ")}, as in `page`."""
        return ${w}self._page(after, limit, ${column(name)} == ${name})
% endfor

    ${a}def create(self, data: ${M}Create) -> ${M}:
        """Store a new row; what the database fills in is there afterwards."""
        row = ${M}(**data.model_dump())
        self._session.add(row)
        ${w}self._session.flush()
        ${w}self._session.refresh(row)
        return row

    ${a}def update(self, row: ${M}, data: ${M}Update) -> ${M}:
        """Change what *data* gives."""
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(row, name, value)
        ${w}self._session.flush()
        ${w}self._session.refresh(row)
        return row

    ${a}def delete(self, row: ${M}) -> None:
% if plan.keeps_deleted:
        """Mark *row* as deleted: it is not found any more, but is still there."""
        row.deleted_at = dt.datetime.now(dt.timezone.utc)
% else:
        """Delete *row*."""
        ${w}self._session.delete(row)
% endif
        ${w}self._session.flush()

    ${a}def _page(
        self, after: ${key} | None, limit: int, *where: ColumnElement[bool]
    ) -> Sequence[${M}]:
        query = select(${M}).where(*where)
% if live:
        query = query.where(${column("deleted_at")}.is_(None))
% endif
        if after is not None:
            query = query.where(${column("id")} > after)
        query = query.order_by(${column("id")}).limit(limit)
        return ${scalars("all()")}
