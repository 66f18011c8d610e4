"""Results of tools, and the package that serves them."""

from types import SimpleNamespace

import pytest

from tfgen.app import mcp as tools
from tfgen.errors import ConfigError


@pytest.fixture
def contents():
    server = SimpleNamespace(postprocess_output_data=lambda data, root: [(each, root) for each in data])
    tools.spread_results(server)
    return lambda data: [each for each, root in server.postprocess_output_data(data, "http://app")]


def test_several_results_are_several_contents(contents):
    assert contents([("picture", "caption")]) == ["picture", "caption"]


@pytest.mark.parametrize("data", [["picture"], [["a", "list"]], [{"a": 1}], ["one", "other"], []])
def test_a_single_result_stays_one(contents, data):
    assert contents(data) == data


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch):
    tools.check_tools()
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"--mcp: expected the package mcp: pip install 'gradio\[mcp\]'"):
        tools.check_tools()
