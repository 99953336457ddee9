.PHONY: demo test lint types docs servers browser versions test-containers

demo:     ## the story of README.md on a throwaway PostgreSQL
	@scripts/demo.sh

test:     ## the whole suite
	@scripts/test.sh

lint:     ## style
	@scripts/venv.sh embedded,fix,sqlmodel test lint
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check

types:    ## mypy --strict
	@scripts/venv.sh embedded,fix,sqlmodel test lint
	@.venv/bin/mypy

docs:     ## the generated pages
	@scripts/venv.sh embedded,fix,sqlmodel test
	@.venv/bin/python scripts/docs.py

servers:  ## PostgreSQL 14 to 18 into a cache, for the tests
	@python3 scripts/servers.py

versions: ## the tests of capturing on Alembic 1.18.0 to the newest, each in a venv of its own
	@scripts/versions.sh

test-containers:  ## the provider testcontainers, on a Docker engine (root on Debian; two minutes)
	@scripts/containers/test.sh

browser:  ## Chromium, for the tests of diagrams, if there is no browser
	@python3 scripts/browser.py
