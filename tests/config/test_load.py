from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from glimway.config.load import Reading, Sources, read_config
from glimway.config.sections import explain
from glimway.config.settings import SETTINGS, Deadlines, Settings
from glimway.config.shipped import Shipped
from glimway.config.values import EndpointConfig, PriceConfig
from glimway.domain.limits import Limits
from kit.certificates import Certificates

Read = Callable[..., Reading]

CONTRACT = """\
[server]
host = "127.0.0.1"
port = 8000

[[providers]]
id = "zai"                      # a shipped profile: base URL, quirks and model ids are known
api_key = { env = "ZAI_API_KEY" }   # or { file = "..." }; sealed keys are set through the console

[[providers]]
id = "rack1"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"   # everything before /chat/completions
private = true                  # consent to a private or loopback address

[[models]]
id = "lab/m"                    # a shipped id merges with the shipped entry
aliases = ["m"]
context = 200000
max_output = 131072

  [[models.endpoints]]
  provider = "rack1"
  model = "m"                   # the provider's own id
  price = { input = "0.07", cached_input = "0.01", cache_write = "0", output = "0.40", \
request = "0", web_search = "0.033" }

[limits.default]                # per key unless the key says otherwise
requests_per_minute = 600
burst = 60
tokens_per_minute = 1000000
concurrency = 100
queue_ms = 0                    # wait this long for a place before a 429

[limits.request]
body_bytes = 33554432
header_bytes = 65536
json_depth = 128

[deadlines]                     # per provider too
connect_ms = 5000
first_token_ms = 120000         # streams; shared by all attempts of a request
answer_ms = 600000              # whole (not streamed) answers
between_tokens_ms = 60000
total_ms = 1800000
commit_after_ms = 10000         # streams: headers and comment frames go out at the latest now
"""


def test_the_contracts_example_is_right_and_says_the_defaults(read: Read) -> None:
    config = read(CONTRACT, {"ZAI_API_KEY": "k"}).usable()
    assert config.settings == Settings()
    zai, rack = config.providers
    assert zai.profile == "zai"
    assert zai.api_key is not None
    assert (zai.api_key.reveal(), zai.api_key.source) == ("k", "ZAI_API_KEY")
    assert (rack.profile, rack.base_url) == ("vllm", "http://127.0.0.1:9900/v1")
    assert (rack.private, rack.api_key, rack.deadlines) == (True, None, None)
    (model,) = config.models
    assert (model.id, model.aliases) == ("lab/m", ("m",))
    assert (model.context, model.max_output) == (200000, 131072)
    price = PriceConfig("0.07", "0.01", "0", "0.40", "0", "0.033")
    assert model.endpoints == (EndpointConfig("rack1", "m", price, line=21),)


def test_the_defaults_are_limits_as_the_domain_knows_them() -> None:
    assert isinstance(Settings().limits_default, Limits)


SETTING_VALUES = {int: ("41", "42", "43", "44"), float: ("4.5", "5.5", "6.5", "7.5")}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_each_setting_rises_from_default_to_file_to_variable(
    read: Read, setting: Any, certificate_files: Certificates
) -> None:
    key = setting.key

    def value(reading: Reading) -> Any:
        section = getattr(reading.usable().settings, setting.section.replace(".", "_"))
        found = getattr(section, setting.name)
        return found.reveal() if setting.secret and found is not None else found

    if setting.choices:
        texts = [setting.choices[0], setting.choices[-1]]
    elif setting.type in SETTING_VALUES:
        least = setting.row.least
        texts = [f"{least:g}", f"{least + 1:g}"]
    elif key == "client.ca_file":  # it is tried at once, and its path made absolute
        texts = [str(certificate_files.authority), str(certificate_files.certificate)]
    else:
        texts = ["one", "two"]
    read_type = setting.type if setting.type in SETTING_VALUES else str
    in_file = texts[0] if setting.type in SETTING_VALUES else f'"{texts[0]}"'
    if setting.secret:
        in_file = '{ env = "FILE_KEY" }'
    text = f"[{setting.section}]\n{setting.name} = {in_file}\n"
    environ = {"FILE_KEY": "one"}
    assert value(read(None)) == setting.default
    reading = read(text, environ)
    assert value(reading) == read_type(texts[0])
    assert reading.config.origins[key].endswith("glimway.toml:2")
    for variable in setting.variables:
        reading = read(text, {**environ, variable: texts[1]})
        assert value(reading) == read_type(texts[1])
        assert reading.config.origins[key] == variable
    if setting.row.flag:
        reading = read(text, {**environ, setting.variables[0]: texts[1]}, {key: texts[0]})
        assert value(reading) == read_type(texts[0])
        assert reading.config.origins[key] == setting.row.flag


def test_variables_join_section_and_name_by_two_underscores() -> None:
    names = {setting.key: setting.variables for setting in SETTINGS}
    assert names["server.port"] == ("GLIMWAY_SERVER__PORT",)
    assert names["limits.default.burst"] == ("GLIMWAY_LIMITS__DEFAULT__BURST",)
    assert names["server.data"] == ("GLIMWAY_DATA", "GLIMWAY_SERVER__DATA")
    assert names["server.admin_key"][0] == "GLIMWAY_ADMIN_KEY"


def test_variables_of_an_orchestrator_are_not_ours(read: Read) -> None:
    environ = {
        "GLIMWAY_PORT": "tcp://10.0.0.7:8000",
        "GLIMWAY_SERVICE_HOST": "10.0.0.7",
        "GLIMWAY_PORT_8000_TCP_ADDR": "10.0.0.7",
        "GLIMWAY_SERVER__PORT": "",
    }
    assert read(None, environ).usable().settings == Settings()


def test_a_file_is_found_here_or_in_the_users_folder(tmp_path: Path, shipped: Shipped) -> None:
    here, home, xdg = tmp_path / "here", tmp_path / "home", tmp_path / "xdg"
    for folder in (here, home / ".config/glimway", xdg / "glimway"):
        folder.mkdir(parents=True)

    def file(environ: dict[str, str]) -> Path | None:
        sources = Sources(environ={"HOME": str(home), **environ}, folder=here)
        return read_config(sources, shipped).usable().file

    assert file({}) is None
    (home / ".config/glimway/glimway.toml").write_text("")
    assert file({}) == home / ".config/glimway/glimway.toml"
    (xdg / "glimway/glimway.toml").write_text("")
    assert file({"XDG_CONFIG_HOME": str(xdg)}) == xdg / "glimway/glimway.toml"
    assert file({"XDG_CONFIG_HOME": "relative"}) == home / ".config/glimway/glimway.toml"
    (here / "glimway.toml").write_text("")
    assert file({"XDG_CONFIG_HOME": str(xdg)}) == here / "glimway.toml"


def test_an_editors_byte_order_mark_is_no_mistake(read: Read) -> None:
    assert read(b"\xef\xbb\xbf[server]\r\nport = 1\r\n").usable().settings.server.port == 1


def test_a_provider_may_have_its_own_deadlines(read: Read) -> None:
    text = """\
[deadlines]
answer_ms = 7
[[providers]]
id = "zai"
deadlines = { connect_ms = 9 }
"""
    (zai,) = read(text, {"ZAI_API_KEY": "k"}).usable().providers
    assert zai.deadlines == Deadlines(answer_ms=7, connect_ms=9)


def test_the_usual_variable_counts_only_for_the_profiles_own_host(read: Read) -> None:
    environ = {"ZAI_API_KEY": "k"}
    (zai,) = read('[[providers]]\nid = "zai"', environ).usable().providers
    assert zai.api_key is not None
    text = '[[providers]]\nid = "other"\nprofile = "zai"\nbase_url = "https://other.example/v1"'
    (other,) = read(text, environ).usable().providers
    assert other.api_key is None
    (mirror,) = read('[[providers]]\nid = "mirror"\nprofile = "zai"', environ).usable().providers
    assert mirror.api_key == zai.api_key


def test_secrets_come_from_variables_and_files(read: Read, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  from-file\n")
    text = """\
[[providers]]
id = "p"
profile = "openai"
base_url = "https://p.example/v1/"
api_key = { file = "key" }
[providers.headers]
X-Team = "blue"
X-Api-Key = { env = "PLAIN_KEY" }
Cookie = { env = "COOKIE_LINE" }
"""
    environ = {"PLAIN_KEY": "from-env", "COOKIE_LINE": "a=b; c=d"}
    (provider,) = read(text, environ).usable().providers
    assert provider.base_url == "https://p.example/v1"
    assert provider.api_key is not None
    assert (provider.api_key.reveal(), provider.api_key.source) == ("from-file", "key")
    shown = [
        (name, value if isinstance(value, str) else value.reveal())
        for name, value in provider.headers
    ]
    assert shown == [("x-team", "blue"), ("x-api-key", "from-env"), ("cookie", "a=b; c=d")]


def test_explain_tells_each_value_and_its_place(read: Read) -> None:
    config = read("[server]\nport = 1", {"GLIMWAY_ADMIN_KEY": "canary"}).usable()
    rows = {row["key"]: row for row in explain(config.settings, config.origins)}
    assert list(rows) == [setting.key for setting in SETTINGS]
    assert rows["server.port"] | {"origin": ""} == {"key": "server.port", "value": 1, "origin": ""}
    assert rows["server.port"]["origin"].endswith("glimway.toml:2")
    assert rows["log.level"] == {"key": "log.level", "value": "info", "origin": "default"}
    assert rows["server.admin_key"]["origin"] == "GLIMWAY_ADMIN_KEY"
    assert "canary" not in str(rows)


# ---- whatever stands in the file ----------------------------------------------------------------

WORDS = r"""
server port limits default burst deadlines providers models endpoints id profile base_url private
api_key env file headers ca_file aliases context price input output provider model "zai" "p"
"https://x.example/v1" "http://[::1" "lab/m" 1 -1 0.5 true nan 1979-05-27 {} [] [[providers]]
[[models]] [[models.endpoints]] [server] [limits.default] = = = . , { } [ ] ' \ # é 0x 1e999
"""
NAMES = """
server port limits default providers models endpoints id profile base_url private api_key env file
headers deadlines connect_ms ca_file aliases context max_output price input provider model x-y
"""
LEAVES = r"""
"zai" "p" "vllm" "https://p.example" "" 0 1 -3 0.5 inf true "lab/m" 07:32:00 "\u0000" "."
"""
_words = st.sampled_from([*WORDS.split(), '"', '"""', "\x00"])
_space = st.sampled_from(["\n", "\n", " "])
_garbage = st.lists(st.one_of(_words, _space), max_size=40).map("".join)
_names = st.sampled_from(NAMES.split())
_plain = st.characters(codec="ascii", categories=["L", "N", "P", "Zs"], exclude_characters='"\\')
_leaves = st.one_of(st.sampled_from(LEAVES.split()), st.text(_plain).map(lambda text: f'"{text}"'))
_shaped = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(_names, inner, max_size=6).map(
            lambda pairs: "{ " + ", ".join(f"{k} = {v}" for k, v in pairs.items()) + " }"
        ),
    ),
    max_leaves=25,
)
_documents = st.dictionaries(_names, _shaped, max_size=6).map(
    lambda pairs: "".join(f"{key} = {value}\n" for key, value in pairs.items())
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(_garbage, _documents, st.binary(max_size=60)))
@example("providers = [{ id = 'zai', profile = [] }]\nmodels = [{ id = [], endpoints = [{}] }]")
@example("limits = []\nserver = { port = [[]] }\ndeadlines = 'x'")
def test_garbage_makes_problems_and_nothing_else(read: Read, text: str | bytes) -> None:
    reading = read(text)
    for problem in reading.problems:
        assert problem.message
        assert problem.mend
        assert "\n" not in str(problem)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([setting.variables[0] for setting in SETTINGS] + ["GLIMWAY_A__B"]),
        st.text(st.characters(exclude_characters="\x00"), max_size=12),
        max_size=4,
    )
)
def test_any_variables_make_problems_and_nothing_else(read: Read, environ: dict[str, str]) -> None:
    for problem in read(None, environ).problems:
        assert problem.path == "environment"
        assert "\n" not in str(problem)
