"""Colours and fonts of the page. The page loads nothing from another machine."""

from pathlib import Path
from typing import Any

import gradio as gr

STYLE = Path(__file__).with_name("style.css")
#: Scripts of the page: of its address (`tfgen.app.views`), and of what assistive technology needs.
SCRIPTS = [Path(__file__).with_name("web") / name for name in ("view.js", "accessibility.js")]
FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
CODE_FONT = ("ui-monospace", "SFMono-Regular", "Menlo", "DejaVu Sans Mono", "monospace")

#: Colours of hints and labels in Gradio's themes, and the greys for them, light and dark.
HINTS = (
    "body_text_color_subdued",
    "block_info_text_color",
    "block_label_text_color",
    "block_title_text_color",
    "input_placeholder_color",
)
GREYS = {"": "*neutral_600", "_dark": "*neutral_300"}


def theme() -> gr.themes.Base:
    """Return a theme of slate greys and one blue, light and dark, with fonts of the visitor's machine."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=list(FONT),
        font_mono=list(CODE_FONT),
    )
    # Gradio's own greys of hints have a contrast of 2.6 : 1 on white. WCAG 2.2 AA demands 4.5 : 1.
    blue = {f"button_primary_background_fill{suffix}": "*primary_600" for suffix in GREYS}
    return theme.set(**blue, **{name + suffix: grey for name in HINTS for suffix, grey in GREYS.items()})


def settings() -> dict[str, Any]:
    """Return the arguments of `gr.Blocks.launch` that set the theme, the style sheet, the scripts and the footer."""
    scripts = "".join(f"<script>\n{script.read_text()}</script>" for script in SCRIPTS)
    return {"theme": theme(), "css_paths": [STYLE], "head": scripts, "footer_links": ["api"], "ssr_mode": False}
