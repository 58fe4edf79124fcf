"""Options on the command line and in the ini file, and what they come to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from pathlib import Path

BASE_PATH = "/v0.2"
RULE_PREFIX = "overshoot::"


@dataclass(frozen=True, slots=True)
class _Declared:
    """One option: its name without dashes, and its `metavar`, or None for a switch."""

    name: str
    metavar: str | None
    help: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


_DECLARED = (
    _Declared(
        "overshoot_fake", None, "run against a fake of the Overshoot API: no key, no credits, no network"
    ),
    _Declared("overshoot_url", "URL", "run the same tests against a real deployment; URL ends in /v0.2"),
    _Declared(
        "overshoot_api_key_env", "NAME", "environment variable that holds the API key for --overshoot-url"
    ),
    _Declared(
        "overshoot_client",
        "SPEC",
        "judge a client by the conformance suite, one item a rule: package.module:factory, or 'exec:command'",
    ),
    _Declared(
        "overshoot_rules",
        "GLOB",
        "rules to judge the client by, such as KEEP-05 or 'KEEP-*,WS-01'; default: all",
    ),
    _Declared(
        "overshoot_known_failing",
        "FILE",
        "rules that are known to fail: a line each with the rule's id and the reason",
    ),
    _Declared("overshoot_report", "DIR", "directory for verdicts.json, junit.xml and journals"),
    _Declared(
        "overshoot_strict",
        None,
        "a failed SHOULD rule fails the run (named so because pytest has a --strict of its own)",
    ),
)
_SUITE_ONLY = ("overshoot_rules", "overshoot_known_failing", "overshoot_report", "overshoot_strict")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked of the plugin."""

    fake: bool = False
    url: str | None = None
    """Base URL of a real deployment, without a trailing slash."""
    api_key: str | None = None
    """Its key."""
    client: str | None = None
    rules: str | None = None
    known_failing: Path | None = None
    report: Path | None = None
    strict: bool = False

    def __repr__(self) -> str:
        # The key must not get into a traceback.
        return f"Options(fake={self.fake}, url={self.url!r}, client={self.client!r})"

    def __bool__(self) -> bool:
        """Whether anything was asked at all."""
        return self.fake or self.url is not None or self.client is not None


OPTIONS = pytest.StashKey[Options]()


def add_options(parser: pytest.Parser) -> None:
    """Declare every option, each also as an ini option of the same name with underscores."""
    group = parser.getgroup("overshoot", "overshoot: a fake of the Overshoot API, and its conformance suite")
    for each in _DECLARED:
        if each.metavar is None:
            group.addoption(each.flag, action="store_true", default=None, help=each.help)
            parser.addini(each.name, each.help, type="bool", default=False)
        else:
            group.addoption(each.flag, metavar=each.metavar, default=None, help=each.help)
            parser.addini(each.name, each.help, default="")


def resolve(config: pytest.Config) -> Options:
    """What the command line and the ini file come to. Raises `pytest.UsageError` naming the way out.

    The command line goes before the ini file: `--overshoot-url` there takes the place of
    `overshoot_fake = true` here, and the other way round.
    """
    take_rules_from_arguments(config)
    given = {each.name: config.getoption(each.name) for each in _DECLARED}
    written = {each.name: config.getini(each.name) or None for each in _DECLARED}
    _refuse_conflicts(given, "--overshoot-fake", "--overshoot-url")
    if given["overshoot_fake"]:
        written["overshoot_url"] = None
    elif given["overshoot_url"]:
        written["overshoot_fake"] = None
    _refuse_conflicts(written, "overshoot_fake", "overshoot_url")
    merged = {name: value if value is not None else written[name] for name, value in given.items()}
    _refuse_suite_options_alone(given, merged["overshoot_client"])
    if merged["overshoot_url"] and merged["overshoot_client"]:
        raise pytest.UsageError(
            "--overshoot-client judges a client against the fake, which --overshoot-url takes away: "
            "leave one of the two out, and run pytest once for each"
        )
    url, api_key = _real_target(merged["overshoot_url"], merged["overshoot_api_key_env"])
    return Options(
        fake=bool(merged["overshoot_fake"]),
        url=url,
        api_key=api_key,
        client=merged["overshoot_client"],
        rules=merged["overshoot_rules"],
        known_failing=_path(config, given, written, "overshoot_known_failing"),
        report=_path(config, given, written, "overshoot_report"),
        strict=bool(merged["overshoot_strict"]),
    )


def _refuse_conflicts(values: dict[str, Any], fake: str, url: str) -> None:
    if values["overshoot_fake"] and values["overshoot_url"]:
        raise pytest.UsageError(
            f"{fake} and {url} exclude each other: tests run against the fake or against a real deployment. "
            "Leave one of them out"
        )


def _refuse_suite_options_alone(given: dict[str, Any], client: str | None) -> None:
    alone = [each.flag for each in _DECLARED if each.name in _SUITE_ONLY and given[each.name]]
    if alone and not client:
        raise pytest.UsageError(
            f"{', '.join(alone)}: only with --overshoot-client SPEC, which names the client to judge"
        )


def _real_target(url: str | None, key_name: str | None) -> tuple[str | None, str | None]:
    if not url:
        return None, None
    url = url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not parts.path.endswith(BASE_PATH):
        raise pytest.UsageError(
            f"--overshoot-url: {url!r} is no base URL; it begins with http:// or https:// and ends in "
            f"{BASE_PATH}, such as https://staging.example.com{BASE_PATH}"
        )
    if not key_name:
        raise pytest.UsageError(
            "--overshoot-url needs --overshoot-api-key-env NAME: the environment variable that holds the key"
        )
    key = os.environ.get(key_name)
    if not key:
        raise pytest.UsageError(
            f"--overshoot-api-key-env: the environment variable {key_name} is not set; "
            "put the API key of the deployment into it"
        )
    return url, key


def _path(config: pytest.Config, given: dict[str, Any], written: dict[str, Any], name: str) -> Path | None:
    """A path on the command line starts where pytest was called, one in the ini file where that file is."""
    start: Path = config.inipath.parent if config.inipath else config.rootpath
    if given[name] is not None:
        start = config.invocation_params.dir
    path: str | None = given[name] or written[name]
    return start / path if path else None


def take_rules_from_arguments(config: pytest.Config) -> None:
    """Let `overshoot::KEEP-05` among the arguments choose that rule, as node ids choose tests."""
    chosen = [arg for arg in config.args if arg.startswith(RULE_PREFIX)]
    if chosen:
        config.args[:] = [arg for arg in config.args if arg not in chosen]
        config.option.overshoot_rules = ",".join(arg.removeprefix(RULE_PREFIX) for arg in chosen)
