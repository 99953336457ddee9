"""How long diagrams take, in seconds: ``python benchmarks/diagram.py [TABLES …]``."""

from __future__ import annotations

import random
import sys
import time

from migsafe.catalog import Catalog
from migsafe.fold import fold
from migsafe.models import Design
from migsafe.models.diagram import drawing, mermaid, page, svg
from migsafe.sql import parse


def schema(count: int) -> Design:
    """*count* tables in twelve areas; half of them refer to users, each to some of its own area."""
    chance = random.Random(count)
    names: list[str] = []
    statements = ["CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE)"]
    for number in range(1, count):
        columns = ["id bigint PRIMARY KEY"]
        if chance.random() < 0.5:
            columns.append("user_id bigint REFERENCES users ON DELETE SET NULL")
        area = [name for name in names if name.startswith(f"area{number % 12}_")]
        for other in chance.sample(area, min(len(area), chance.choice([0, 1, 1, 2]))):
            columns.append(f"{other}_id bigint NOT NULL REFERENCES {other} ON DELETE CASCADE")
        columns += [f"field_{n} text" for n in range(chance.randint(2, 12))]
        names.append(f"area{number % 12}_table{number}")
        statements.append(f"CREATE TABLE {names[-1]} ({', '.join(columns)})")
    catalog = Catalog.empty(18)
    for parsed in parse(";".join(statements)):
        catalog = fold(catalog, parsed.statement)
    return Design(catalog)


def main() -> None:
    for count in map(int, sys.argv[1:] or ("30", "100", "300")):
        design = schema(count)
        for draw in (mermaid, svg, page):
            start = time.perf_counter()
            draw(drawing(design))
            print(f"{count:5} tables  {draw.__name__:8} {time.perf_counter() - start:6.2f} s")


if __name__ == "__main__":
    main()
