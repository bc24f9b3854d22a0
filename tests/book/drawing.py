"""Boxes, arrows and words as SVG: what the book's pictures are made of.

A picture has a ground of its own and follows the reader's preference for light or dark, so it can
be read wherever it is shown.  A text that does not fit its box is an error when it is drawn.
"""

from html import escape

_STYLE = """
.ground{fill:#ffffff}.box{fill:#e9f1fb;stroke:#2f6db0}.hot{fill:#fdeedd;stroke:#b05a10}
.quiet{fill:#f3f3f3;stroke:#777777}.gone{fill:none;stroke:#999999;stroke-dasharray:5 4}
text{fill:#1a1a1a;font-family:system-ui,sans-serif}.code{font-family:ui-monospace,monospace}
.faint{fill:#5c5c5c}.line{stroke:#444444;fill:none;stroke-width:1.5}.head{fill:#444444}
@media (prefers-color-scheme:dark){.ground{fill:#16191d}.box{fill:#1d2f45;stroke:#6aa5e8}
.hot{fill:#452c14;stroke:#e8a15f}.quiet{fill:#262a2f;stroke:#8b8b8b}.gone{stroke:#777777}
text{fill:#ececec}.faint{fill:#a9a9a9}.line{stroke:#c0c0c0}.head{fill:#c0c0c0}}
"""
WIDTH = 350
"""Pixels: what a telephone shows in the letters' own size."""

_WIDTH_OF_LETTER = {"": 0.54, "code": 0.62}


class Drawing:
    """A picture in the making; all measures in pixels from the upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width = width
        self.height = height
        self.title = title
        self._parts: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, text: str = "", *,
        kind: str = "box", code: bool = False, size: int = 14, top: bool = False,
    ) -> None:  # fmt: skip
        """A box with its text in the middle, or at the top of a box with more in it."""
        self._parts.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>'
        )
        lines = text.split("\n") if text else []
        tall = size * 1.35
        if len(lines) * tall > height + 2:
            raise ValueError(f"too many lines for its box: {text!r}")
        start = y + (tall if top else (height - len(lines) * tall) / 2 + tall * 0.78)
        for number, line in enumerate(lines):
            self._fits(line, width - 8, size, code)
            self.text(x + width / 2, start + number * tall, line, code=code, size=size)

    def text(
        self, x: float, y: float, text: str, *, code: bool = False, faint: bool = False,
        size: int = 14, anchor: str = "middle",
    ) -> None:  # fmt: skip
        """One line, its foot at ``y``."""
        half = len(text) * size * _WIDTH_OF_LETTER["code" if code else ""]
        left = {"start": x, "middle": x - half / 2, "end": x - half}[anchor]
        if left < 0 or left + half > self.width or y > self.height:
            raise ValueError(f"outside of the picture: {text!r}")
        names = " ".join(name for name, on in (("code", code), ("faint", faint)) if on)
        kind = f' class="{names}"' if names else ""
        self._parts.append(
            f'<text{kind} x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" '
            f'xml:space="preserve">{escape(text)}</text>'
        )

    def arrow(
        self, *points: tuple[float, float], label: str = "", faint: bool = False, size: int = 12,
        at: tuple[float, float] | None = None, anchor: str = "middle",
    ) -> None:  # fmt: skip
        """A line through the points with a head at the last; the label is at ``at``."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="4 4"' if faint else ""
        self._parts.append(
            f'<polyline class="line"{dash} points="{path}" marker-end="url(#head)"/>'
        )
        if label:
            (x1, y1), (x2, y2) = points[0], points[1]
            x, y = at or ((x1 + x2) / 2, (y1 + y2) / 2 - 6)
            for number, line in enumerate(label.split("\n")):
                self.text(x, y + number * size * 1.3, line, size=size, anchor=anchor)

    def line(self, *points: tuple[float, float], faint: bool = False) -> None:
        """A line through the points, without a head."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="4 4"' if faint else ""
        self._parts.append(f'<polyline class="line"{dash} points="{path}"/>')

    def _fits(self, line: str, width: float, size: int, code: bool) -> None:
        if len(line) * size * _WIDTH_OF_LETTER["code" if code else ""] > width:
            raise ValueError(f"too long for its box: {line!r}")

    def svg(self) -> str:
        """Return the picture."""
        head = (
            '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
            'markerHeight="7" orient="auto-start-reverse">'
            '<path class="head" d="M0,0 L10,5 L0,10 z"/></marker>'
        )
        parts = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" role="img">\n'
            f"<title>{escape(self.title)}</title>\n<style>{_STYLE}</style>\n"
            f"<defs>{head}</defs>\n"
            f'<rect class="ground" width="{self.width}" height="{self.height}"/>\n{parts}\n</svg>\n'
        )
