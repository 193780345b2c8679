"""The correlation graph in real Chromium: first picture and time a frame, by number of workloads.

A fleet is made up, its correlations are computed. "First picture" is from the click to the first drawn canvas, with the
server's work: once for who opens the page first, once more for who follows. A frame is one redraw while zooming, on
the page's own clock, with no graphics processor.
"""

import sys
import time
from statistics import median

from tests.dashboards import browser, large, served

FRAMES = 60


def main(sizes: list[int]) -> None:
    """Print one line a size."""
    sys.stdout.write("workloads  first picture  again    frame median  frame worst of 60\n")
    with browser() as chromium:
        for size in sizes:
            with served(large(size)) as address:
                page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
                page.goto(address)
                here = address.partition("/enter")[0]
                page.wait_for_url(f"{here}/")
                opened: list[float] = []
                for _ in range(2):
                    started = time.perf_counter()
                    page.goto(f"{here}/graph")
                    page.wait_for_selector("[data-graph][data-frames]", timeout=120_000)
                    opened.append(time.perf_counter() - started)
                frames: list[float] = []
                page.locator("canvas").hover()
                for number in range(FRAMES):
                    page.mouse.wheel(0, -40 if number < FRAMES / 2 else 40)
                    page.wait_for_timeout(30)
                    frames.append(float(page.locator("[data-graph]").get_attribute("data-frame-ms") or "nan"))
                first, again = opened
                drawn = f"{median(frames):9.1f} ms  {max(frames):9.1f} ms"
                sys.stdout.write(f"{size:9,}  {first:11.2f} s  {again:5.2f} s  {drawn}\n")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [200, 2000])
