"""Accessibility of every tab, checked by axe-core in Chromium: names of controls, contrast, roles, headings."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tfgen.app.tabs import TABS

# Names of the controls of all tabs, and axe-core on one tab, are quick: `test_page.py`, `tabs/test_single_picture.py`.
SLOW = pytest.mark.slow
pytestmark = SLOW


def violations(page) -> list[str]:
    """Return a line for each violation of a rule of axe-core: the rule, the elements and what is wrong with them."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def lasting_violations(window) -> list[str]:
    """Return the violations that last: `accessibility.js` applies its rules a moment after a change of the page."""
    window.idle()
    found = violations(window.page)
    if found:
        window.page.wait_for_timeout(2000)
        found = violations(window.page)
    return found


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
    for module in TABS:
        window.go(module.TITLE)
        # The address names the tab when its first event is under way, or has ended.
        name = module.ELEMENT_ID.removeprefix("tab-")
        window.until(lambda name=name: f"tab={name}" in window.page.url)
        window.page.wait_for_timeout(300)
        assert not lasting_violations(window), module.TITLE


def test_the_check_finds_a_button_without_a_name(window):
    window.go("Reconstruct")
    window.page.wait_for_selector("#reconstruct-0 .empty[role=img]")
    assert not lasting_violations(window)
    window.page.evaluate(
        "document.querySelector('#reconstruct-0 .empty').replaceWith(document.createElement('button'))"
    )
    assert any(line.startswith("button-name") for line in violations(window.page))
