from pathlib import Path

import pytest

from generator.errors import InventoryError
from generator.inventory.yaml_source import read_yaml, shown


def _read(tmp_path: Path, content: str | bytes) -> object:
    path = tmp_path / "fleet.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path).content


def test_plain_words_stay_words(tmp_path: Path) -> None:
    content = _read(tmp_path, "[NO, on, 2026-01-31, 2026-01-31T00:00:00, 12:30:00, 0x10, 1_000, '5', \"true\"]")

    assert ["NO", "on", "2026-01-31", "2026-01-31T00:00:00", "12:30:00", "0x10", "1_000", "5", "true"] == content


def test_numbers_booleans_and_null_are_read_as_such(tmp_path: Path) -> None:
    content = _read(tmp_path, "[1, -2, 0.5, .5, 1e3, 1., true, False, null, ~, .inf, -.inf]")

    assert content == [1, -2, 0.5, 0.5, 1000.0, 1.0, True, False, None, None, float("inf"), -float("inf")]


def test_every_field_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text("# a comment\nname: x\n\nworkloads:\n  - name: a\n    tags:\n      k: v\n  -\n    name: b\n")
    lines = read_yaml(path).lines

    assert 2 == lines.of(("name",))
    assert 7 == lines.of(("workloads", 0, "tags", "k"))
    assert 9 == lines.of(("workloads", 1, "name"))
    assert 5 == lines.of(("workloads", 0, "not", "there"))


def test_an_alias_repeats_a_block(tmp_path: Path) -> None:
    assert {"a": [1, 2], "b": [1, 2]} == _read(tmp_path, "a: &x [1, 2]\nb: *x\n")


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        pytest.param("", "", "The file is empty", id="empty"),
        pytest.param("# only a comment\n", "", "The file is empty", id="comment"),
        pytest.param("  \n\n", "", "The file is empty", id="blank"),
        pytest.param(b"a: 1\nb: \xff\n", ":2", "Byte 8 is not UTF-8", id="not UTF-8"),
        pytest.param("a: 1\nb: [1, 2\n", ":3", "This is not YAML", id="unclosed"),
        pytest.param("a: 1\na: 2\n", ":2", "The key 'a' stands twice (before on line 1)", id="key twice"),
        pytest.param("a: 1\n---\nb: 2\n", ":2", "A second document begins here", id="two documents"),
        pytest.param("a: !!python/object/apply:os.system [ls]\n", ":1", "Tags (!) are not read", id="code"),
        pytest.param("a: *nothing\n", ":1", "The alias *nothing stands for nothing", id="alias of nothing"),
        pytest.param("a: &a [*a]\n", ":1", "The alias *a stands for nothing", id="endless alias"),
        pytest.param("[1, 2]: x\n", ":1", "A key must be plain text", id="list as key"),
        pytest.param("[" * 40 + "]" * 40, ":1", "nested deeper than 32 levels", id="deep"),
        pytest.param("[" * 100_000, ":1", "nested deeper than 32 levels", id="very deep"),
        pytest.param("a: \x07\n", "", "This is not YAML", id="control mark"),
    ],
)
def test_what_is_no_inventory_is_refused_at_its_line(
    tmp_path: Path, content: str | bytes, where: str, what: str
) -> None:
    with pytest.raises(InventoryError) as raised:
        _read(tmp_path, content)

    assert raised.value.where == f"{tmp_path}/fleet.yaml{where}"
    assert what in raised.value.what
    assert raised.value.remedy


def test_a_yaml_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30)]

    with pytest.raises(InventoryError, match=r"Aliases blow the document up by more than 100,000 nodes"):
        _read(tmp_path, "\n".join(["l0: &l0 [lol]", *levels]))


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)

    with pytest.raises(InventoryError, match=r"larger than 64 MiB"):
        read_yaml(path)


def test_foreign_text_is_shown_short_and_without_escape_sequences() -> None:
    assert shown("\x1b[2J" + "x" * 100) == "'\\x1b[2J" + "x" * 55 + "…'"
