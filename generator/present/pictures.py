"""The pictures of the report: who moves with whom, traffic against capacity, cost and service level."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from scipy.spatial import ConvexHull

from generator.model import Communities, CorrelationGraph, FloatArray, Group, GroupVerdict, Traffic
from generator.present.constellation import places, strongest_ties
from generator.present.figures import attained, bin_length, dollars, plain, worst_of
from generator.present.inline_svg import GROUND, INK, SETTINGS, inline_svg
from generator.present.plan_document import CostDocument, CurrentDocument, JudgedDocument, WindowDocument

# Told apart by the colour-blind, too, and seen on white and on near-black.
COLOURS = (
    "#3b78d8", "#e0812f", "#2a9d8f", "#cc4f7f", "#8f6fdb", "#b3922a",
    "#4fa8d4", "#6f9f4f", "#d3574f", "#8a7565", "#3f8f6b", "#b06bc0",
)  # fmt: skip
OTHERS = "#8b929b"
MOST_NODES = 300
GRAPH_INCHES = (7.6, 5.0)
MOST_NAMED = 60
LABEL_POINTS = 7.5
LETTER_POINTS = 4.3
SHOWN_DAYS = 7
SHOWN_POINTS = 340
MOST_LAYERS = 6
# A logarithmic axis where the dearest costs this many times the cheapest.
WIDE_SPREAD = 20.0
# Pages of one plan are looked at again and again, and their pictures take longer than the rest of them.
PICTURES_KEPT = 16


def picture_of_graph(
    correlation: CorrelationGraph,
    communities: Communities,
    weight: Mapping[str, float],
    colour_of: Mapping[str, str],
) -> tuple[str, int]:
    """Draw the workloads: near each other where traffic moves together, coloured by group, communities outlined.

    Parameters
    ----------
    correlation : CorrelationGraph
    communities : Communities
    weight : mapping of str to float
        Mean request rate, by workload: the size of the dot.
    colour_of : mapping of str to str
        Colour of the group each workload is in.

    Returns
    -------
    svg : str
    drawn : int
        How many workloads are drawn: at most `MOST_NODES`, the busiest.
    """
    names = correlation.names
    busiest = sorted(sorted(names), key=lambda name: -weight[name])[:MOST_NODES]
    kept = set(busiest)
    edges = strongest_ties(correlation.graph, kept)
    place = places([[names[i] for i in part if names[i] in kept] for part in communities.members], weight)
    with _drawing(*GRAPH_INCHES) as figure:
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_aspect("equal")
        for part in communities.members:
            inside = [place[names[i]] for i in part if names[i] in kept]
            if len(inside) > 1:
                axes.add_patch(Polygon(_outline(np.array(inside), 0.75), facecolor=INK, alpha=0.05, linewidth=0))
        strongest = max((strength for _, _, strength in edges), default=1.0)
        axes.add_collection(
            LineCollection(
                [(place[a], place[b]) for a, b, _ in edges],
                linewidths=[0.3 + 2.2 * strength / strongest for _, _, strength in edges],
                colors=INK,
                alpha=0.16,
            )
        )
        heaviest = max((weight[name] for name in busiest), default=0.0) or 1.0
        for name in busiest:
            axes.scatter(
                *place[name],
                s=_dot(weight[name] / heaviest) ** 2,
                color=colour_of[name],
                edgecolors=GROUND,
                linewidths=1.2,
                zorder=3,
            )
        axes.margins(0.06)
        axes.autoscale_view()
        axes.apply_aspect()
        _named(axes, busiest, place, {name: _dot(weight[name] / heaviest) / 2 for name in busiest})
    svg = inline_svg(
        figure,
        "graph",
        "Correlation graph",
        f"{len(busiest)} workloads; those whose traffic moves together are near each other and outlined together; "
        "colours are groups, sizes are traffic.",
    )
    return svg, len(busiest)


def picture_of_group(
    group: Group,
    verdict: GroupVerdict,
    traffic: Traffic,
    shown: slice,
    *,
    colour: str,
    name: str,
    inches: tuple[float, float] = (3.7, 1.9),
) -> str:
    """Draw a group's stacked traffic against its capacity in one stretch of the scored window.

    Parameters
    ----------
    group : Group
    verdict : GroupVerdict
    traffic : Traffic
        The scored window.
    shown : slice
        The bins to draw.
    colour : str
    name : str
        Prefix of the picture's ids.
    inches : tuple of (float, float)
        Width and height.
    """
    index = {workload: i for i, workload in enumerate(traffic.workloads)}
    rate = traffic.rate_rps[[index[workload] for workload in group.workloads]][:, shown]
    rate = rate[np.argsort(-rate.mean(axis=1), kind="stable")]
    if len(rate) > MOST_LAYERS:
        rate = np.vstack([rate[: MOST_LAYERS - 1], rate[MOST_LAYERS - 1 :].sum(axis=0)])
    every = max(1, -(-rate.shape[1] // SHOWN_POINTS))
    busiest = _busiest_bins(rate.sum(axis=0), every)
    capacity = verdict.replicas[shown][busiest] * group.replica_rps
    layers = rate[:, busiest]
    start = traffic.window.start + timedelta(seconds=(shown.start or 0) * traffic.window.bin_s)
    times = date2num(start) + np.arange(layers.shape[1]) * every * traffic.window.bin_s / 86400
    with _drawing(*inches) as figure:
        left, low = 0.44 / inches[0], 0.27 / inches[1]
        axes = figure.add_axes((left, low, 1 - left - 0.02, 1 - low - 0.06))
        shades = np.linspace(0.9, 0.3, len(layers))
        below = np.zeros(layers.shape[1])
        for layer, shade in zip(layers, shades, strict=True):
            axes.fill_between(times, below, below + layer, color=colour, alpha=shade, linewidth=0, step="post")
            below = below + layer
        axes.plot(times, capacity, color=INK, linewidth=1.0, drawstyle="steps-post")
        axes.set_ylim(0, max(float(capacity.max()), float(below.max()), 1e-12) * 1.08)
        axes.set_xlim(times[0], times[-1])
        _dated(axes)
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda rps, _: f"{rps:,.4g}"))
        _bare(axes)
        axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.6)
    peak = float(below.max())
    return inline_svg(
        figure,
        name,
        f"Traffic and capacity of {plain(group.name)}",
        f"Requests a second, stacked by workload, up to {peak:.3g}, under capacity between {capacity.min():.3g} and "
        f"{capacity.max():.3g} requests a second.",
    )


def picture_of_costs(answers: Sequence[tuple[str, str, JudgedDocument | CurrentDocument]]) -> str:
    """Draw floor, expected and ceiling cost of each answer, given as name, colour and document."""
    costs = ((name, colour, cost) for name, colour, answer in answers if (cost := answer.cost_usd_per_h) is not None)
    return _picture_of_costs(tuple(costs), wide=is_wide(answers))


@lru_cache(PICTURES_KEPT)
def _picture_of_costs(costs: tuple[tuple[str, str, CostDocument], ...], *, wide: bool) -> str:
    known = [figure for _, _, cost in costs for figure in (cost.expected, cost.ceiling) if figure > 0]

    def draw(axes: Axes) -> None:
        least = min(known, default=1.0) / 3
        for row, (_, colour, cost) in enumerate(costs):
            floor = max(cost.floor, least) if wide else cost.floor
            axes.plot([floor, cost.ceiling], [row, row], color=colour, linewidth=5, alpha=0.28, solid_capstyle="round")
            axes.plot([max(cost.expected, floor)], [row], "o", color=colour, markersize=9, markeredgecolor=GROUND)
        if wide:
            axes.set_xscale("log")
            axes.set_xlim(left=least * 0.8)
            axes.xaxis.set_major_locator(LogLocator(10, numticks=6))
            axes.xaxis.set_minor_formatter(NullFormatter())
        else:
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"${usd:,g}"))

    rows = [(name, f"{dollars(c.expected)}  ({dollars(c.floor)} to {dollars(c.ceiling)})") for name, _, c in costs]
    said = "; ".join(f"{name} {dollars(cost.expected)} an hour" for name, _, cost in costs)
    return _rows("cost", "Cost", said, rows, draw)


def picture_of_service(answers: Sequence[tuple[str, str, JudgedDocument | CurrentDocument]]) -> str:
    """Draw the share of requests in time, of all models and of the worst, for each answer."""
    return _picture_of_service(
        tuple(
            (name, colour, answer.attainment, worst_of(answer.workload_attainment)[1])
            for name, colour, answer in answers
        )
    )


@lru_cache(PICTURES_KEPT)
def _picture_of_service(shares: tuple[tuple[str, str, float, float], ...]) -> str:
    def draw(axes: Axes) -> None:
        for row, (_, colour, whole, worst) in enumerate(shares):
            axes.plot([worst, whole], [row, row], color=colour, linewidth=5, alpha=0.28, solid_capstyle="round")
            axes.plot([worst], [row], "o", color=GROUND, markersize=8, markeredgecolor=colour, markeredgewidth=1.8)
            axes.plot([whole], [row], "o", color=colour, markersize=9, markeredgecolor=GROUND)
        least = min(min(whole, worst) for _, _, whole, worst in shares)
        room = max(1 - least, 0.001)
        axes.set_xlim(1 - room * 1.15, 1 + room * 0.06)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g}%" if share <= 1 else ""))

    rows = [(name, f"{attained(whole)}  (worst {attained(worst)})") for name, _, whole, worst in shares]
    said = "; ".join(f"{name} {attained(whole)}, worst model {attained(worst)}" for name, _, whole, worst in shares)
    return _rows("service", "Requests in time", said, rows, draw)


def is_wide(answers: Sequence[tuple[str, str, JudgedDocument | CurrentDocument]]) -> bool:
    """Whether costs lie so far apart that only a logarithmic axis shows them all."""
    costs = [cost for _, _, answer in answers if (cost := answer.cost_usd_per_h) is not None]
    known = [figure for cost in costs for figure in (cost.expected, cost.ceiling) if figure > 0]
    return bool(known) and max(known) > WIDE_SPREAD * min(known)


def busiest_stretch(traffic: Traffic) -> slice:
    """Bins of the `SHOWN_DAYS` days with the most requests; the whole window where it is shorter."""
    wanted = round(SHOWN_DAYS * 86400 / traffic.window.bin_s)
    total = traffic.rate_rps.sum(axis=0)
    if wanted >= len(total):
        return slice(0, len(total))
    # Whole days, so that a week begins at midnight.
    day = max(1, round(86400 / traffic.window.bin_s))
    begun = np.concatenate([[0.0], np.cumsum(total)])
    starts = np.arange(0, len(total) - wanted + 1, day)
    start = int(starts[np.argmax(begun[starts + wanted] - begun[starts])])
    return slice(start, start + wanted)


def stretch(traffic: Traffic, shown: slice) -> str:
    """Say from when to when some bins are."""
    window = traffic.window
    start, end = (window.start + timedelta(seconds=window.bin_s * edge) for edge in (shown.start, shown.stop))
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"


def length_of_a_point(window: WindowDocument, shown: slice) -> str:
    """Say how much time one point of a group's picture stands for."""
    every = max(1, -(-(shown.stop - shown.start) // SHOWN_POINTS))
    return bin_length(window.model_copy(update={"bin_s": window.bin_s * every}))


def most_used(verdict: GroupVerdict) -> float:
    """Load over running replicas at its highest; bins without a replica wait for one and count as full."""
    used = np.divide(verdict.load, verdict.replicas, out=(verdict.load > 0).astype(float), where=verdict.replicas > 0)
    return float(used.max())


@contextmanager
def _drawing(width: float, height: float) -> Generator[Figure]:
    with mpl.rc_context(SETTINGS):
        yield Figure(figsize=(width, height))


def _rows(name: str, title: str, said: str, rows: Sequence[tuple[str, str]], draw: Callable[[Axes], None]) -> str:
    height = 0.55 + 0.56 * len(rows)
    with _drawing(5.0, height) as figure:
        axes = figure.add_axes((0.03, 0.36 / height, 0.94, 1 - 0.4 / height))
        draw(axes)
        axes.set_ylim(len(rows) - 0.55, -0.75)
        axes.set_yticks([])
        for row, (label, figures) in enumerate(rows):
            across = axes.get_yaxis_transform()
            axes.text(0, row - 0.33, label, transform=across, color=INK, fontweight="bold", va="center")
            axes.text(1, row - 0.33, figures, transform=across, color=INK, va="center", ha="right", fontsize=9)
        _bare(axes)
        axes.grid(axis="x", color=INK, alpha=0.12, linewidth=0.6)
    return inline_svg(figure, name, title, said)


def _bare(axes: Axes) -> None:
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=INK, labelsize=8.5, which="both")
    axes.patch.set_visible(False)


def _dated(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=5)
    formatter = ConciseDateFormatter(
        locator, formats=["%Y", "%b", "%a %d", "%H:%M", "%H:%M", "%S.%f"], show_offset=False
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)


def _busiest_bins(total: FloatArray, every: int) -> np.ndarray:
    """Index of the busiest bin in every run of bins: averages would hide what capacity is there for."""
    whole = len(total) // every * every
    return total[:whole].reshape(-1, every).argmax(axis=1) + np.arange(0, whole, every)


def _dot(share: float) -> float:
    """Diameter in points of a workload with this share of the busiest one's traffic."""
    return 5 + 15 * share**0.5


def _named(
    axes: Axes, busiest: Sequence[str], place: Mapping[str, tuple[float, float]], radius: Mapping[str, float]
) -> None:
    """Write names beside their dots, the busiest first, leaving out those that would cover something."""
    at = {name: axes.transData.transform(place[name]) * 72 / axes.figure.get_dpi() for name in busiest}
    taken = [
        (at[name][0] - radius[name], at[name][1] - radius[name], at[name][0] + radius[name], at[name][1] + radius[name])
        for name in busiest
    ]
    for name in busiest[:MOST_NAMED]:
        text = _short(name)
        wide, high, away = len(text) * LETTER_POINTS, 9.0, radius[name] + 1
        # Corner of the text from the dot's centre: below, above, right, left.
        for dx, dy in ((-wide / 2, -away - high), (-wide / 2, away), (away, -high / 2), (-away - wide, -high / 2)):
            left, low = at[name] + (dx, dy)
            box = (left, low, left + wide, low + high)
            inside = box[0] > 0 and box[1] > 0 and box[2] < GRAPH_INCHES[0] * 72 and box[3] < GRAPH_INCHES[1] * 72
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    text,
                    place[name],
                    xytext=(dx + wide / 2, dy + high / 2),
                    textcoords="offset points",
                    ha="center",
                    va="center",
                    fontsize=LABEL_POINTS,
                    color=INK,
                    zorder=4,
                )
                break


def _overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _outline(points: np.ndarray, margin: float) -> np.ndarray:
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = margin * np.column_stack([np.cos(around), np.sin(around)])
    swollen = (points[:, np.newaxis, :] + circle).reshape(-1, 2)
    return swollen[ConvexHull(swollen).vertices]


def _short(name: str) -> str:
    text = plain(name)
    return text if len(text) <= 28 else f"{text[:27]}…"
