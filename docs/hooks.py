"""mkdocs hooks: the command-line reference is generated from the parsers, and equations become MathML.

MathML is rendered by browsers themselves, so that the site needs no script of another server.
"""

import importlib
import os
import re

os.environ.setdefault("COLUMNS", "110")

REFERENCE = "reference/command-line.md"
EQUATION = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


def command_line_reference() -> str:
    """The help text of every command, as Markdown."""
    import argparse

    from tfgen.cli.main import COMMANDS, help_text
    from tfgen.config.families import FAMILIES

    parts = ["# Command line", "", "```text", help_text(), "```"]
    for commands in COMMANDS.values():
        for name, (module, _) in commands.items():
            build_parser = importlib.import_module(f"tfgen.cli.{module}").build_parser
            parts += ["", f"## tfgen {name}", "", "```text", build_parser().format_help().rstrip(), "```"]
            if name == "train":
                for family in FAMILIES:
                    chosen = argparse.Namespace(model=family, preset="quick", arch=None, data=None)
                    text = build_parser(chosen).format_help().rstrip()
                    parts += ["", f"### tfgen train --model {family}", "", "```text", text, "```"]
    return "\n".join(parts) + "\n"


def equations(markdown: str) -> str:
    """Replace each `$$ … $$` by a block of MathML."""
    from latex2mathml.converter import convert

    def block(match: re.Match) -> str:
        return f'<div class="equation">{convert(" ".join(match[1].split()), display="block")}</div>'

    return EQUATION.sub(block, markdown)


def on_page_markdown(markdown: str, page, **_) -> str:
    """Generate the command-line reference; convert the equations of every other page."""
    return command_line_reference() if page.file.src_uri == REFERENCE else equations(markdown)
