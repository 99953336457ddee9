"""Changes to a call as it is written, which keep its layout and comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import libcst as cst

Spared = Callable[[cst.Arg], bool]


def with_keywords(call: cst.Call, keywords: Mapping[str, str]) -> cst.Call:
    """*call* with the keyword arguments *keywords*, whose values are Python expressions."""
    for name, text in keywords.items():
        value = cst.parse_expression(text)
        given = [arg.keyword is not None and arg.keyword.value == name for arg in call.args]
        if any(given):
            args = [
                arg.with_changes(value=value) if is_it else arg
                for arg, is_it in zip(call.args, given, strict=True)
            ]
        else:
            args = _appended(call.args, name, value)
        call = call.with_changes(args=args)
    return call


def _appended(args: Sequence[cst.Arg], name: str, value: cst.BaseExpression) -> list[cst.Arg]:
    """*args* and one more, laid out like the one before it."""
    new = cst.Arg(
        value,
        cst.Name(name),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    if not args:
        return [new]
    last = args[-1]
    new = new.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    separator = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if len(args) > 1 and isinstance(args[-2].comma, cst.Comma):
        separator = args[-2].comma
    separator, new = _comment_stays(last, separator, new)
    before = last.with_changes(comma=separator, whitespace_after_arg=cst.SimpleWhitespace(""))
    return [*args[:-1], before, new]


def _comment_stays(last: cst.Arg, separator: cst.Comma, new: cst.Arg) -> tuple[cst.Comma, cst.Arg]:
    """A comment behind the last argument stays behind it; one behind the other is not copied."""
    after = separator.whitespace_after
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return separator, new
    bare = cst.TrailingWhitespace()
    comma = last.comma
    behind = comma.whitespace_after if isinstance(comma, cst.Comma) else last.whitespace_after_arg
    line = bare
    if isinstance(behind, cst.ParenthesizedWhitespace):
        line = behind.first_line
        emptied = behind.with_changes(first_line=bare)
        if isinstance(comma, cst.Comma):
            new = new.with_changes(comma=comma.with_changes(whitespace_after=emptied))
        else:
            new = new.with_changes(whitespace_after_arg=emptied)
    return separator.with_changes(
        whitespace_after=after.with_changes(first_line=line, empty_lines=[])
    ), new


def without(call: cst.Call, unwanted: Spared) -> cst.Call:
    """*call* without the arguments that are *unwanted*."""
    kept = [arg for arg in call.args if not unwanted(arg)]
    if kept and kept[-1] is not call.args[-1]:
        last = call.args[-1]
        kept[-1] = kept[-1].with_changes(
            comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
        )
    return call.with_changes(args=kept)


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """The keyword argument *name* of *call*, if it is written."""
    return next((a for a in call.args if a.keyword is not None and a.keyword.value == name), None)


def called(node: cst.BaseExpression) -> str:
    """The last name of the function in a call, ``Column`` of ``sa.Column(…)``; else empty."""
    if not isinstance(node, cst.Call):
        return ""
    func = node.func
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def comments(node: cst.CSTNode) -> Iterator[str]:
    """The comments inside *node*."""
    if isinstance(node, cst.Comment):
        yield node.value
    for child in node.children:
        yield from comments(child)
