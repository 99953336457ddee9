"""The C library that postgast brings, and its messages, without the rest of postgast.

Importing postgast makes classes for all nodes a second time and takes twice as long as what is used
of it here: libpg_query itself, and the description of its messages.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

_FILES = {"darwin": "libpg_query.dylib", "win32": "pg_query.dll"}
_DESCRIPTION = "pg_query.desc"


Fields = tuple[tuple[str, str], ...]
"""Fields, inner ones first, each as the name of its message and its own."""


class Refusal(Exception):
    """What the library says of a text or a tree that it does not take."""


class _Error(ctypes.Structure):
    _fields_ = (
        ("message", ctypes.c_char_p),
        ("funcname", ctypes.c_char_p),
        ("filename", ctypes.c_char_p),
        ("lineno", ctypes.c_int),
        ("cursorpos", ctypes.c_int),
        ("context", ctypes.c_char_p),
    )


class _Buffer(ctypes.Structure):
    _fields_ = (("length", ctypes.c_size_t), ("data", ctypes.c_void_p))


class _Given(ctypes.Structure):
    _fields_ = (("length", ctypes.c_size_t), ("data", ctypes.c_char_p))


class _Message(ctypes.Structure):
    _fields_ = (("found", _Buffer), ("stderr", ctypes.c_char_p), ("error", ctypes.c_void_p))


class _Json(ctypes.Structure):
    _fields_ = (
        ("found", ctypes.c_char_p),
        ("stderr", ctypes.c_char_p),
        ("error", ctypes.c_void_p),
    )


class _Text(ctypes.Structure):
    _fields_ = (("found", ctypes.c_char_p), ("error", ctypes.c_void_p))


class Library:
    """libpg_query and the classes of its messages; raises ImportError or OSError without them."""

    Refusal = Refusal

    def __init__(self) -> None:
        library, self._pool = _parts()
        self._kinds: dict[str, Any] = {}
        self._tags: dict[tuple[str, str], bytes] = {}
        self._parse, self._free_parse = _pair(library, "parse_protobuf", "protobuf_parse", _Message)
        self._scan, self._free_scan = _pair(library, "scan", "scan", _Message)
        self._deparse, self._free_deparse = _pair(
            library, "deparse_protobuf", "deparse", _Text, _Given
        )
        self._plpgsql, self._free_plpgsql = _pair(library, "parse_plpgsql", "plpgsql_parse", _Text)
        self._json, self._free_json = _pair(library, "parse", "parse", _Json)
        message = importlib.import_module("google.protobuf.message")
        self.Message: type[Any] = message.Message
        """What all messages are."""
        self.Undecoded: type[Exception] = message.DecodeError
        """What is raised for a tree that nests deeper than protobuf allows."""

    @cached_property
    def ParseResult(self) -> Any:
        """The class of the statements of a text."""
        return self.kind("ParseResult")

    @cached_property
    def tokens(self) -> dict[int, str]:
        """The names of the scanner's tokens."""
        values = self._pool.FindEnumTypeByName("pg_query.Token").values
        return {value.number: value.name for value in values}

    def parse(self, encoded: bytes) -> Any:
        """The ParseResult of a text; raises Refusal or Undecoded."""
        result = self._parse(encoded)
        try:
            return self.ParseResult.FromString(_bytes(result))
        finally:
            self._free_parse(result)

    def scan(self, encoded: bytes) -> Any:
        """The ScanResult of a text; raises Refusal."""
        result = self._scan(encoded)
        try:
            return self.kind("ScanResult").FromString(_bytes(result))
        finally:
            self._free_scan(result)

    def deparse(self, node: Any, around: Fields) -> str:
        """The SQL of a ParseResult that holds *node* in the fields *around* it; raises Refusal."""
        data = node.SerializeToString()
        for field in around:
            # Bytes with their length are a field; to copy messages takes longer than all the rest.
            data = self._tag(field) + _varint(len(data)) + data
        result = self._deparse(_Given(len(data), data))
        try:
            return _text(result)
        finally:
            self._free_deparse(result)

    def plpgsql(self, encoded: bytes) -> str:
        """The trees of the functions in a text, as JSON; raises Refusal."""
        result = self._plpgsql(encoded)
        try:
            return _text(result)
        finally:
            self._free_plpgsql(result)

    def json(self, encoded: bytes) -> str:
        """As `parse`, as JSON."""
        result = self._json(encoded)
        try:
            return _text(result)
        finally:
            self._free_json(result)

    def _tag(self, field: tuple[str, str]) -> bytes:
        """What stands in front of the length of a *field*, given as message and name."""
        if field not in self._tags:
            kind, name = field
            number = self.kind(kind).DESCRIPTOR.fields_by_name[name].number
            self._tags[field] = _varint(number << 3 | 2)
        return self._tags[field]

    @cached_property
    def node(self) -> Any:
        """The class of a node of any kind."""
        return self.kind("Node")

    def kind(self, name: str) -> Any:
        """The class of the messages called *name*."""
        if name not in self._kinds:
            factory = importlib.import_module("google.protobuf.message_factory")
            found = self._pool.FindMessageTypeByName(f"pg_query.{name}")
            self._kinds[name] = factory.GetMessageClass(found)
        return self._kinds[name]


def _bytes(result: Any) -> bytes:
    if result.error:
        raise _refusal(result)
    found = result.found
    return ctypes.string_at(found.data, found.length)


def _text(result: Any) -> str:
    if result.error:
        raise _refusal(result)
    return str(result.found.decode())


def _refusal(result: Any) -> Refusal:
    error = ctypes.cast(result.error, ctypes.POINTER(_Error)).contents
    return Refusal(error.message.decode() if error.message else "unknown error")


def _varint(number: int) -> bytes:
    """*number* in seven bits a byte, as protobuf writes it."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _pair(
    library: Any, name: str, freed: str, result: Any, given: Any = ctypes.c_char_p
) -> tuple[Any, Any]:
    """The function *name*, which makes a *result*, and the one that frees it."""
    make, free = library[f"pg_query_{name}"], library[f"pg_query_free_{freed}_result"]
    make.argtypes, make.restype = [given], result
    free.argtypes, free.restype = [result], None
    return make, free


def _parts() -> tuple[Any, Any]:
    """The library, loaded, and a pool with the description of its messages."""
    found = importlib.util.find_spec("postgast")
    if found is None:
        raise ImportError("No module named 'postgast'")
    for folder in map(Path, found.submodule_search_locations or ()):
        library = folder / _FILES.get(sys.platform, "libpg_query.so")
        description = folder / _DESCRIPTION
        if library.is_file() and description.is_file():
            return ctypes.CDLL(str(library)), _pool(description.read_bytes())
    # It was built for a library of the system.
    native = importlib.import_module("postgast.native")
    messages = importlib.import_module("postgast.pg_query_pb2")
    return ctypes.CDLL(native.lib._name), messages.DESCRIPTOR.pool


def _pool(description: bytes) -> Any:
    """A pool of the files in a FileDescriptorSet: a sequence of field 1, each with its length."""
    pool = importlib.import_module("google.protobuf.descriptor_pool").DescriptorPool()
    at = 0
    while at < len(description):
        length, shift = 0, 0
        while True:
            at += 1
            length |= (description[at] & 0x7F) << shift
            shift += 7
            if description[at] < 0x80:
                break
        at += 1
        pool.AddSerializedFile(description[at : at + length])
        at += length
    return pool
