"""What holds for every test: a bare environment, hypothesis' profiles, nothing silently left out.

Knows pytest's hooks. Refuses to provide what only some tests need, but for certificates, which take
a moment to make and are shared by a whole run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from kit import certificates, corpora

CI = os.environ.get("CI") == "true"

# On a shared machine a slow example says nothing about the program; the test's own limit holds.
settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("default"), database=None)
settings.register_profile("fuzz", settings.get_profile("default"), max_examples=20_000)
settings.load_profile("ci" if CI else "default")

HERE = Path(__file__).parent
# Data of others that the repository does not hold: what needs them runs where they are named.
collect_ignore = [] if corpora.folder() else ["corpora"]

_OURS = ("GLIMWAY_", "XDG_")
_KEYS = ("_API_KEY", "_TOKEN", "_TOKEN_BEDROCK")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def pytest_configure() -> None:
    # A developer's own providers, proxies and settings must not decide how a test ends.
    for name in list(os.environ):
        ours = name.startswith(_OURS) and name != corpora.SETTING
        ours = ours or name.endswith(_KEYS)
        if ours or name.lower() in _PROXIES:
            del os.environ[name]


def pytest_sessionfinish(session: pytest.Session) -> None:
    # In CI a skip is a failure: what is not run there is run nowhere. The public data that a clean
    # clone has not are the exception, where whoever runs it says so.
    lacking = corpora.forgotten() and _wanted(session.config, HERE / "corpora")
    if CI and (lacking or _skipped(session.config)) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if collect_ignore and _wanted(config, HERE / "corpora"):
        terminalreporter.section("not run, with the reasons")
        terminalreporter.write_line(
            f"tests/corpora: {corpora.SETTING} does not name the folder of public test data "
            "(CONTRIBUTING.md says where it comes from)"
            + (": a failure in CI" if CI and corpora.forgotten() else "")
        )
    reasons = _skipped(config)
    if not reasons:
        return
    terminalreporter.section("skipped, with the reasons" + (": a failure in CI" if CI else ""))
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"{reason}: {len(tests)} of {tests[0]}")


def _wanted(config: pytest.Config, folder: Path) -> bool:
    """Whether a run was asked for a folder, by itself or with all around it."""
    asked = [Path(config.invocation_params.dir, str(one).partition("::")[0]) for one in config.args]
    return any(folder.is_relative_to(one.resolve()) for one in asked)


def _skipped(config: pytest.Config) -> dict[str, list[str]]:
    """Reason to test files, as far as this process reports them (a worker of xdist does not)."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reasons: dict[str, list[str]] = {}
    for report in reporter.stats.get("skipped", ()) if reporter else ():
        where, _, why = report.longrepr if isinstance(report.longrepr, tuple) else ("?", 0, "?")
        name = Path(where).name
        reasons.setdefault(str(why).removeprefix("Skipped: "), []).append(name)
    return reasons


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    """An authority and a certificate for loopback addresses."""
    return certificates.make(tmp_path_factory.mktemp("certificates"))
