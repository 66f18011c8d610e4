"""The tab Explore, as its user sees it."""

import re

import numpy as np
import pytest

from tfgen.app.latent_paths import images_of
from tfgen.app.latent_plane import ALONG, AROUND, Plane, most_visible
from tfgen.plots.grid import image_grid

START = Plane(AROUND, 0, 101, 102)


@pytest.fixture
def window(window):
    window.choose("vae-plane")
    window.choose("vae")
    window.go("Explore")
    return window


def point(window) -> tuple[float, float]:
    """Where on the map the point is, right and up from −1 to 1."""
    left, top = re.search(
        r"left: ([-\d.e]+)%; top: ([-\d.e]+)%", window.page.locator("#map i").get_attribute("style")
    ).groups()
    return (float(left) - 50) / 50, (50 - float(top)) / 50


def here(window, model, plane: Plane, at: tuple[float, float]) -> None:
    """Wait until the picture is that of a point of the plane."""
    window.shows("#here", images_of(model, plane.normal(model, [at])).numpy(), 480)


def map_of(window, model, plane: Plane) -> None:
    """Wait until the map is that of the plane."""
    expected = image_grid(plane.map(model, 9))[..., 0].astype(int)

    def equal():
        found = window.pixels("#map")
        return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

    window.until(equal)


def at(window, right: float, up: float) -> tuple[float, float]:
    """The position of a place of the map on the screen."""
    box = window.page.locator("#map .map").bounding_box()
    return box["x"] + box["width"] * (1 + right) / 2, box["y"] + box["height"] * (1 - up) / 2


def test_it_opens_on_a_map_around_a_sample_with_the_sample_in_its_middle(window, model):
    map_of(window, model("vae"), START)
    assert point(window) == (0, 0)
    here(window, model("vae"), START, (0, 0))


def test_the_picture_follows_the_point_that_is_dragged_and_the_sliders_too(window, model):
    vae, page = model("vae"), window.page
    here(window, vae, START, (0, 0))
    page.locator("#map .map").scroll_into_view_if_needed()
    page.mouse.move(*at(window, 0, 0))
    page.mouse.down()
    before = window.pixels("#here")
    page.mouse.move(*at(window, 0.5, 0.25), steps=5)
    window.changed("#here", before)
    there = point(window)
    np.testing.assert_allclose(there, (0.5, 0.25), atol=0.02)
    here(window, vae, START, there)
    # Beyond the edge it stays at the edge, as long as the button is held.
    page.mouse.move(*at(window, -1.3, 1.2), steps=5)
    here(window, vae, START, (-1.0, 1.0))
    assert point(window) == (-1, 1)
    page.mouse.up()
    page.mouse.move(*at(window, 0, 0))
    assert point(window) == (-1, 1)
    window.until(lambda: page.locator("#move-right input[type=number]").input_value() == "-1")
    assert page.locator("#move-up input[type=number]").input_value() == "1"


def test_of_a_fast_drag_the_last_place_is_the_one_that_stays(window, model):
    here(window, model("vae"), START, (0, 0))
    window.page.locator("#map .map").scroll_into_view_if_needed()
    window.page.mouse.move(*at(window, -0.9, -0.9))
    window.page.mouse.down()
    window.page.mouse.move(*at(window, 0.8, 0.7), steps=60)
    window.page.mouse.up()
    here(window, model("vae"), START, point(window))
    window.page.wait_for_timeout(300)
    here(window, model("vae"), START, point(window))


def test_the_sliders_move_the_point_by_key(window, model):
    vae, page = model("vae"), window.page
    here(window, vae, START, (0, 0))
    page.locator("#move-right input[type=range]").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    here(window, vae, START, (0.3, 0))
    window.until(lambda: np.allclose(point(window), (0.3, 0), atol=1e-6))
    page.locator("#move-up input[type=range]").focus()
    page.keyboard.press("End")
    here(window, vae, START, (0.3, 1))
    window.until(lambda: np.allclose(point(window), (0.3, 1), atol=1e-6))


def test_another_sample_or_direction_is_another_map_and_the_point_goes_back(window, model):
    vae, page = model("vae"), window.page
    map_of(window, vae, START)
    here(window, vae, START, (0, 0))
    page.wait_for_timeout(500)  # a map that comes late puts the point back to its middle
    page.locator("#move-right input[type=range]").focus()
    page.keyboard.press("End")
    window.until(lambda: point(window) == (1, 0))
    page.get_by_label("Sample", exact=True).fill("4")
    map_of(window, vae, Plane(AROUND, 4, 101, 102))
    window.until(lambda: point(window) == (0, 0))
    here(window, vae, Plane(AROUND, 4, 101, 102), (0, 0))
    page.get_by_label("To the right").fill("8")
    map_of(window, vae, Plane(AROUND, 4, 8, 102))


def test_along_two_dimensions_the_most_visible_ones_come_first(window, model):
    vae, page = model("vae"), window.page
    map_of(window, vae, START)
    page.get_by_label(ALONG).check()
    plane = Plane(ALONG, 0, *most_visible(vae, 0))
    map_of(window, vae, plane)
    window.until(lambda: np.allclose(point(window), plane.start(vae), atol=1e-3))
    here(window, vae, plane, plane.start(vae))
    assert page.get_by_label("To the right").input_value() == str(plane.first)
    page.get_by_label(AROUND).check()
    map_of(window, vae, START)


def test_a_latent_space_of_two_dimensions_is_shown_whole(window, model):
    window.choose("vae-plane")
    plane = Plane(ALONG, 0, *most_visible(model("vae-plane"), 0))
    map_of(window, model("vae-plane"), plane)
    assert sorted((plane.first, plane.second)) == [0, 1]
    along, around = (window.page.get_by_label(kind) for kind in (ALONG, AROUND))
    window.until(along.is_checked)
    # Around a sample there is nothing in a plane: the choice goes back.
    around.check()
    window.until(along.is_checked)
    map_of(window, model("vae-plane"), plane)
    window.choose("gan")
    map_of(window, model("gan"), Plane(ALONG, 0, *most_visible(model("gan"), 0)))


@pytest.mark.parametrize("name", ["gan", "flow", pytest.param("vae-flow-prior", marks=pytest.mark.slow)])
def test_every_family_has_a_map(window, model, name):
    window.choose(name)
    map_of(window, model(name), START)


def test_points_have_no_map_and_it_is_said(window):
    window.choose("points")
    notice = window.page.locator("#tab-explore .prose.notice")
    window.until(notice.is_visible)
    assert notice.inner_text() == "A map needs images, and this is a model of points of the plane"


def test_what_is_no_direction_is_a_sentence(window, model):
    map_of(window, model("vae"), START)
    window.page.get_by_label("Upwards").fill("101")
    assert "Expected three different seeds, of a sample and two directions." in window.refusal()
