"""The plots: one question each. matplotlib is optional, and everything else works without it.

Lines are labelled where they end, not in a legend, and told apart by colour (Okabe and Ito's, which
colour-blind people can tell), marker and dashes. A colour is a family, so that the eye finds the
kinds first.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .contestants import CONTESTANTS, FLOOR
from .figures import Figure, main_ones
from .labels import apart
from .plan import ACTIVE, BURST_CONNECTIONS, BURST_LINES, BURSTS, IDLE
from .table import digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLOURS = {
    "one each": "#D55E00",
    "by hand": "#555555",
    "miniloop": "#0072B2",
    "framework": "#009E73",
    "calibration": "#BBBBBB",
}
MARKERS = "os^Dv"
DASHES = ("-", "--", ":", "-.")
FAMILY = {each.label: each.family for each in [*CONTESTANTS, FLOOR]}
MEMORY_AT = 1_000  # connections

Value = Callable[[Figure], float]


def available() -> bool:
    """Tell whether matplotlib is there."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(out: Path, figures: Sequence[Figure]) -> list[str]:
    """Draw all plots that there are figures for; return their names."""
    import matplotlib

    matplotlib.use("Agg")  # draws to files: there need not be a screen
    matplotlib.rcParams.update(
        {"font.size": 9, "svg.hashsalt": "miniloop", "svg.fonttype": "none", "axes.titlesize": 10}
    )
    drawn = []
    shown = main_ones(figures)
    for name, plot in PLOTS.items():
        canvas = plot(shown)
        if canvas is not None:
            save(canvas, out / name)
            drawn.append(name)
    return drawn


def save(canvas: Canvas, path: Path) -> None:
    """Write one plot twice; without a date in it, so that the same figures give the same file."""
    canvas.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    canvas.savefig(path.with_suffix(".png"), dpi=130)


def throughput(figures: Sequence[Figure]) -> Canvas | None:
    """Lines a second, all connections active."""
    return one_panel(
        by_shape(figures, ACTIVE),
        lambda figure: figure.rate / 1e3,
        "Thousand lines answered in a second, all connections active (more is better)",
    )


def latency(figures: Sequence[Figure]) -> Canvas | None:
    """The 99th percentile, alone among the silent and in the queue of all."""
    return two_panels(
        figures,
        lambda figure: figure.p99 * 1e3,
        "99 of 100 answers came within this time, milliseconds (less is better)",
    )


def cpu(figures: Sequence[Figure]) -> Canvas | None:
    """CPU time for a line."""
    return two_panels(
        figures,
        lambda figure: figure.cpu * 1e6,
        "The server's CPU time for one line, microseconds (less is better)",
    )


def memory(figures: Sequence[Figure]) -> Canvas | None:
    """What one connection takes."""
    sizes = {figure.connections for figure in figures if figure.shape == IDLE}
    if not sizes:
        return None
    size = MEMORY_AT if MEMORY_AT in sizes else max(sizes)
    return dots(
        [each for each in by_shape(figures, IDLE) if each.connections == size],
        lambda figure: figure.each / 2**10,
        f"Memory that a connection takes at {size:,} of them, KiB (less is better)",
    )


def bursts(figures: Sequence[Figure]) -> Canvas | None:
    """Lines a second when they come many at once."""
    return dots(
        by_shape(figures, BURSTS),
        lambda figure: figure.rate / 1e3,
        f"Thousand lines in a second, {BURST_CONNECTIONS} connections sending {BURST_LINES} "
        "lines at once (more is better)",
    )


PLOTS: dict[str, Callable[[Sequence[Figure]], Canvas | None]] = {
    "throughput": throughput,
    "latency": latency,
    "cpu": cpu,
    "memory": memory,
    "bursts": bursts,
}


def by_shape(figures: Sequence[Figure], shape: str) -> list[Figure]:
    """Return the figures of one shape."""
    return [figure for figure in figures if figure.shape == shape]


def one_panel(figures: list[Figure], value: Value, title: str) -> Canvas | None:
    """Draw lines over the number of connections, from zero up."""
    from matplotlib.figure import Figure as Canvas

    if not figures:
        return None
    canvas = Canvas(figsize=(7.5, 4.8))
    canvas.subplots_adjust(left=0.09, right=0.83, top=0.91, bottom=0.1)
    canvas.suptitle(title, x=0.01, ha="left", fontsize=10)
    lines(canvas.subplots(), figures, value, "linear")
    return canvas


def two_panels(figures: Sequence[Figure], value: Value, title: str) -> Canvas | None:
    """Draw the same for one active connection among silent ones, and for all active."""
    from matplotlib.figure import Figure as Canvas

    panels = {
        "one connection active, the others silent": by_shape(figures, IDLE),
        "all connections active": by_shape(figures, ACTIVE),
    }
    shown = {heading: panel for heading, panel in panels.items() if panel}
    if not shown:
        return None
    canvas = Canvas(figsize=(11, 4.8))
    canvas.subplots_adjust(left=0.06, right=0.9, top=0.86, bottom=0.1, wspace=0.42)
    canvas.suptitle(title, x=0.01, ha="left", fontsize=10)
    for axes, (heading, panel) in zip(
        canvas.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True
    ):
        axes.set_title(heading, loc="left", color="#333333")
        lines(axes, panel, value)
    return canvas


def lines(axes: Axes, figures: list[Figure], value: Value, scale: str = "log") -> None:
    """Draw a line for each server, labelled where it ends."""
    from matplotlib.ticker import LogLocator

    axes.set(xscale="log", yscale=scale, xlabel="connections")
    if scale == "linear":
        axes.set_ylim(0, 1.08 * max(value(figure) for figure in figures))
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ends: list[tuple[str, int, float]] = []
    for label in dict.fromkeys(figure.label for figure in figures):
        own = sorted(
            (figure for figure in figures if figure.label == label),
            key=lambda figure: figure.connections,
        )
        axes.plot([each.connections for each in own], [value(each) for each in own], **style(label))
        ends.append((label, own[-1].connections, value(own[-1])))
    label_ends(axes, ends)
    tidy(axes, sorted({figure.connections for figure in figures}))


def style(label: str) -> dict[str, Any]:
    """Return colour, marker and dashes of a server."""
    family = FAMILY[label]
    place = [each for each, kind in FAMILY.items() if kind == family].index(label)
    return {
        "color": COLOURS[family],
        "marker": MARKERS[place],
        "linestyle": DASHES[place],
        "markersize": 4,
        "linewidth": 1.4,
    }


def label_ends(axes: Axes, ends: list[tuple[str, int, float]]) -> None:
    """Write the names in a column at the right, each as near to its line's end as others allow."""
    axes.autoscale_view()
    to_axes = axes.transScale + axes.transLimits  # only known once all lines are drawn
    heights = [float(to_axes.transform((x, y))[1]) for _, x, y in ends]
    for (label, x, y), height in zip(ends, apart(heights, 0.056), strict=True):
        axes.annotate(
            label,
            xy=(x, y),
            xytext=(1.06, height),
            textcoords=axes.transAxes,
            va="center",
            color=COLOURS[FAMILY[label]],
            arrowprops={"arrowstyle": "-", "color": COLOURS[FAMILY[label]], "linewidth": 0.4},
            annotation_clip=False,
        )


def tidy(axes: Axes, ticks: list[int]) -> None:
    """Plain numbers, a light grid, no box."""
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda number, _: f"{number:,g}")
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def dots(figures: list[Figure], value: Value, title: str) -> Canvas | None:
    """Draw a dot for each server on a logarithmic scale, the figure written beside it."""
    from matplotlib.figure import Figure as Canvas

    shown = sorted((figure for figure in figures if value(figure) > 0), key=value)
    if not shown:
        return None
    canvas = Canvas(figsize=(7.5, 0.7 + 0.28 * len(shown)), layout="constrained")
    canvas.suptitle(title, x=0.01, ha="left", fontsize=10)
    axes = canvas.subplots()
    for row, figure in enumerate(shown):
        axes.plot(value(figure), row, "o", color=COLOURS[FAMILY[figure.label]], markersize=7)
        axes.annotate(
            digits(value(figure)),
            (value(figure), row),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xscale("log")
    axes.set_yticks(range(len(shown)), [figure.label for figure in shown])
    axes.set_xticks([])
    axes.minorticks_off()
    axes.margins(x=0.15)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    return canvas
