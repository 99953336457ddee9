"""Nothing that is written as SQL ends in a traceback: neither predicting it nor folding it."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migsafe.catalog import Catalog
from migsafe.effects import Effects, advance, begin, commit, predict
from migsafe.fold import fold
from migsafe.rules import load_rules
from migsafe.session import Session
from migsafe.sql import parse

FACTS = Path(__file__).parent / "facts"
TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|\"[^\"]*\"|\$\w*\$|\w+|.", re.DOTALL)
STRANGE = ("", "''", '""', "(", ")", "NULL", "t", '"Ä b"', "1e999", "$1", "*", ";", "::", "-- x\n")


@lru_cache
def session() -> Session:
    """The schema of the facts, which most of the statements are about."""
    catalog = Catalog.empty(18)
    for parsed in parse((FACTS / "base.sql").read_text()):
        catalog = fold(catalog, parsed.statement)
    return Session(catalog)


@lru_cache
def corpus() -> tuple[str, ...]:
    """The set-up and the statements of each fact, and the SQL in the examples of the rules."""
    lines = (FACTS / "ddl.jsonl").read_text().splitlines()
    facts = [json.loads(line) for line in lines]
    texts = ["; ".join((*fact["setup"], *fact["session"], *fact["sql"])) for fact in facts]
    examples = [example for rule in load_rules() for example in (*rule.bad, *rule.good)]
    strings = [re.findall(r'op\.execute\(\s*"([^"]+)"', example) for example in examples]
    return (*texts, *(text for found in strings for text in found))


@lru_cache
def words() -> tuple[str, ...]:
    """All tokens of the corpus, to be put where they do not belong."""
    found = {token for text in corpus() for token in TOKEN.findall(text) if not token.isspace()}
    return (*sorted(found), *STRANGE)


def mutated(text: str, seed: int, count: int) -> str:
    """*text* with *count* tokens dropped, doubled, swapped or replaced."""
    chance = random.Random(seed)
    tokens = TOKEN.findall(text)
    for _ in range(count):
        if not tokens:
            break
        here, there = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        match chance.randrange(5):
            case 0:
                del tokens[here]
            case 1:
                tokens.insert(here, tokens[there])
            case 2:
                tokens[here], tokens[there] = tokens[there], tokens[here]
            case _:
                tokens[here] = chance.choice(words())
    return "".join(tokens)


def follow(text: str) -> None:
    """Predict each statement of *text* in one transaction, and go on from the state behind it."""
    state = begin(session())
    for parsed in parse(text):
        effects = predict(parsed.statement, state)
        assert isinstance(effects, Effects)
        assert effects.fails is None or re.fullmatch(r"[0-9A-Z]{5}", effects.fails.sqlstate)
        assert effects.unknown is None or effects.unknown.strip()
        state = advance(state, parsed.statement, effects)
    commit(state)


@pytest.mark.parametrize("text", range(len(corpus())))
def test_every_text_of_the_corpus_can_be_followed(text: int) -> None:
    """Unchanged, too, and in an order of its own."""
    follow(corpus()[text])


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.integers(0, len(corpus()) - 1),
    seed=st.integers(0, 2**32),
    count=st.integers(1, 6),
)
def test_mutated_statements_end_in_effects(text: int, seed: int, count: int) -> None:
    """Tokens dropped, doubled, swapped, replaced by others: the answer is Effects or unknown."""
    follow(mutated(corpus()[text], seed, count))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=200))
def test_any_text_ends_in_effects(text: str) -> None:
    """So does what is no SQL at all."""
    follow(text)


def command(text: bytes) -> subprocess.CompletedProcess[bytes]:
    """`migsafe effects` on *text* as its standard input."""
    words = [sys.executable, "-m", "migsafe", "effects", "-", "--format", "json"]
    return subprocess.run(words, input=text, capture_output=True, check=False)


def test_the_command_answers_garbage() -> None:
    """`migsafe effects -` says what it cannot read, with exit code 2 and one line for people."""
    result = command(b"garbage; select 'abc" + b"\0; ALTER TABLE; /* x")
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    effects = json.loads(result.stdout)["statements"][0]["effects"]
    assert effects["fails"] or effects["unknown"]


def test_the_command_refuses_what_is_no_text() -> None:
    """Bytes that are no UTF-8 cannot be read: one line on the standard error, exit code 2."""
    result = command(b"\xff\xfe\x00")
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert b"Traceback" not in result.stderr
