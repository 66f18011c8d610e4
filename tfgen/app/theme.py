"""Colours and fonts of the page. The page loads nothing from another machine."""

from pathlib import Path
from typing import Any

import gradio as gr

STYLE = Path(__file__).with_name("style.css")
FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
CODE_FONT = ("ui-monospace", "SFMono-Regular", "Menlo", "DejaVu Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """Return a theme of slate greys and one blue, light and dark, with fonts of the visitor's machine."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=list(FONT),
        font_mono=list(CODE_FONT),
    )


def settings() -> dict[str, Any]:
    """Return the arguments of `gr.Blocks.launch` that set the theme, the style sheet and the footer."""
    return {"theme": theme(), "css_paths": [STYLE], "footer_links": ["api"], "ssr_mode": False}
