from __future__ import annotations

import json
import re
import stat
from typing import Any

import pytest

from glimway.domain.keys import Keyring, parse
from glimway.store import keys as rows
from glimway.store.database import Database
from glimway.wire.refusal import Refusal

Run = Any


def _keyring(run: Run) -> Keyring:
    database = Database.open(f"sqlite:///{run.data}/glimway.db")
    try:
        return Keyring(database.read(rows.load).result())
    finally:
        database.close()


def test_a_key_is_made_shown_once_and_kept_as_a_digest(run: Run) -> None:
    document = run.json("keys", "create", "--name", "laptop")
    assert list(document)[:3] == ["id", "key", "name"]
    assert parse(document["key"])[0] == document["id"]
    assert (document["name"], document["project"], document["state"]) == (
        "laptop",
        "default",
        "active",
    )
    assert document["limits"] is None
    key = _keyring(run).identify(document["key"], 2**45)
    assert (key.id, key.name) == (document["id"], "laptop")
    secret = document["key"].split("_")[2]
    files = [file.read_bytes() for file in run.data.iterdir() if file.is_file()]
    assert not [data for data in files if secret.encode() in data]
    assert secret not in run("keys", "list").output
    assert stat.S_IMODE(run.data.stat().st_mode) == 0o700


def test_for_a_person_standard_output_is_the_key_alone(run: Run) -> None:
    result = run("keys", "create")
    assert re.fullmatch(r"glim_\w+_\w+\n", result.stdout)
    assert "shown only now" in result.stderr


def test_limits_that_are_given_go_with_todays_defaults(run: Run) -> None:
    run.config("[limits.default]\nconcurrency = 7\nqueue_ms = 9\n")
    limits = run.json("keys", "create", "--burst", "3", "--requests-per-minute", "0")["limits"]
    assert limits == {
        "requests_per_minute": 0,
        "burst": 3,
        "tokens_per_minute": 1_000_000,
        "concurrency": 7,
        "queue_ms": 9,
    }


def test_a_small_rate_does_not_keep_the_default_s_burst(run: Run) -> None:
    limits = run.json("keys", "create", "--requests-per-minute", "5")["limits"]
    assert (limits["requests_per_minute"], limits["burst"]) == (5, 5)
    limits = run.json("keys", "create", "--requests-per-minute", "5000")["limits"]
    assert limits["burst"] == 60


def test_a_key_may_expire(run: Run) -> None:
    assert run.json("keys", "create", "--expires", "2099-01-02")["expires_at"] == (
        "2099-01-02T00:00:00Z"
    )
    assert run.json("keys", "create", "--expires", "30d")["expires_at"] > "2026"
    for wrong in ("2001-01-01", "tomorrow", "0s", "999999999w"):
        result = run("keys", "create", "--expires", wrong)
        assert result.exit_code == 2, wrong
        assert not result.stdout


def test_keys_are_listed_newest_first(run: Run) -> None:
    assert run.json("keys", "list") == {"keys": []}
    result = run("keys", "list")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "make one with: glimway keys create" in result.stderr
    first, second = (run.json("keys", "create", "--name", name) for name in ("one", "two"))
    listed = run.json("keys", "list")["keys"]
    assert {key["id"] for key in listed} == {first["id"], second["id"]}
    assert "key" not in listed[0]
    table = run("keys", "list").stdout.splitlines()
    assert table[0].split() == ["ID", "KEY", "NAME", "PROJECT", "STATE", "MADE", "ENDS"]
    assert len(table) == 3
    assert run.json("keys", "list", "--project", "default") == {"keys": listed}


def test_a_revoked_key_is_refused_and_leaves_the_list(run: Run) -> None:
    made = run.json("keys", "create")
    gone = run.json("keys", "revoke", made["id"])
    assert (gone["id"], gone["state"]) == (made["id"], "revoked")
    with pytest.raises(Refusal, match="was revoked"):
        _keyring(run).identify(made["key"], 2**45)
    assert run.json("keys", "list")["keys"] == []
    assert [key["state"] for key in run.json("keys", "list", "--all")["keys"]] == ["revoked"]


def test_a_whole_token_names_its_key_too(run: Run) -> None:
    made = run.json("keys", "create")
    assert run.json("keys", "revoke", made["key"])["id"] == made["id"]


def test_rotation_overlaps(run: Run) -> None:
    old = run.json("keys", "create", "--name", "ci", "--burst", "4")
    new = run.json("keys", "rotate", old["id"], "--overlap", "1h")
    assert new["id"] != old["id"]
    assert (new["name"], new["limits"]["burst"]) == ("ci", 4)
    by_id = {key["id"]: key for key in run.json("keys", "list")["keys"]}
    assert by_id[new["id"]]["revoked_at"] is None
    assert by_id[old["id"]]["state"] == "active"
    assert by_id[old["id"]]["revoked_at"] > by_id[new["id"]]["created_at"]
    assert by_id[old["id"]]["successor"] == new["id"]
    ring = _keyring(run)
    now_ms = ring.get(new["id"]).created_ms  # type: ignore[union-attr]
    assert ring.identify(old["key"], now_ms).id == old["id"]
    assert ring.identify(new["key"], now_ms).id == new["id"]
    with pytest.raises(Refusal, match="was revoked"):
        ring.identify(old["key"], now_ms + 3_600_001)
    again = run("keys", "rotate", old["id"])
    assert again.exit_code == 1
    assert "was rotated already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("revoke", "nobody"), 1, 'There is no key "nobody".'),
        (("rotate", "nobody"), 1, 'There is no key "nobody".'),
        (("create", "--project", "none"), 1, 'There is no project "none"'),
        (("list", "--project", "none"), 1, 'There is no project "none"'),
        (("create", "--burst", "-1"), 2, "-1 is not in the range"),
        (("create", "--burst", "many"), 2, "'many' is not a valid integer"),
        (("create", "--name", "a\nb"), 2, "printable characters"),
        (("rotate", "x", "--overlap", "soon"), 2, "'soon' is not a duration"),
        (("revoke",), 2, "Missing argument 'KEY'"),
        (("burn",), 2, "No such command 'burn'"),
    ],
)
def test_what_cannot_be_done_is_said_on_standard_error(
    run: Run, arguments: tuple[str, ...], status: int, told: str
) -> None:
    for more in ((), ("--json",)):
        result = run("keys", *arguments, *more)
        assert result.exit_code == status
        assert not result.stdout
        if not more or status == 1:
            assert told in result.stderr


def test_a_providers_missing_key_does_not_keep_an_operator_from_keys(run: Run) -> None:
    run.config('[[providers]]\nid = "zai"\napi_key = { env = "NOT_IN_THIS_SHELL" }\n')
    assert run("check").exit_code == 1
    assert run.json("keys", "create")["key"]
    run.config("[server]\nport = 'x'\n")
    result = run("keys", "list")
    assert result.exit_code == 1
    assert "glimway.toml:2: server.port" in result.stderr
    assert "the configuration has 1 problem" in result.stderr


def test_a_data_folder_that_cannot_be_made_is_told(run: Run) -> None:
    (run.folder / "file").write_text("")
    result = run("keys", "list", "--data", str(run.folder / "file" / "data"))
    assert result.exit_code == 1
    assert "file" in result.stderr
    assert "Traceback" not in result.output


def test_the_flag_wins_over_the_variable(run: Run) -> None:
    other = run.folder / "other"
    made = run.json("keys", "create", "--data", str(other))
    assert run.json("keys", "list") == {"keys": []}
    listed = run.json("keys", "list", environment={"GLIMWAY_DATA": str(other)})
    assert [key["id"] for key in listed["keys"]] == [made["id"]]


def test_a_running_server_is_told_of_each_change(run: Run) -> None:
    from glimway.store.revision import Watch

    made = run.json("keys", "create")
    database = Database.open(f"sqlite:///{run.data}/glimway.db")
    watch = Watch(database)
    try:
        assert watch.changed()
        assert not watch.changed()
        run("keys", "revoke", made["id"])
        assert watch.changed()
        json.loads(run("keys", "list", "--json").stdout)
        assert not watch.changed()
    finally:
        watch.close()
        database.close()
