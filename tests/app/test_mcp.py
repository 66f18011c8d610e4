"""The corrections of Gradio's MCP server."""

from types import SimpleNamespace

import pytest

from tfgen.app import mcp
from tfgen.errors import ConfigError


@pytest.fixture
def contents():
    server = SimpleNamespace(postprocess_output_data=lambda data, root: [(each, root) for each in data])
    mcp.separate_results(server)
    return lambda data: [each for each, root in server.postprocess_output_data(data, "http://app")]


def test_several_results_become_several_contents(contents):
    assert contents([("picture", "caption")]) == ["picture", "caption"]


@pytest.mark.parametrize("data", [["picture"], [["a", "list"]], [{"a": 1}], ["one", "other"], []])
def test_a_single_result_stays_one_content(contents, data):
    assert contents(data) == data


def test_a_missing_package_gives_a_message_with_the_command_that_installs_it(monkeypatch):
    mcp.check_mcp_installed()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"--mcp: expected the packages of: pip install 'tfgen\[mcp\]'"):
        mcp.check_mcp_installed()
