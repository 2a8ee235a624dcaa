"""``glimway route``: the plan of one request, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.test_catalog import KEY

Run = Any

CONFIG = """\
[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
api_key = { env = "RACK_KEY" }
private = true
[[providers]]
id = "rack2"
profile = "vllm"
base_url = "http://127.0.0.1:9901/v1"
private = true
zdr = true
[[models]]
id = "lab/m"
[[models.endpoints]]
provider = "rack1"
model = "a"
price = { input = "1", output = "2" }
[[models.endpoints]]
provider = "rack2"
model = "b"
price = { input = "3", output = "4" }
[[models]]
id = "lab/chat"
split = { "lab/m" = 1 }
[projects.strict.routing]
zdr = true
"""


def asked(folder: Path, **members: Any) -> str:
    file = folder / "request.json"
    file.write_text(json.dumps({"messages": [{"role": "user", "content": "Hi."}]} | members))
    return str(file)


def test_the_plan_says_each_place_and_why(run: Run, tmp_path: Path) -> None:
    run.config(CONFIG)
    file = asked(tmp_path, model="other", provider={"order": ["rack2"]})
    document = run.json("route", "lab/m", "--request", file, environment=KEY)
    assert [one["id"] for one in document["endpoints"]] == ["lab/m@rack2", "lab/m@rack1"]
    assert (document["basis"], document["refusal"]) == ("order", None)
    assert document["endpoints"][0]["why"] == "the caller's order"
    assert document["endpoints"][0]["price"]["output"] == "4"
    table = run("route", "lab/m", environment=KEY)
    lines = table.stdout.splitlines()
    assert "PLACE" in lines[0]
    assert "lab/m@rack1" in lines[1]
    assert "the cheapest" in lines[1]


def test_a_projects_rules_leave_an_endpoint_out_and_say_so(run: Run) -> None:
    run.config(CONFIG)
    document = run.json("route", "lab/m", "--project", "strict", environment=KEY)
    assert [one["id"] for one in document["endpoints"]] == ["lab/m@rack2"]
    assert document["excluded"] == [{"id": "lab/m@rack1", "reason": "is not known to keep no data"}]


def test_a_split_is_followed(run: Run) -> None:
    run.config(CONFIG)
    document = run.json("route", "lab/chat", environment=KEY)
    assert (document["asked"], document["model"]) == ("lab/chat", "lab/m")


def test_when_nobody_is_left_each_one_is_named_and_the_status_is_1(
    run: Run, tmp_path: Path
) -> None:
    run.config(CONFIG)
    file = asked(tmp_path, provider={"max_price": {"prompt": 0.5}})
    result = run("route", "lab/m", "--request", file, "--json", environment=KEY)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["endpoints"] == []
    assert [one["id"] for one in document["excluded"]] == ["lab/m@rack1", "lab/m@rack2"]
    assert {one["reason"] for one in document["excluded"]} == {"costs more than 'max_price'"}
    told = run("route", "lab/m", "--request", file, environment=KEY)
    assert "each of lab/m@rack1, lab/m@rack2 costs more than 'max_price'" in told.stderr


def test_a_wrong_request_is_told(run: Run, tmp_path: Path) -> None:
    run.config(CONFIG)
    file = asked(tmp_path, temperature="hot")
    result = run("route", "lab/m", "--request", file, "--json", environment=KEY)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "temperature" in result.stderr
