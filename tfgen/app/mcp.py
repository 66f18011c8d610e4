"""The handlers as tools of an MCP server: what Gradio leaves to be done."""

import importlib.util
from typing import Any

from tfgen.errors import ConfigError


def check_tools() -> None:
    """Raise `ConfigError` where the packages of the server are missing; Gradio would go on without a word."""
    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("--mcp: expected the package mcp: pip install 'gradio[mcp]'. Received: none installed")


def spread_results(server: Any) -> None:
    """Let each of several results of a tool be a content of its own, pictures as pictures.

    Gradio 6.31 makes one text of them, in which a picture is an address.
    """
    contents = server.postprocess_output_data

    def spread(data: list[Any], root_url: str) -> list[Any]:
        several = len(data) == 1 and isinstance(data[0], tuple)
        return contents(list(data[0]) if several else data, root_url)

    server.postprocess_output_data = spread
