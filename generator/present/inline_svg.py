"""A drawn figure as SVG that can stand inside a page: no styles, no addresses, and the page's own colours."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

# Stand-ins while drawing: the page's own text colour and ground, which change between light, dark and paper.
INK = "#0a0b0c"
GROUND = "#fafbfc"
OF_THE_PAGE = {INK: "currentColor", GROUND: "var(--ground)"}
# What `Figure` must be made and saved under. Text stays text: it can be read aloud, and needs no font of ours.
SETTINGS: dict[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "covey",
    "font.size": 10,
    "text.parse_math": False,
}
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
# The document head, and what says when and by whom: the same figure must give the same bytes.
NAMELESS = {"Date": None, "Creator": None, "Format": None, "Type": None}


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Spell a figure as one ``<svg>`` element.

    Parameters
    ----------
    figure : Figure
        Drawn in `INK`, `GROUND` and colours that can be seen on light and dark.
    name : str
        Prefix of the ids, unique on the page.
    title, description : str
        What a screen reader says.

    Returns
    -------
    str
        Well-formed; styles have become presentation attributes, so that a page may forbid inline styles.
    """
    drawn = io.BytesIO()
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # The page's fonts draw the text; that ours lacks a sign does not matter.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(drawn, format="svg", metadata=NAMELESS, transparent=True)
    root = ET.fromstring(drawn.getvalue())  # noqa: S314 (what matplotlib wrote a line above)
    ids = {found: f"{name}-{number}" for number, found in enumerate(sorted(set(_referenced(root))))}
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        _clean(element, ids)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("style", "metadata") or (child.tag == "defs" and len(child) == 0):
                parent.remove(child)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-description",
        "stroke-linejoin": "round",
    }
    for tag, text in (("desc", description), ("title", title)):
        element = ET.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'description'}"})
        element.text = text
        root.insert(0, element)
    return ET.tostring(root, encoding="unicode")


def _referenced(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        if LINK in element.attrib:
            yield element.attrib[LINK].removeprefix("#")
        for value in (element.attrib.get("clip-path", ""), element.attrib.get("style", "")):
            yield from re.findall(r"url\(#([^)]+)\)", value)


def _clean(element: ET.Element, ids: dict[str, str]) -> None:
    attributes = dict(element.attrib)
    own = attributes.pop("id", None)
    if own in ids:
        attributes["id"] = ids[own]
    link = attributes.pop(LINK, None)
    if link is not None:
        attributes["href"] = f"#{ids[link.removeprefix('#')]}"
    for declaration in attributes.pop("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if value and key.strip() != "font-family":
            attributes[key.strip()] = value.strip()
    for key, value in attributes.items():
        renamed = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{ids[found[1]]})", value)
        attributes[key] = OF_THE_PAGE.get(renamed, renamed)
    if attributes.get("transform", "").startswith("rotate(-0 "):
        del attributes["transform"]
    if "d" in attributes:
        attributes["d"] = re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.1f}", attributes["d"]).replace(
            "\n", ""
        )
    element.attrib = attributes
