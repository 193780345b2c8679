"""The one look of tables on a terminal."""

from rich import box
from rich.table import Table
from rich.text import Text


def table(*headings: str) -> Table:
    """Open a table; a heading that begins with ``>`` sets its column flush right."""
    opened = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        opened.add_column(Text(heading.removeprefix(">")), justify="right" if right else "left", overflow="fold")
    return opened
