"""The environment is read strictly, and what is wrong with it is said by name."""

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from optin_site import env
from optin_site.env import Environment

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def environment(**variables: str) -> Environment:
    return Environment(variables, {"OFFERED": "from the secrets file", "BOTH": "from the secrets file"})


def test_the_environment_wins_over_the_secrets_file() -> None:
    assert environment(BOTH="from the process").text("BOTH") == "from the process"
    assert environment().text("OFFERED") == "from the secrets file"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")

    assert environment(NAME_FILE=str(tmp_path / "secret")).text("NAME") == "hidden"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_that_holds_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match="NAME_FILE"):
        environment(NAME_FILE=str(path)).text("NAME")


def test_a_setting_that_is_missing_says_what_to_do() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"NAME is not set. Run `manage.py init_secrets`"):
        environment().text("NAME")


@pytest.mark.parametrize(
    ("value", "meaning"), [("1", True), ("true", True), ("ON", True), ("0", False), ("no", False)]
)
def test_a_flag_is_read(value: str, meaning: bool) -> None:
    assert environment(FLAG=value).flag("FLAG", not meaning) is meaning


def test_a_flag_has_a_default() -> None:
    assert environment().flag("FLAG", True) is True
    assert environment(FLAG="").flag("FLAG", False) is False


def test_a_flag_that_is_neither_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="Set it to 1 or 0"):
        environment(FLAG="maybe").flag("FLAG", False)


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "٣", "0"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="whole number, 1 or more"):
        environment(NUMBER=value).number("NUMBER", 5, least=1)


def test_a_number_is_read() -> None:
    assert environment(NUMBER=" 12 ").number("NUMBER", 5) == 12
    assert environment().number("NUMBER", 5) == 5


def test_words_are_separated_by_commas() -> None:
    assert environment(WORDS="a, b,,c ").words("WORDS", "") == ["a", "b", "c"]


def test_the_last_key_of_a_keyring_is_current() -> None:
    ring = environment(RING=f"2:{KEY},1:{OTHER}").keyring("RING")

    assert ring.current == (1, bytes(32))
    assert ring.keys[2] == bytes(range(32))


@pytest.mark.parametrize(
    "value", [KEY, f"0:{KEY}", f"256:{KEY}", f"x:{KEY}", f"1:{KEY},1:{OTHER}", ",", "1:AAAA", "1:!"]
)
def test_a_keyring_that_cannot_be_used_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="RING"):
        environment(RING=value).keyring("RING")


def test_new_secrets_can_be_read_back_and_never_repeat() -> None:
    first, second = env.new_secrets(), env.new_secrets()
    read = Environment(first, {})

    assert not set(first.values()) & set(second.values())
    assert read.keyring("OPTIN_KEYRING").current[0] == 1
    assert len(read.key("OPTIN_LOOKUP_KEY")) == 32


def test_a_secrets_file_is_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("# a remark = not a setting\n\nONLY_HERE= a=b \n")

    assert env.read(tmp_path / "secrets.env").text("ONLY_HERE") == "a=b"
    assert env.read(tmp_path / "none").offered == {}


def test_a_secrets_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env.read(tmp_path)


def test_sqlite_is_a_path() -> None:
    assert env.database("sqlite:////var/data/optin.sqlite3")["NAME"] == "/var/data/optin.sqlite3"
    assert env.database("sqlite:///data/optin.sqlite3")["NAME"] == "data/optin.sqlite3"


def test_postgresql_is_read_whole() -> None:
    read = env.database("postgresql://an%40a:p%2Fw@db.example:5433/optin?sslmode=require")

    assert (read["USER"], read["PASSWORD"]) == ("an@a", "p/w")
    assert (read["HOST"], read["PORT"], read["NAME"]) == ("db.example", "5433", "optin")
    assert read["OPTIONS"] == {"sslmode": "require"}


def test_postgresql_may_be_a_socket() -> None:
    read = env.database("postgres:///optin?host=/run/postgresql&port=5433")

    assert (read["HOST"], read["PORT"], read["OPTIONS"]) == ("/run/postgresql", "5433", {})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "optin",
        "mysql://h/optin",
        "sqlite://optin",
        "sqlite:///",
        "postgresql://host",
        "postgresql://h:99999/optin",
    ],
)
def test_a_database_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        env.database(url)
