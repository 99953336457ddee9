"""Values that stand for what a module that cannot be imported would have defined."""

from __future__ import annotations

import builtins
import datetime
import linecache
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import UserDefinedType, to_instance

from migsafe.capture.handed import session_on, tape_in
from migsafe.capture.marks import marked
from migsafe.names import quote_ident

# Types of packages that migrations import most, by class name; any other class is taken for a type
# of the user's with its own name.
_SQL_TYPES = {
    "autostring": "VARCHAR",
    "choicetype": "VARCHAR(255)",
    "citext": "citext",
    "arrowtype": "TIMESTAMP WITHOUT TIME ZONE",
    "colortype": "VARCHAR(20)",
    "countrytype": "VARCHAR(2)",
    "currencytype": "VARCHAR(3)",
    "emailtype": "VARCHAR(255)",
    "encryptedtype": "BYTEA",
    "guid": "UUID",
    "geography": "geography",
    "geometry": "geometry",
    "ipaddresstype": "VARCHAR(50)",
    "jsontype": "JSON",
    "localetype": "VARCHAR(10)",
    "ltreetype": "ltree",
    "passwordtype": "VARCHAR(1024)",
    "phonenumbertype": "VARCHAR(20)",
    "stringencryptedtype": "VARCHAR",
    "timezonetype": "VARCHAR(50)",
    "tsvectortype": "TSVECTOR",
    "tzdatetime": "TIMESTAMP WITH TIME ZONE",
    "urltype": "TEXT",
    "utcdatetime": "TIMESTAMP WITH TIME ZONE",
    "uuidtype": "UUID",
}
_OF_MODELS = ("__code__", "__subclasses__", "__table__", "__tablename__")
_SIZED = {"vector": "vector", "halfvec": "halfvec", "sparsevec": "sparsevec"}  # pgvector


class Placeholder(UserDefinedType[Any], datetime.tzinfo):
    """Stands for anything: a column type, a class, an enum without members, a function, a name."""

    cache_ok = True
    __members__: dict[str, Any] = {}  # noqa: RUF012 - what sqlalchemy.Enum reads off an enum class

    def __init__(
        self,
        name: str,
        arguments: tuple[Any, ...] = (),
        *,
        constants: Mapping[str, Any] | None = None,
        **keywords: Any,
    ):
        if "__name__" in vars(self):  # called as the __init__ of a base that is missing
            return
        self.__name__ = name
        self._arguments = arguments
        vars(self).update(constants or {})

    def get_col_spec(self, **keywords: Any) -> str:
        """The SQL type that a class of this name stands for."""
        name = self.__name__.rpartition(".")[2]
        if (sized := _SIZED.get(name.lower())) is not None:
            sizes = [str(a) for a in self._arguments if isinstance(a, int)]
            return f"{sized}({sizes[0]})" if sizes else sized
        return _SQL_TYPES.get(name.lower()) or quote_ident(name.lower())

    def adapt(self, cls: Any, **keywords: Any) -> Any:
        """A copy, which SQLAlchemy would make from the arguments of an ordinary class."""
        return Placeholder(self.__name__, self._arguments)

    def __getattr__(self, name: str) -> Any:
        if name in ("__name__", "_arguments"):  # __init__ was that of another placeholder
            return type(self).__name__ if name == "__name__" else ()
        if name.startswith("_") and name not in _OF_MODELS:
            raise AttributeError(name)
        return Placeholder(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if len(args) == 1 and not keywords and _decorates(sys._getframe(1)):
            return args[0]
        given = (*args, *keywords.values())
        if str(self) == "Session" and (session := session_on(given)) is not None:
            return session
        if (recorder := tape_in(given)) is not None:
            text = marked(self.__name__)
            recorder.unknown(text, f"what {self.__name__} sends is not known")
        return Placeholder(self.__name__, args or self._arguments)

    def utcoffset(self, at: Any) -> datetime.timedelta:
        """As of a zone: that of UTC."""
        return datetime.timedelta()

    dst = utcoffset

    def tzname(self, at: Any) -> str:
        """As of a zone."""
        return "UTC"

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        first = next(base for base in bases if isinstance(base, Placeholder))
        known = any(isinstance(b, type) and issubclass(b, PlaceholderBase) for b in bases)
        return (PlaceholderBase,) if self is first and not known else ()

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: object) -> Any:
        return Placeholder(self.__name__)

    def __setitem__(self, key: object, value: object) -> None:
        return None

    def __delitem__(self, key: object) -> None:
        return None

    def __contains__(self, item: object) -> bool:
        return False

    def __enter__(self) -> Placeholder:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __add__(self, other: Any) -> Any:
        return f"{self}{other}" if isinstance(other, str) else other

    def __radd__(self, other: Any) -> Any:
        return f"{other}{self}" if isinstance(other, str) else other

    def _other(self, other: Any) -> Any:
        return other

    __or__ = __ror__ = __and__ = __rand__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _other

    def _no(self, other: Any) -> bool:
        return False

    def _yes(self, other: Any) -> bool:
        return True

    # So that both `while done < total` and `if done >= total: break` come to an end.
    __lt__ = __gt__ = _no
    __le__ = __ge__ = _yes

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __str__(self) -> str:
        return self.__name__.rpartition(".")[2]

    __repr__ = __str__

    def __hash__(self) -> int:
        return hash(self.__name__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placeholder) and other.__name__ == self.__name__


class PlaceholderBase(Placeholder):
    """The base of classes whose real base is missing; as a column type it is its *impl*.

    Of what models have from their base it has what queries begin with.
    """

    impl: Any = None
    objects = query = select = Placeholder("query")

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(type(self).__name__, args)
        vars(self).update(keywords)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self

    def adapt(self, cls: Any, **keywords: Any) -> Any:
        return type(self)(*self._arguments)

    def get_col_spec(self, **keywords: Any) -> str:
        if self.impl is None:
            return super().get_col_spec()
        dialect = PGDialect()  # type: ignore[no-untyped-call]
        return str(to_instance(self.impl).compile(dialect=dialect))


class Options(dict[str, Any]):
    """Options of Alembic's context; a placeholder for those that an env.py adds of its own."""

    def __missing__(self, name: str) -> Placeholder:
        return Placeholder(name)


def _decorates(frame: types.FrameType) -> bool:
    """Whether a call in *frame* is that of a decorator, which has to give back what it is given."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return line.lstrip().startswith("@")


class PlaceholderModule(types.ModuleType):
    """A module in which every name is defined: *members*, and placeholders for all others.

    The modules in the folders of *path* can be imported from it; ``import *`` gives the names that
    the importing module uses and has from nowhere else.
    """

    def __init__(self, name: str, members: Mapping[str, Any], path: Sequence[str]):
        super().__init__(name)
        vars(self).update(members)
        self.__path__ = list(path)
        self._members = tuple(members)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            importer = sys._getframe(1)
            used = _names(importer.f_code) - importer.f_globals.keys() - vars(builtins).keys()
            return sorted(used.union(self._members))
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(name)


def _names(code: types.CodeType) -> set[str]:
    """The names that *code* and the functions in it look up, those of attributes with them."""
    inner = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))
