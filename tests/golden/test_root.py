"""The program at the root of this repository is what covey emits for examples/paper."""

from pathlib import Path

from generator.catalog import read_catalog
from generator.emit import emit
from generator.files import read_emission
from generator.load import load
from generator.pipeline import plan
from generator.present.document import chosen_of, document, layout_of
from generator.provenance import provenance

ROOT = Path(__file__).parent.parent.parent


def test_the_root_holds_the_emitted_paper_fleet_and_nothing_else() -> None:
    catalog = read_catalog()
    inputs = load(ROOT / "examples" / "paper", catalog)
    published = document(plan(inputs, catalog, seed=0))
    profile = published.chosen.profile
    origin = provenance(inputs, catalog, chosen_of(published, profile).text())
    program = emit(layout_of(published, profile), inputs.fleet, catalog, origin, read_emission(ROOT))

    emitted = {name: text for name, text in program.files.items() if not name.startswith("stacks/config/")}
    lying = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("policies", "stacks/groups", "stacks/components")
        for path in (ROOT / folder).iterdir()
        if path.is_file()
    }
    assert emitted == {name: (ROOT / name).read_text(encoding="utf-8") for name in emitted}
    assert {} == {name: text for name, text in lying.items() if name not in emitted}


def test_the_paper_fleet_lives_on_both_clouds_in_three_regions() -> None:
    stacks = {path.stem for path in (ROOT / "stacks" / "groups").glob("prod_*.py")}

    assert 3 <= len({stack for stack in stacks if not stack.endswith("_edge")})
    assert {"aws", "gcp"} == {stack.split("_")[1] for stack in stacks}
    assert "prod_gcp_edge" in stacks


def test_no_emitted_file_imports_the_generator() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "stacks").rglob("*.py")]

    assert sources
    assert not [source for source in sources if "import generator" in source or "from generator" in source]
