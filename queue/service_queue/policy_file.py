"""The policy as one TOML file: read with every fault and its line, written with every option."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from service_queue.errors import PolicyInvalid, PolicyProblem
from service_queue.policy import Policy, Ring
from service_queue.policy_check import BOUNDS, Fault, Known, check_options
from service_queue.starvation import check_fairness, warnings
from service_queue.toml_lines import Place, line_of, lines_of

SAMPLE_FILE: Final = Path(__file__).with_name("policy.sample.toml")
"""Every option, commented out at its default, with its reason."""

MAX_CHARACTERS: Final = 20_000

_OPTION: Final = re.compile(r"# (\w+) = .*")
_TABLE: Final = re.compile(r"\[(\w+)\]")
_SYNTAX_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NO_TABLE: Final = frozenset({"dataclass_type", "dict_type"})
_UNKNOWN: Final = frozenset({"unexpected_keyword_argument", "extra_forbidden"})


class _File(BaseModel):
    """The types of a policy, strictly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """A policy that may be applied."""

    policy: Policy
    text: str
    sha256: str
    warnings: tuple[PolicyProblem, ...] = ()
    """What the hall lacks for it just now."""


def read_policy(text: str, known: Known | None = None) -> ReadPolicy:
    """Read a policy; with `known`, what it names must exist there.

    Raises:
        PolicyInvalid: with everything that is wrong, by line. Who could starve is said.
    """
    if len(text) > MAX_CHARACTERS:
        raise PolicyInvalid([PolicyProblem(1, "", f"is longer than {MAX_CHARACTERS} characters")])
    try:
        options = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise PolicyInvalid([_syntax(str(broken), text)]) from broken
    lines = lines_of(text)
    policy, faults = _typed(options)
    faults += [*check_options(policy, known), *check_fairness(_anchored(policy), known)]
    if faults:
        raise PolicyInvalid(_located(faults, lines))
    noted = () if known is None else _located(warnings(policy, known), lines)
    return ReadPolicy(policy, text, sha256_of(text), tuple(noted))


def write_policy(policy: Policy) -> str:
    """The policy as a file with every option in force, each with its reason.

    Options that are not set (no cap, no bound) stay commented out.
    """
    written, table = [], ""
    for line in SAMPLE_FILE.read_text("utf-8").splitlines():
        if found := _TABLE.fullmatch(line):
            table = found[1]
        if found := _OPTION.fullmatch(line):
            group = getattr(policy, table) if table else policy
            value = getattr(group, found[1])
            written.append(line if value is None else f"{found[1]} = {toml_value(value)}")
        else:
            written.append(line)
    return "\n".join(written) + "\n"


def sha256_of(text: str) -> str:
    """The file's fingerprint, as the journal names it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _anchored(policy: Policy) -> Policy:
    """The policy, whose ceiling is out of all bounds, with one to measure the rest by."""
    bounds = BOUNDS["ceiling_s"]
    if bounds.least <= policy.ceiling_s <= bounds.most:
        return policy
    return replace(policy, ceiling_s=Policy().ceiling_s)


def _typed(options: dict[str, Any]) -> tuple[Policy, list[Fault]]:
    """The policy of what has the right type, and what has not."""
    faults: list[Fault] = []
    while True:
        try:
            content = json.dumps({"policy": options}, default=str)
            return _File.model_validate_json(content, strict=True).policy, faults
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False, include_input=False):
                fault = _fault(error)
                faults.append(fault)
                _take_out(options, fault.place)


def _take_out(options: dict[str, Any], place: Place) -> None:
    """Leave the option at `place` at its default; a list goes as a whole."""
    group: Any = options
    for name, following in zip(place, (*place[1:], None), strict=True):
        if following is None or isinstance(following, int):
            group.pop(name, None)
            return
        group = group.get(name, {})


def toml_value(value: Any) -> str:
    """A value of a policy as the file writes it."""
    match value:
        case bool():
            written = str(value).lower()
        case str():
            written = json.dumps(str(value), ensure_ascii=False)
        case frozenset():
            written = f"[{', '.join(toml_value(each) for each in sorted(value))}]"
        case tuple():
            written = f"[{', '.join(toml_value(each) for each in value)}]"
        case Ring():
            written = (
                f"{{ after_s = {toml_value(value.after_s)}, scope = {toml_value(value.scope)} }}"
            )
        case dict():
            pairs = (f"{json.dumps(key)} = {toml_value(each)}" for key, each in value.items())
            written = f"{{ {', '.join(pairs)} }}" if value else "{}"
        case _:
            written = repr(value)
    return written


def _syntax(words: str, text: str) -> PolicyProblem:
    """What `tomllib` says, which names the line only in its sentence."""
    found = _SYNTAX_PLACE.search(words)
    if found is None:
        return PolicyProblem(1, "", words)
    line = int(found[1]) if found[1] else text.count("\n") + 1
    return PolicyProblem(line, "", f"is not TOML: {words[: found.start()]}")


def _located(faults: Iterable[Fault], lines: dict[Place, int]) -> list[PolicyProblem]:
    problems = []
    for fault in faults:
        is_written = fault.place in lines or fault.beside not in lines
        place = fault.place if is_written else fault.beside
        problems.append(PolicyProblem(line_of(lines, place), fault.option, fault.reason))
    return sorted(problems, key=lambda problem: problem.line)


def _fault(error: ErrorDetails) -> Fault:
    """A fault of type, in words; the value is left to the file."""
    place = error["loc"][1:]
    if error["type"] in _UNKNOWN:
        return Fault(place, _no_such_option(place))
    if error["type"] == "missing":
        return Fault(place, "is missing")
    if error["type"] in _NO_TABLE:
        return Fault(place, "must be a table")
    return Fault(place, error["msg"].removeprefix("Input "))


def _no_such_option(place: Place) -> str:
    near = difflib.get_close_matches(str(place[-1]), _options_at(place[:-1]), n=1)
    return "there is no such option" + (f"; {near[0]} is meant?" if near else "")


def _options_at(place: Place) -> list[str]:
    """The names of the options of a table."""
    group: Any = Policy()
    for name in place:
        if isinstance(name, int):
            group = Ring
            continue
        group = getattr(group, name, None)
    return [option.name for option in fields(group)] if is_dataclass(group) else []
