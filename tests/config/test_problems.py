"""Each mistake is told on its line, with what was given and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from glimway.config.load import Reading
from glimway.config.problem import ConfigError

Read = Callable[..., Reading]

PROVIDER = """\
[[providers]]
id = "p"
profile = "openai"
base_url = "https://p.example/v1"
"""
MODEL = f"""\
{PROVIDER}
[[models]]
id = "lab/m"
[[models.endpoints]]
provider = "p"
model = "m"
"""

SECTIONS = [
    ("[server]\nport = 80000", "2: server.port: is 80000; write a whole number from 0 to 65535"),
    (
        '[server]\n# a note\nport = "80"',
        '3: server.port: is "80" (a string); write a whole number from 0 to 65535',
    ),
    ("[server]\nport = true", "2: server.port: is true; write a whole number from 0 to 65535"),
    ("[server]\nport = 80.0", "2: server.port: is 80.0; write a whole number from 0 to 65535"),
    ("server = 3", "1: server: is 3; write a table: [server] and its lines"),
    ("[server]\nprot = 1", "2: server.prot: is not a setting; did you mean port?"),
    (
        "[log]\nzzz = 1",
        "2: log.zzz: is not a setting; known here: level or format",
    ),
    ("[servr]\nport = 1", "1: servr: is not a setting; did you mean server?"),
    (
        '[log]\nlevel = "warn"',
        '2: log.level: is "warn" (a string); did you mean "warning"?',
    ),
    (
        '[log]\nformat = "xml"',
        '2: log.format: is "xml" (a string); write "text" or "json"',
    ),
    ('[server]\nhost = " "', "2: server.host: is empty; write a text in quotes"),
    ("[server]\nhost = 7", "2: server.host: is 7; write a text in quotes"),
    ("[server]\ndrain_s = nan", "2: server.drain_s: is nan; write a number from 0 to 86400"),
    ("[server]\ndrain_s = -1", "2: server.drain_s: is -1; write a number from 0 to 86400"),
    (
        "[limits.default]\nburst = [1]",
        "2: limits.default.burst: is an array; write a whole number from 0 to 1000000000000",
    ),
    ("limits.default.brust = 1", "1: limits.default.brust: is not a setting; did you mean burst?"),
    ("[limits.defualt]", "1: limits.defualt: is not a setting; did you mean default?"),
    ("limits = 1", "1: limits: is 1; write a table: [limits] and its lines"),
    (
        "[deadlines]\nconnect_ms = 0x" + "f" * 5000,
        (
            "2: deadlines.connect_ms: is a number of astronomical size; "
            "write a whole number from 1 to 86400000"
        ),
    ),
    (
        "[journal]\nfsync_ms = 1979-05-27",
        "2: journal.fsync_ms: is 1979-05-27 (a date or time); write a whole number from 1 to 60000",
    ),
    (
        '[server]\nadmin_key = "hunter2-hunter2-hunter2"',
        (
            '2: server.admin_key: is written out in the file; write admin_key = { env = "NAME" } '
            'or { file = "PATH" }, and make a new key if others may have seen this one'
        ),
    ),
    ('"a\\nb" = 1', '1: "a\\u000ab": is not a setting; '),
]

PROVIDERS = [
    ("[[providers]]", '1: providers[0]: has no id; write id = "zai", or another name'),
    (
        "[providers]\nid = 'x'",
        "1: providers: is a table; write each one under its own [[providers]]",
    ),
    ("providers = [1]", "1: providers[0]: is 1; write each one under its own [[providers]]"),
    (
        '[[providers]]\nid = "zaii"',
        (
            '2: providers[0].id: "zaii" is not a shipped provider; add profile = one of '
            'deepinfra, openai, sandbox, vllm or zai (or did you mean id = "zai"?)'
        ),
    ),
    (
        '[[providers]]\nid = "x"\nprofile = "vlm"\nbase_url = "https://x.example"',
        '3: providers[0].profile: "vlm" is not a profile; did you mean "vllm"?',
    ),
    (
        '[[providers]]\nid = "My Rack"\nprofile = "vllm"\nbase_url = "https://x.example"',
        '2: providers[0].id: "My Rack" cannot be an id; use small letters',
    ),
    (
        '[[providers]]\nid = "sandbox"\nprofile = "vllm"\nbase_url = "https://x.example"',
        '2: providers[0].id: "sandbox" is always there; choose another id',
    ),
    (
        PROVIDER + PROVIDER,
        '6: providers[1].id: "p" is already a provider (line 1); give this one another id',
    ),
    (
        PROVIDER.replace('"p"', '"p.1"') + PROVIDER.replace('"p"', '"p-1"'),
        '6: providers[1].id: "p-1" is already a provider (line 1); give this one another id',
    ),
    (
        '[[providers]]\nid = "r"\nprofile = "vllm"',
        (
            '1: providers[0]: has no base_url, and the profile "vllm" has none; '
            'write base_url = "https://HOST/PATH", everything before /chat/completions'
        ),
    ),
    (
        '[[providers]]\nid = "zai"',
        "1: providers[0]: has no api_key; set ZAI_API_KEY, or write api_key = { env",
    ),
    (
        '[[providers]]\nid = "deepinfra"',
        "1: providers[0]: has no api_key; set DEEPINFRA_TOKEN or DEEPINFRA_API_KEY, or write",
    ),
    (PROVIDER + "private = 1", "5: providers[0].private: is 1; write true or false"),
    (PROVIDER + "colour = 1", "5: providers[0].colour: is not a setting; known here: id, profile"),
    (PROVIDER + "apikey = 1", "5: providers[0].apikey: is not a setting; did you mean api_key?"),
    (
        PROVIDER + "[providers.deadlines]\nanswer_ms = 0",
        "6: providers[0].deadlines.answer_ms: is 0; write a whole number from 1 to 86400000",
    ),
    (
        PROVIDER + "deadlines = { anser_ms = 5 }",
        "5: providers[0].deadlines.anser_ms: is not a setting; did you mean answer_ms?",
    ),
    (
        PROVIDER + 'ca_file = "none.pem"',
        '5: providers[0].ca_file: "none.pem" cannot be used: No such file or directory; give the',
    ),
    (
        PROVIDER + 'ca_file = "glimway.toml"',
        '5: providers[0].ca_file: "glimway.toml" cannot be used: it holds no certificate; give',
    ),
    (
        PROVIDER + 'headers = { Host = "x" }',
        "5: providers[0].headers.Host: is written by Glimway itself; remove it",
    ),
    (
        PROVIDER + 'headers = { "a b" = "x" }',
        '5: providers[0].headers."a b": is not a header\'s name; headers have one name each',
    ),
    (
        PROVIDER + '[providers.headers]\nx-a = "1"\nX-A = "2"',
        "7: providers[0].headers.X-A: is given twice; headers have one name each",
    ),
    (
        PROVIDER + 'headers = { x-a = "1\\n2" }',
        "5: providers[0].headers.x-a: holds a letter that no header may have; use plain ASCII",
    ),
    (
        PROVIDER + "headers = { x-a = 1 }",
        '5: providers[0].headers.x-a: is 1; write a text in quotes, or { env = "NAME" }',
    ),
    (
        PROVIDER + 'headers = { authorization = "Bearer x" }',
        "5: providers[0].headers.authorization: is written out in the file; write authorization =",
    ),
]

KEYS = [
    ('api_key = "sk-1"', "5: providers[0].api_key: is written out in the file; write api_key = {"),
    ("api_key = 7", '5: providers[0].api_key: is 7; write api_key = { env = "NAME" } or {'),
    ("api_key = {}", "5: providers[0].api_key: must have one of env and file; write api_key = {"),
    (
        'api_key = { env = "A_KEY", file = "b" }',
        "5: providers[0].api_key: must have one of env and file; write",
    ),
    (
        'api_key = { evn = "A_KEY" }',
        "5: providers[0].api_key: must have one of env and file; write api_key = { env",
    ),
    ("api_key = { env = 1 }", "5: providers[0].api_key.env: is 1; write api_key = {"),
    (
        'api_key = { env = "MISSING_KEY" }',
        "5: providers[0].api_key.env: MISSING_KEY is not set; set it in the environment",
    ),
    (
        'api_key = { env = "EMPTY_KEY" }',
        "5: providers[0].api_key.env: EMPTY_KEY is not set; set it",
    ),
    (
        'api_key = { env = "SPACED_KEY" }',
        "5: providers[0].api_key.env: the key holds a space, a line break or a letter",
    ),
    (
        'api_key = { env = "sk-live-1" }',
        "5: providers[0].api_key.env: is not the name of a variable; write the variable's name",
    ),
    (
        'api_key = { env = "abcdef0123456789" }',
        "5: providers[0].api_key.env: the variable named here is not set; set it",
    ),
    (
        'api_key = { file = "nowhere" }',
        "5: providers[0].api_key.file: cannot be read: No such file or directory; give the path",
    ),
    (
        'api_key = { file = "." }',
        "5: providers[0].api_key.file: cannot be read: Is a directory; give the path",
    ),
    (
        'api_key = { file = "glimway.toml" }',
        "5: providers[0].api_key.file: the key holds a space, a line break or a letter",
    ),
    (
        'api_key = { file = "nul\\u0000" }',
        "5: providers[0].api_key.file: cannot be read: ",
    ),
    (
        "api_key = { file = '/dev/null' }",
        "5: providers[0].api_key.file: the file is empty; put the key alone into the file",
    ),
]

MODELS = [
    ("[[models]]", '1: models[0]: has no id; write id = "maker/name"'),
    (
        PROVIDER + '[[models]]\nid = "m"',
        '6: models[0].id: "m" cannot be a model id; write id = "maker/name" with letters',
    ),
    (
        PROVIDER + '[[models]]\nid = "lab/m:free"',
        '6: models[0].id: "lab/m:free" cannot be a model id',
    ),
    (
        PROVIDER + '[[models]]\nid = "lab/m@p"',
        '6: models[0].id: "lab/m@p" cannot be a model id',
    ),
    ('[[models]]\nid = "sandbox/x"', "2: models[0].id: sandbox/ belongs to the sandbox; choose"),
    (
        MODEL + '[[models]]\nid = "Lab/M"',
        '12: models[1].id: "Lab/M" is already a model (line 6); put all its endpoints under one',
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flsh"',
        (
            "1: models[0]: has no endpoint, and no shipped model has its id; add "
            "[[models.endpoints]] with provider and model, or did you mean id = "
            '"zai/glm-4.7-flash"?'
        ),
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flash"\ncontext = 0',
        "3: models[0].context: is 0; write a whole number from 1 to 1000000000",
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flash"\ncontext = 10\nmax_output = 11',
        "4: models[0].max_output: is 11, more than the context of 10; write at most 10",
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flash"\naliases = "m"',
        '3: models[0].aliases: is "m" (a string); write an array: aliases = ["..."]',
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flash"\naliases = [\n"ok",\n"m:free",\n3,\n""]',
        '5: models[0].aliases[1]: "m:free" cannot be a name; use letters',
    ),
    (
        '[[models]]\nid = "zai/glm-4.7-flash"\naliases = [\n"ok",\n3]',
        "5: models[0].aliases[1]: is 3; write a text in quotes",
    ),
    (
        MODEL + "[[models.endpoints]]",
        '11: models[0].endpoints[1]: has no provider; write provider = "...", the id of a provider',
    ),
    (
        MODEL + '[[models.endpoints]]\nprovider = "pp"\nmodel = "m"',
        '12: models[0].endpoints[1].provider: "pp" is not a provider; did you mean "p"?',
    ),
    (
        MODEL + '[[models.endpoints]]\nprovider = "rack9"\nmodel = "m"',
        (
            '12: models[0].endpoints[1].provider: "rack9" is not a provider; add '
            '[[providers]] with id = "rack9"'
        ),
    ),
    (
        MODEL + '[[models.endpoints]]\nprovider = "sandbox"\nmodel = "m"',
        '12: models[0].endpoints[1].provider: "sandbox" only serves sandbox/*; name another',
    ),
    (
        MODEL + '[[models.endpoints]]\nprovider = "p"\nmodel = "m"',
        "11: models[0].endpoints[1]: is the same endpoint as in line 8; remove one of them",
    ),
    (
        MODEL + 'price = { input = 0.07, output = "1" }',
        "11: models[0].endpoints[0].price.input: is 0.07; write it in quotes, as decimal digits",
    ),
    (
        MODEL + 'price = { input = "1e-3", output = "1" }',
        '11: models[0].endpoints[0].price.input: is "1e-3" (a string); write USD, as in "0.40"',
    ),
    (
        MODEL + 'price = { input = "-1", output = "1" }',
        '11: models[0].endpoints[0].price.input: is "-1" (a string); write USD',
    ),
    (
        MODEL + 'price = { input = "1" }',
        '11: models[0].endpoints[0].price: has no output; add output; "0" says that it is free',
    ),
    (
        MODEL + 'price = { input = "1", output = "1", cached = "0" }',
        "11: models[0].endpoints[0].price.cached: is not a setting; did you mean cached_input?",
    ),
    (MODEL + "price = 3", "11: models[0].endpoints[0].price: is 3; write a table"),
    (
        MODEL + '[[models]]\nid = "lab/n"\naliases = ["LAB/m"]\n'
        '[[models.endpoints]]\nprovider = "p"\nmodel = "n"',
        '13: models[1].aliases[0]: "LAB/m" already means lab/m; choose another name',
    ),
    (
        MODEL.replace('id = "lab/m"', 'id = "lab/m"\naliases = ["x.1", "GLM"]')
        + '[[models]]\nid = "lab/n"\naliases = [\n"y",\n"X_1"]\n'
        '[[models.endpoints]]\nprovider = "p"\nmodel = "n"',
        '16: models[1].aliases[1]: "X_1" already means lab/m; choose another name',
    ),
    (
        MODEL.replace('id = "lab/m"', 'id = "lab/m"\naliases = ["zai/glm-4.7-flash"]'),
        '8: models[0].aliases[0]: "zai/glm-4.7-flash" already means zai/glm-4.7-flash; choose',
    ),
]


@pytest.mark.parametrize(
    ("text", "told"),
    [*SECTIONS, *PROVIDERS, *((PROVIDER + text, told) for text, told in KEYS), *MODELS],
    ids=lambda value: None if "\n" in value else value[:60],
)
def test_a_mistake_is_told_on_its_line(read: Read, text: str, told: str) -> None:
    reading = read(text, {"EMPTY_KEY": " ", "SPACED_KEY": "a b"})
    told_lines = [str(problem) for problem in reading.problems]
    assert any(line.startswith("glimway.toml:" + told) for line in told_lines), told_lines
    with pytest.raises(ConfigError, match=r"glimway\.toml:"):
        reading.usable()


def test_all_problems_are_told_at_once_in_the_order_of_the_file(read: Read) -> None:
    texts = [
        "[server]",
        "port = 99999",
        'host = ""',
        "[[providers]]",
        'id = "zai"',
        'api_key = { env = "NOPE_KEY" }',
        "private = 0",
        "[[models]]",
        'id = "x"',
    ]
    problems = read("\n".join(texts), {"GLIMWAY_SERVER__PORT": "x"}, {"server.port": "y"}).problems
    assert [(problem.path, problem.line) for problem in problems] == [
        ("command line", 0),
        ("environment", 0),
        *(("glimway.toml", line) for line in (2, 3, 6, 7, 9)),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = = 2\n", "glimway.toml:2: is not valid TOML: invalid value; mend this line"),
        ("[a]\n[a]\n", "glimway.toml:2: is not valid TOML: cannot declare ('a',) twice; mend"),
        ('a = "', "glimway.toml: is not valid TOML: unterminated string; mend the file's end"),
        (b"a = 1\n# \xff", "glimway.toml:2: holds bytes that are not UTF-8; save the file as"),
        ("x = " + "[" * 5000, "glimway.toml: has arrays or tables nested too deeply; "),
        ("x = 1" + "0" * 5000, "glimway.toml: is not valid TOML: "),
        ("#" * (4 * 1024 * 1024 + 1), "glimway.toml: is not valid TOML: larger than 4194304 bytes"),
    ],
    ids=["value", "twice", "end", "utf-8", "deep", "digits", "large"],
)
def test_a_file_that_cannot_be_parsed_is_one_problem(
    read: Read, text: str | bytes, told: str
) -> None:
    problems = read(text).problems
    assert len(problems) == 1
    assert str(problems[0]).startswith(told)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path, shipped: object) -> None:
    from glimway.config.load import Sources, read_config
    from glimway.config.shipped import Shipped

    assert isinstance(shipped, Shipped)
    sources = Sources(environ={}, config=Path("none.toml"), folder=tmp_path)
    (problem,) = read_config(sources, shipped).problems
    assert str(problem).startswith(
        f"command line: --config: there is no file {tmp_path}/none.toml;"
    )


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"GLIMWAY_SERVER__PORT": "80a"},
            'environment: GLIMWAY_SERVER__PORT: is "80a"; write a whole number from 0 to 65535',
        ),
        (
            {"GLIMWAY_SERVER__PROT": "80"},
            (
                "environment: GLIMWAY_SERVER__PROT: is not a setting; "
                "did you mean GLIMWAY_SERVER__PORT?"
            ),
        ),
        (
            {"GLIMWAY_XX__YY": "80"},
            "environment: GLIMWAY_XX__YY: is not a setting; remove it, or see docs/settings.md",
        ),
        (
            {"GLIMWAY_LOG__LEVEL": "loud"},
            (
                'environment: GLIMWAY_LOG__LEVEL: is "loud" (a string); write "debug", "info", '
                '"warning" or "error"'
            ),
        ),
        (
            {"GLIMWAY_SERVER__DRAIN_S": "inf"},
            "environment: GLIMWAY_SERVER__DRAIN_S: is inf; write a number from 0 to 86400",
        ),
    ],
)
def test_a_variable_that_is_wrong_is_told(read: Read, environ: dict[str, str], told: str) -> None:
    assert [str(problem) for problem in read(None, environ).problems] == [told]


def test_a_flag_that_is_wrong_is_told(read: Read) -> None:
    (problem,) = read(None, flags={"server.port": "-1"}).problems
    assert str(problem) == "command line: --port: is -1; write a whole number from 0 to 65535"


@pytest.mark.parametrize(
    "key", ["changeme-changeme-changeme", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaa"]
)
def test_an_admin_key_that_can_be_guessed_is_refused_beyond_this_machine(
    read: Read, key: str
) -> None:
    environ = {"GLIMWAY_ADMIN_KEY": key}
    assert read(None, environ).problems == ()
    assert read(None, environ | {"GLIMWAY_SERVER__HOST": "localhost"}).problems == ()
    (problem,) = read(None, environ | {"GLIMWAY_SERVER__HOST": "0.0.0.0"}).problems
    assert str(problem).startswith("environment: GLIMWAY_ADMIN_KEY: can be guessed, and the server")
    text = '[server]\nhost = "::"\nadmin_key = { env = "K_1" }'
    (problem,) = read(text, {"K_1": key}).problems
    assert str(problem).startswith("glimway.toml:3: server.admin_key: can be guessed")
    assert read(text, {"K_1": "4f1c9b7d2e8a6035"}).problems == ()
