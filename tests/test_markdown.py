"""Markdown tables."""

import pytest

from tfgen.markdown import markdown_table


def test_a_table_has_a_header_a_rule_and_one_line_for_each_row():
    assert markdown_table(("model", "bits/dim"), [("flow", 1.5), ("vae", "–")]) == (
        "| model | bits/dim |\n|---|---|\n| flow | 1.5 |\n| vae | – |"
    )


def test_an_empty_title_or_cell_is_one_space():
    assert markdown_table(("", "training"), [("loss", "")]) == "| | training |\n|---|---|\n| loss | |"


def test_a_table_may_have_no_rows():
    assert markdown_table(("a", "b"), []) == "| a | b |\n|---|---|"


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match=r"Expected 2 cells in each row. Received: 1 cells, \['flow'\]"):
        markdown_table(("model", "bits/dim"), [("flow",)])
    with pytest.raises(ValueError, match="at least one column"):
        markdown_table((), [])
