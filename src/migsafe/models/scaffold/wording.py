"""Names of a new model: of its table, its labels and its files, and which may not be."""

from __future__ import annotations

import keyword
import re

# Names that the written files use themselves, or that mapped and Pydantic classes have.
_TAKEN = frozenset(
    """bool bytes dict float int list str object type id metadata registry sa dt mapped_column
    relationship postgresql construct copy dict from_orm json parse_file parse_obj parse_raw schema
    schema_json validate update_forward_refs register mro sqlmodel_update self classmethod
    field_validator uuid4""".split()
)
_OF_SYSTEM = frozenset("cmax cmin ctid tableoid xmax xmin".split())  # section 5.6 of the manual


def name_problem(name: str, limit: int) -> str | None:
    """Why *name* cannot be a field's, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return f"{name!r} is not a name in lower case, as due_on"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"{name!r} is a word of Python; choose another name"
    if name in _OF_SYSTEM:
        return f"every table of PostgreSQL has a column {name!r} already; choose another name"
    if name in _TAKEN or name.startswith(("model_", "sa_")):
        return f"{name!r} has a meaning in mapped or Pydantic classes; choose another name"
    if name.endswith("_"):
        return f"{name!r} ends in an underscore; choose another name"
    if len(name) > limit:
        return f"a field's name has at most {limit} letters, so that those of its indexes fit"
    return None


def snake(name: str) -> str:
    """``OrderLine`` → ``order_line``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def plural(word: str) -> str:
    """The English plural of a word in lower case, by its ending."""
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"


def camel(name: str) -> str:
    """``pay_state`` → ``PayState``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def members(labels: tuple[str, ...]) -> dict[str, str]:
    """Names for the members of an enum class, each with its label."""
    found: dict[str, str] = {}
    for label in labels:
        name = re.sub(r"\W+", "_", label).upper().strip("_") or "EMPTY"
        name = f"_{name}" if name[0].isdigit() else name
        name = f"VALUE{name}" if name.startswith("_") else name
        if name in ("MRO", "NAME", "VALUE"):
            name = f"{name}_"
        base, number = name, 2
        while name in found:
            name, number = f"{base}_{number}", number + 1
        found[name] = label
    return found
