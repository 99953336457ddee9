<%
a, w = ("async ", "await ") if plan.is_async else ("", "")
session = "AsyncSession" if plan.is_async else "Session"
M, one = plan.name, plan.snake
%>\
"""${plan.table.replace("_", " ").capitalize()} are stored, found, changed and deleted."""

<%text>@@imports@@</%text>


% if plan.is_async:
async def sample(session: AsyncSession) -> ${M}Create:
% else:
def sample(session: Session) -> ${M}Create:
% endif
    """A new ${one.replace("_", " ")} that refers to what is there."""
% for variable, query in parents:
    ${variable} = ${w}session.scalar(sa.text(${query}))
% endfor
    return ${M}Create(
% for line in values:
${line}
% endfor
    )


% if plan.is_async:
def test_${one}(migsafe_filled: str) -> None:
    """What is created is found, changed and deleted again."""
    asyncio.run(lives(migsafe_filled))


async def lives(url: str) -> None:
    engine = create_async_engine(url, poolclass=sa.NullPool)
    async with engine.connect() as connection, AsyncSession(connection) as session:
% else:
def test_${one}(migsafe_filled: str) -> None:
    """What is created is found, changed and deleted again."""
    engine = sa.create_engine(migsafe_filled, poolclass=sa.NullPool)
    with engine.connect() as connection, Session(connection) as session:
% endif
% if any(field.unique for field in plan.fields):
        # The rows that are there may have the same values; this is undone at the end.
        ${w}session.execute(sa.text(${quoted(f"TRUNCATE {table} CASCADE")}))
% endif
        rows = ${M}Repository(session)
        made = ${w}rows.create(${w}sample(session))
        assert made.id is not None
        shown = ${M}Read.model_validate(made)
        assert ${w}rows.get(shown.id) is made
        assert made in ${w}rows.page(limit=1000)
        same = ${M}Update.model_validate(
            shown.model_dump(include=set(${M}Update.model_fields))
        )
        assert ${M}Read.model_validate(${w}rows.update(made, same)).id == shown.id
        ${w}rows.delete(made)
        assert ${w}rows.get(shown.id) is None
        ${w}session.rollback()
