"""The folder of a demo: held by one, emptied only if it is one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from xiaowu.demo.folder import DemoFolder, FolderRefused

pytestmark = pytest.mark.unit


def test_a_second_demo_is_kept_out_while_the_first_runs(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    with (
        DemoFolder(root).hold(fresh=False),
        pytest.raises(FolderRefused, match="running"),
        DemoFolder(root).hold(fresh=True),
    ):
        pass
    with DemoFolder(root).hold(fresh=False):
        pass


def test_fresh_forgets_everything_of_the_demo_before(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    with folder.hold(fresh=False):
        folder.keep_accounts({"agent01": "abcd-efgh"})
        folder.log_dir.mkdir()
    with folder.hold(fresh=False):
        assert folder.accounts() == {"agent01": "abcd-efgh"}
    with folder.hold(fresh=True):
        assert folder.accounts() == {}
        assert not folder.log_dir.exists()


def test_what_is_not_a_demos_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with (
        pytest.raises(FolderRefused, match="something else"),
        DemoFolder(tmp_path).hold(fresh=True),
    ):
        pass
    assert (tmp_path / "thesis.txt").exists()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("mine")
    folder = DemoFolder(tmp_path / "demo")
    with folder.hold(fresh=False):
        (folder.root / "link").symlink_to(outside)
    with folder.hold(fresh=True):
        assert not (folder.root / "link").exists()
    assert (outside / "kept.txt").exists()


def test_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    with folder.hold(fresh=False):
        folder.keep_accounts({"agent01": "abcd-efgh"})
        (kept,) = (path for path in folder.root.glob("*.json"))
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
