"""The handlers as tools of an MCP server (Model Context Protocol): two corrections of Gradio's server."""

from typing import Any

from tfgen.extras import check_installed


def check_mcp_installed() -> None:
    """Raise `ConfigError` if the package `mcp` is missing. Gradio would start without the MCP server, silently."""
    check_installed(["mcp"], "mcp", "--mcp")


def separate_results(server: Any) -> None:
    """Make the MCP server return each of several results as a content of its own, and pictures as pictures.

    Gradio 6.31 joins several results into one text, in which a picture is only a web address.

    Args:
        server: the `mcp_server_obj` of a launched `gr.Blocks`. Its method is replaced.
    """
    convert = server.postprocess_output_data

    def convert_separately(data: list[Any], root_url: str) -> list[Any]:
        several = len(data) == 1 and isinstance(data[0], tuple)
        return convert(list(data[0]) if several else data, root_url)

    server.postprocess_output_data = convert_separately
