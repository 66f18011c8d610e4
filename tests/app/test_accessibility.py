"""Accessibility of every tab, checked by axe-core in Chromium: names of controls, contrast, roles, headings."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tfgen.app.tabs import TABS

SLOW = pytest.mark.slow


def violations(page) -> list[str]:
    """Return a line for each violation of a rule of axe-core: the rule, the elements and what is wrong with them."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "light"),
        (390, "dark"),
        pytest.param(390, "light", marks=SLOW),
        pytest.param(1280, "dark", marks=SLOW),
    ],
)
def test_no_tab_violates_a_rule_of_axe_core(opened, width, scheme):
    window = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for title in (module.TITLE for module in TABS):
        window.go(title)
        window.idle()
        assert not violations(window.page), title
