"""A design as a picture: Mermaid, SVG, or a page to look around in."""

from __future__ import annotations

from migsafe.models.diagram.drawing import Change, Drawing, drawing
from migsafe.models.diagram.mermaid import mermaid
from migsafe.models.diagram.page import page
from migsafe.models.diagram.svg import svg

__all__ = ["Change", "Drawing", "drawing", "mermaid", "page", "svg"]
