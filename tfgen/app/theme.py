"""How the page looks: one calm theme, light and dark, from fonts that every machine has."""

from pathlib import Path
from typing import Any

import gradio as gr

FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
CODE = ("ui-monospace", "SFMono-Regular", "Menlo", "DejaVu Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """Slate greys and one blue; nothing is fetched from another machine."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=list(FONT),
        font_mono=list(CODE),
    )


def settings() -> dict[str, Any]:
    """The arguments of `launch` that make the look."""
    return {
        "theme": theme(),
        "css_paths": [Path(__file__).with_name("style.css")],
        "footer_links": ["api"],
        "ssr_mode": False,
    }
