"""Writing a program: whole or not at all, inside its folder, never over what someone edited."""

import json
from pathlib import Path

import pytest

from generator.emit import manifest
from generator.errors import EmitError
from generator.files import alone_in, write_tree
from generator.model import Program


def program(**files: str) -> Program:
    """Return a program of the given files, dots written as `__`, with its manifest."""
    named = {name.replace("__", "/"): text for name, text in files.items()}
    return Program({**named, ".covey.json": manifest(named)}, ())


def tree(folder: Path) -> dict[str, str]:
    return {place.relative_to(folder).as_posix(): place.read_text() for place in folder.rglob("*") if place.is_file()}


def test_a_program_is_written_as_it_is(tmp_path: Path) -> None:
    write_tree(program(a="1", b__c="2"), tmp_path / "new")
    assert tree(tmp_path / "new") == dict(program(a="1", b__c="2").files)


def test_writing_again_changes_only_what_changed(tmp_path: Path) -> None:
    write_tree(program(a="1", b="2"), tmp_path)
    write_tree(program(a="1", b="3"), tmp_path)
    assert "3" == (tmp_path / "b").read_text()


def test_an_edited_file_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    write_tree(program(a="1", b="2"), tmp_path)
    (tmp_path / "a").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(EmitError, match="not covey's: a") as raised:
        write_tree(program(a="4", b="4"), tmp_path)
    assert 4 == raised.value.exit_code
    assert tree(tmp_path) == before


def test_a_file_that_was_never_emitted_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(EmitError, match="a"):
        write_tree(program(a="1"), tmp_path)
    assert {"a": "mine"} == tree(tmp_path)


def test_edits_are_overwritten_when_asked(tmp_path: Path) -> None:
    write_tree(program(a="1"), tmp_path)
    (tmp_path / "a").write_text("mine")
    write_tree(program(a="2"), tmp_path, overwrite_edited=True)
    assert "2" == (tmp_path / "a").read_text()


def test_configuration_is_seeded_once_and_stays_with_its_owner(tmp_path: Path) -> None:
    write_tree(program(stacks__config__x="seed"), tmp_path)
    (tmp_path / "stacks/config/x").write_text("seed\nencryptionsalt: v1")
    write_tree(program(stacks__config__x="other seed"), tmp_path, overwrite_edited=True)
    write_tree(program(a="1"), tmp_path)
    assert "seed\nencryptionsalt: v1" == (tmp_path / "stacks/config/x").read_text()


def test_files_of_a_vanished_stack_go_with_their_folder(tmp_path: Path) -> None:
    write_tree(program(a="1", groups__old="2"), tmp_path)
    write_tree(program(a="1"), tmp_path)
    assert tree(tmp_path) == dict(program(a="1").files)
    assert not (tmp_path / "groups").exists()


def test_an_edited_file_of_a_vanished_stack_is_named(tmp_path: Path) -> None:
    write_tree(program(a="1", old="2"), tmp_path)
    (tmp_path / "old").write_text("mine")
    with pytest.raises(EmitError, match="old"):
        write_tree(program(a="1"), tmp_path)
    assert "mine" == (tmp_path / "old").read_text()


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b", "a\x00b", "a\\b", ".", "", "a//b", "./a"])
def test_no_path_leaves_the_folder(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "inside"
    with pytest.raises(EmitError, match="no path inside"):
        write_tree(Program({path: "x"}, ()), inside)
    assert {} == tree(tmp_path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "b").symlink_to(outside)
    with pytest.raises(EmitError, match="is a link"):
        write_tree(program(b__c="1"), inside)
    assert {} == tree(outside)


def test_a_folder_held_for_nothing_is_not_left_behind_and_one_that_was_there_stays(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for place in (tmp_path / "new", there):
        with alone_in(place):
            assert place.is_dir()

    assert [there] == list(tmp_path.iterdir())


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(EmitError, match="is a link"):
        write_tree(program(a="1"), tmp_path / "link")


def test_a_folder_in_the_way_of_a_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    with pytest.raises(EmitError, match="in the way"):
        write_tree(program(a="1", b="2"), tmp_path)
    assert {} == tree(tmp_path)


def test_a_manifest_that_points_outside_removes_nothing(tmp_path: Path) -> None:
    inside, victim = tmp_path / "inside", tmp_path / "victim"
    inside.mkdir()
    victim.write_text("kept")
    (inside / ".covey.json").write_text(json.dumps({"format": 1, "sha256": {"../victim": "0"}}))
    with pytest.raises(EmitError, match="no path inside"):
        write_tree(program(a="1"), inside, overwrite_edited=True)
    assert "kept" == victim.read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"sha256": 3}', "\udcff"])
def test_a_manifest_covey_did_not_write_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    (tmp_path / ".covey.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(EmitError, match="not what covey wrote"):
        write_tree(program(a="1"), tmp_path)
