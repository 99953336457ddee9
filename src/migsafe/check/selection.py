"""Which rules and which migrations a project wants to hear about."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from migsafe.config import PathSettings, Settings
from migsafe.errors import ConfigError, MigsafeError
from migsafe.rule import Finding, Rule
from migsafe.rules import load_rules

DESIGN = "MS8"
"""How the codes of rules about schema design begin, which `migsafe models lint` asks."""


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """All rules: migsafe's own, and those of the packages that *settings* name.

    The packages are looked for beside the pyproject.toml too. Raises ConfigError when one cannot
    be imported or holds something that is no rule.
    """
    folder = str((settings.path or Path("pyproject.toml")).parent.resolve())
    sys.path.insert(0, folder)
    try:
        return load_rules(("migsafe.rules", *settings.rules))
    except (ImportError, TypeError, AttributeError) as error:
        packages = ", ".join(settings.rules)
        raise ConfigError(f"rules {packages}: {error}", file=settings.path) from error
    finally:
        sys.path.remove(folder)


def chosen(rules: Sequence[Rule], settings: Settings) -> tuple[Rule, ...]:
    """The rules that *settings* select and do not ignore; raises ConfigError for unknown ones."""
    parts: tuple[Settings | PathSettings, ...] = (settings, *settings.paths.values())
    for word in (word for one in parts for word in (*one.select, *one.ignore, *one.severity)):
        if not any(_matches(rule, word) for rule in rules) and not _is_design(word):
            raise ConfigError(unknown(word, rules), file=settings.path)
    return tuple(
        rule
        for rule in rules
        if (not settings.select or any(_matches(rule, word) for word in settings.select))
        and not any(_matches(rule, word) for word in settings.ignore)
    )


def _matches(rule: Rule, word: str) -> bool:
    return rule.code.startswith(word.upper()) or rule.rule_name() == word


def _is_design(word: str) -> bool:
    """Whether *word* is for `migsafe models lint`, which reads the same settings.

    A rule has the name of its file, so that nothing has to be imported to know it.
    """
    file = Path(__file__).parent.parent / "models" / "rules" / f"{word.replace('-', '_')}.py"
    return word.upper().startswith(DESIGN) or ("_" not in word and file.is_file())


def exists(name: str, rules: Sequence[Rule], settings: Settings) -> bool:
    """Whether there is a rule *name*, be it one that *settings* leave out of *rules*.

    What they leave out of the project's own rules is not known.
    """
    if settings.rules and (settings.select or settings.ignore):
        return True
    every = (*rules, *load_rules())
    return any(name.upper() == r.code or name == r.rule_name() for r in every) or _is_design(name)


def unknown(word: str, rules: Sequence[Rule]) -> str:
    """The message that there is no rule *word*, with the one that may be meant."""
    import difflib

    known = [name for rule in rules for name in (rule.code, rule.rule_name())]
    close = difflib.get_close_matches(word, known, 1)
    hint = f"did you mean {close[0]}?" if close else "see migsafe rules"
    return f"there is no rule {word!r}; {hint}"


def is_excluded(path: Path, settings: Settings) -> bool:
    """Whether one of the patterns of ``exclude`` means *path*."""
    return any(_means(pattern, path) for pattern in settings.exclude)


def places(path: Path, settings: Settings) -> Iterator[PathSettings]:
    """What *settings* say about the file at *path* in particular, in their order."""
    return (own for pattern, own in settings.paths.items() if _means(pattern, path))


def is_wanted(finding: Finding, settings: Settings) -> bool:
    """Whether *settings* for the file of *finding* leave its rule in."""
    return all(
        (not own.select or any(is_about(word, finding) for word in own.select))
        and not any(is_about(word, finding) for word in own.ignore)
        for own in places(finding.file, settings)
    )


def is_about(word: str, finding: Finding) -> bool:
    """Whether *word*, a name or the beginning of a code, means the rule of *finding*."""
    return finding.rule.startswith(word.upper()) or finding.name == word


def _means(pattern: str, path: Path) -> bool:
    return (
        fnmatch.fnmatch(str(path), pattern)
        or fnmatch.fnmatch(path.name, pattern)
        or path.match(pattern)
    )


def changed_since(reference: str, folder: Path) -> frozenset[Path]:
    """The files in *folder* that are new or changed since the git commit *reference*.

    They are compared with the commit where this branch left *reference*; files that git does not
    track yet count too. Raises MigsafeError when *folder* is in no repository, or for a reference
    that git does not know.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    base = _base(reference, folder)
    changed = _git(folder, "diff", "--name-only", "-z", "--diff-filter=d", base, "--", str(folder))
    untracked = _git(
        folder, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", str(folder)
    )
    names = [name for name in (changed + untracked).split("\0") if name]
    return frozenset((top / name).resolve() for name in names)


def released_since(reference: str, folder: Path) -> dict[Path, str]:
    """The texts that files in *folder* have at the commit where this branch left *reference*.

    Only of those that differ now; raises as `changed_since`.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    base = _base(reference, folder)
    filters = ("--no-renames", "--diff-filter=M", base, "--", str(folder))
    changed = _git(folder, "diff", "--name-only", "-z", *filters)
    names = [name for name in changed.split("\0") if name.endswith(".py")]
    return {(top / name).resolve(): _git(folder, "show", f"{base}:{name}") for name in names}


def base_branch(folder: Path) -> str:
    """The git reference that says what is released: the remote's branch, else the main one.

    A repository with none of them has what HEAD has. Raises MigsafeError outside of repositories.
    """
    for reference in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        try:
            _git(folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        except MigsafeError:
            continue
        return reference
    _git(folder, "rev-parse", "--show-toplevel")
    return "HEAD"


def in_base(reference: str, folder: Path) -> frozenset[Path]:
    """The files that *folder* has at the commit where this branch left *reference*.

    None at all in a repository without commits. Raises as `changed_since`.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    try:
        base = _base(reference, folder)
    except MigsafeError:
        if reference != "HEAD":
            raise
        return frozenset()
    listed = _git(folder, "ls-tree", "-r", "-z", "--name-only", "--full-tree", base)
    return frozenset((top / name).resolve() for name in listed.split("\0") if name)


def _base(reference: str, folder: Path) -> str:
    """The commit where this branch left *reference*, or *reference* when nothing is shared."""
    try:
        return _git(folder, "merge-base", reference, "HEAD").strip()
    except MigsafeError:
        return _git(folder, "rev-parse", "--verify", f"{reference}^{{commit}}").strip()


def staged(folder: Path) -> frozenset[Path]:
    """The files in *folder* that are staged for the next git commit; raises MigsafeError."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    names = _git(
        folder, "diff", "--cached", "--name-only", "-z", "--diff-filter=d", "--", str(folder)
    )
    return frozenset((top / name).resolve() for name in names.split("\0") if name)


def _git(folder: Path, *arguments: str) -> str:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise MigsafeError("git is not installed; --since and --staged need it") from error
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or ["git failed"]
        raise MigsafeError(f"git: {lines[0]}") from error
    return done.stdout
