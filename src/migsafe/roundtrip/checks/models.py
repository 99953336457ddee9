"""A check that autogenerate finds nothing to do: the models are what the migrations make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.roundtrip.checks.subject import Check, NotApplicable, Subject

_UNSAID = ("message", "branch_label", "version_path", "rev_id", "depends_on")
_ARGUMENTS = {
    **dict.fromkeys(_UNSAID),
    "autogenerate": True,
    "sql": False,
    "head": "heads",
    "splice": False,
}


def _problems(subject: Subject) -> Iterator[str]:
    from alembic.autogenerate.api import RevisionContext
    from alembic.util import CommandError

    project = subject.project
    if project.location.env is None:
        raise NotApplicable("there is no env.py, which would name the models")
    if isinstance(subject.whole, str):
        raise NotApplicable(f"the history cannot be upgraded at once: {subject.whole}")
    with project.aboard(), project.database():
        runner = project.runner
        runner.upgrade(*subject.order)
        revisions: Any = RevisionContext(runner.config, runner.scripts, _ARGUMENTS)

        def compare(heads: Any) -> list[Any]:
            revisions.run_autogenerate(heads, _context())
            found.extend(_rendered(revisions))
            return []

        found: list[str] = []
        try:
            runner.run(compare, revision_context=revisions, template_args=revisions.template_args)
        except CommandError as error:
            if "MetaData" in str(error):
                raise NotApplicable("env.py has no target_metadata") from error
            yield f"autogenerate fails: {error}"
    yield from found


def _context() -> Any:
    """The migration context, with our comparators beside Alembic's own."""
    from alembic import context

    found = context.get_context()
    plugins = tuple(found.opts.get("autogenerate_plugins") or ("alembic.autogenerate.*",))
    if not any("migsafe" in plugin for plugin in plugins):
        found.opts["autogenerate_plugins"] = (*plugins, "migsafe.*")
    return found


def _rendered(revisions: Any) -> Iterator[str]:
    """The operations that are left to do, as Python."""
    from alembic.autogenerate.api import AutogenContext
    from alembic.autogenerate.render import render_op

    context = AutogenContext(_context(), autogenerate=False)
    for operations in revisions.generated_revisions[-1].upgrade_ops_list:
        for operation in _flat(operations):
            for text in render_op(context, operation):
                yield f"the models want {' '.join(text.split())}"


def _flat(operation: Any) -> Iterator[Any]:
    if hasattr(operation, "ops"):
        for one in operation.ops:
            yield from _flat(one)
    else:
        yield operation


MODELS = Check("models", "the models are what the migrations make", _problems)
