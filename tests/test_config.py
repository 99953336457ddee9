"""[tool.migsafe]: what is read, and what is said about mistakes in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from migsafe.config import (
    SEVERITIES,
    AutogenerateSettings,
    PathSettings,
    RoundtripSettings,
    ServerSettings,
    Settings,
    load_settings,
    parse_settings,
)
from migsafe.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(text)
    return path


def load(folder: Path, section: str) -> Settings:
    write(folder, f"[tool.migsafe]\n{section}\n")
    return load_settings(folder)


def test_all_settings(tmp_path: Path) -> None:
    """Every setting is read into its value; dashes and underscores are the same."""
    path = write(
        tmp_path,
        """
        [tool.migsafe]
        target-version = 16
        select = ["MS1", "blocking-index-build"]
        ignore = ["MS701"]
        severity = {MS101 = "warning"}
        min_severity = "info"
        exclude = ["*/legacy_*.py"]
        rules = ["ours.rules"]
        baseline = "migsafe-baseline.json"

        [tool.migsafe.paths."2019_*.py"]
        ignore = ["MS3"]
        severity = {MS101 = "info"}

        [tool.migsafe.server]
        provider = "url"
        url = "postgresql://localhost/postgres"
        major = 17

        [tool.migsafe.autogenerate]
        online = false
        """,
    )
    assert load_settings(tmp_path) == Settings(
        target_version=16,
        select=("MS1", "blocking-index-build"),
        ignore=("MS701",),
        severity={"MS101": "warning"},
        min_severity="info",
        exclude=("*/legacy_*.py",),
        paths={"2019_*.py": PathSettings(ignore=("MS3",), severity={"MS101": "info"})},
        rules=("ours.rules",),
        baseline="migsafe-baseline.json",
        server=ServerSettings("url", "postgresql://localhost/postgres", 17),
        autogenerate=AutogenerateSettings(online=False),
        path=path,
    )


def test_every_field_can_be_set() -> None:
    """A field that is added to the settings is one that the file can set."""
    samples = {int: 15, bool: True, tuple: ["a"], dict: {}}
    kinds = {
        "server": ServerSettings,
        "autogenerate": AutogenerateSettings,
        "roundtrip": RoundtripSettings,
    }
    given: dict[str, object] = {"major": 15, "online": True, "split": True, "lock_timeout": "5s"}
    given |= {"type_changes": "chain"}
    given |= {"checks": ["busy"], "keep_going": True, "jobs": 2, "timeout": 1.5}
    for name, kind in kinds.items():
        for field in dataclasses.fields(kind):
            value = given.get(field.name, "url")
            parse_settings({name: {field.name: value}}, Path("pyproject.toml"))
    for field in dataclasses.fields(Settings):
        default = getattr(Settings(), field.name)
        if field.name != "path" and not dataclasses.is_dataclass(default):
            value = samples.get(type(default), "info")
            parse_settings({field.name: value}, Path("pyproject.toml"))


@pytest.mark.parametrize("text", ["", "[tool.ruff]\n", "[project]\nname = 'a'\n"])
def test_without_a_section_all_is_default(tmp_path: Path, text: str) -> None:
    """A project need not say anything."""
    (tmp_path / ".git").mkdir()
    write(tmp_path, text)
    assert load_settings(tmp_path) == Settings()


def test_the_nearest_section_counts(tmp_path: Path) -> None:
    """A folder's own section wins over those above; one without a section is passed over."""
    write(tmp_path, "[tool.migsafe]\ntarget-version = 15\n")
    write(tmp_path / "a", "[tool.ruff]\n")
    write(tmp_path / "a" / "b", "[tool.migsafe]\ntarget-version = 17\n")
    assert load_settings(tmp_path / "a").target_version == 15
    assert load_settings(tmp_path / "a" / "b").target_version == 17


def test_a_repository_ends_the_search(tmp_path: Path) -> None:
    """Settings above the folder with .git belong to something else."""
    write(tmp_path, "[tool.migsafe]\ntarget-version = 15\n")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    assert load_settings(tmp_path / "repo") == Settings()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("target-versoin = 15", "did you mean target-version?"),
        ("selct = []", "did you mean select?"),
        ("colour = 1", "there are autogenerate, baseline"),
        ("path = 'x'", "has no 'path'"),
        ("target-version = 9", "from 14 to 18"),
        ("target-version = '15'", "from 14 to 18"),
        ("target-version = true", "from 14 to 18"),
        ("select = 'MS101'", "expected a list of texts"),
        ("min-severity = 'fatal'", "expected one of error, warning, info"),
        ("severity = {MS101 = 'high'}", "expected one of error, warning, info"),
        ("severity = 'high'", "expected a table"),
        ("server = 'embedded'", "expected a table"),
        ("server = {provider = 'docker'}", "expected one of embedded, "),
        ("server = {ulr = 'x'}", "[tool.migsafe.server] has no 'ulr'; did you mean url?"),
        ("autogenerate = {online = 'yes'}", "expected true or false"),
        ("autogenerate = {lock_timeout = '5'}", "expected a time with its unit"),
        ("roundtrip = {jobs = 0}", "expected a whole number from 1 on"),
    ],
)
def test_mistakes_name_the_file_and_the_way_out(tmp_path: Path, section: str, message: str) -> None:
    """An unknown key gets a suggestion, a wrong value what was expected."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, section)
    assert message in str(caught.value)
    assert caught.value.file == tmp_path / "pyproject.toml"


@pytest.mark.parametrize("text", ["[tool.migsafe", "tool = {migsafe = 3}"])
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    """TOML that is none, and a section that is no table, are named with their file."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert caught.value.file == path


def test_a_url_is_not_shown() -> None:
    """The server's URL may hold a password, so it does not appear when settings are printed."""
    settings = Settings(server=ServerSettings(url="postgresql://me:secret@localhost/db"))
    assert "secret" not in repr(settings)


def test_the_words_are_those_of_the_modules_they_belong_to() -> None:
    """Severities and providers are what the rules and the server know."""
    from migsafe.rule import Severity
    from migsafe.server import PROVIDERS

    assert [severity.value for severity in Severity] == list(SEVERITIES)
    for provider in PROVIDERS:
        parse_settings({"server": {"provider": provider}}, Path("pyproject.toml"))
