"""The tab "Explore latent space" in a browser."""

import re

import numpy as np
import pytest

from tfgen.app.latent_paths import images_of
from tfgen.app.latent_plane import ALONG, AROUND, LatentPlane, most_visible_dimensions
from tfgen.plots.grid import image_grid

# The link to a point of the map and the moves of a slider are quick: `tests/app/test_address.py`.
pytestmark = pytest.mark.slow

START = LatentPlane(AROUND, 0, 101, 102)


@pytest.fixture
def window(window):
    window.choose("vae-plane")
    window.choose("vae")
    window.go("Explore latent space")
    return window


def point(window) -> tuple[float, float]:
    """Return the point on the map as (horizontal, vertical) from −1 to 1."""
    left, top = re.search(
        r"left: ([-\d.e]+)%; top: ([-\d.e]+)%", window.page.locator("#map i").get_attribute("style")
    ).groups()
    return (float(left) - 50) / 50, (50 - float(top)) / 50


def shows_picture_at(window, model, plane: LatentPlane, at: tuple[float, float]) -> None:
    """Wait until the page shows the picture at a point of the plane."""
    window.shows("#picture-at-point", images_of(model, plane.noise_at(model, [at])).numpy(), 480)


def map_of(window, model, plane: LatentPlane) -> None:
    """Wait until the page shows the map of the plane."""
    expected = image_grid(plane.images(model, 9))[..., 0].astype(int)

    def equal():
        found = window.pixels("#map")
        return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

    window.until(equal)


def at(window, right: float, up: float) -> tuple[float, float]:
    """Return the position of a point of the map on the screen."""
    box = window.page.locator("#map .map").bounding_box()
    return box["x"] + box["width"] * (1 + right) / 2, box["y"] + box["height"] * (1 - up) / 2


def test_the_tab_opens_with_a_map_around_a_sample(window, model):
    map_of(window, model("vae"), START)
    assert point(window) == (0, 0)
    shows_picture_at(window, model("vae"), START, (0, 0))


def test_the_picture_and_the_sliders_follow_the_dragged_point(window, model):
    vae, page = model("vae"), window.page
    shows_picture_at(window, vae, START, (0, 0))
    page.locator("#map .map").scroll_into_view_if_needed()
    page.mouse.move(*at(window, 0, 0))
    page.mouse.down()
    before = window.pixels("#picture-at-point")
    page.mouse.move(*at(window, 0.5, 0.25), steps=5)
    window.changed("#picture-at-point", before)
    there = point(window)
    np.testing.assert_allclose(there, (0.5, 0.25), atol=0.02)
    shows_picture_at(window, vae, START, there)
    # While the button is held, the point stays at the edge if the pointer leaves the map.
    page.mouse.move(*at(window, -1.3, 1.2), steps=5)
    shows_picture_at(window, vae, START, (-1.0, 1.0))
    assert point(window) == (-1, 1)
    page.mouse.up()
    page.mouse.move(*at(window, 0, 0))
    assert point(window) == (-1, 1)
    window.until(lambda: page.locator("#move-right input[type=number]").input_value() == "-1")
    assert page.locator("#move-up input[type=number]").input_value() == "1"


def test_after_a_fast_drag_the_picture_is_that_of_the_last_point(window, model):
    shows_picture_at(window, model("vae"), START, (0, 0))
    window.page.locator("#map .map").scroll_into_view_if_needed()
    window.page.mouse.move(*at(window, -0.9, -0.9))
    window.page.mouse.down()
    window.page.mouse.move(*at(window, 0.8, 0.7), steps=60)
    window.page.mouse.up()
    shows_picture_at(window, model("vae"), START, point(window))
    window.page.wait_for_timeout(300)
    shows_picture_at(window, model("vae"), START, point(window))


def test_the_arrow_keys_on_the_sliders_move_the_point(window, model):
    vae, page = model("vae"), window.page
    shows_picture_at(window, vae, START, (0, 0))
    page.locator("#move-right input[type=range]").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    shows_picture_at(window, vae, START, (0.3, 0))
    window.until(lambda: np.allclose(point(window), (0.3, 0), atol=1e-6))
    page.locator("#move-up input[type=range]").focus()
    page.keyboard.press("End")
    shows_picture_at(window, vae, START, (0.3, 1))
    window.until(lambda: np.allclose(point(window), (0.3, 1), atol=1e-6))


def test_another_sample_or_direction_gives_another_map_with_the_point_in_the_middle(window, model):
    vae, page = model("vae"), window.page
    map_of(window, vae, START)
    shows_picture_at(window, vae, START, (0, 0))
    page.wait_for_timeout(500)  # A late update of the map would move the point back to the middle.
    page.locator("#move-right input[type=range]").focus()
    page.keyboard.press("End")
    window.until(lambda: point(window) == (1, 0))
    page.get_by_label("Seed of the sample").fill("4")
    map_of(window, vae, LatentPlane(AROUND, 4, 101, 102))
    window.until(lambda: point(window) == (0, 0))
    shows_picture_at(window, vae, LatentPlane(AROUND, 4, 101, 102), (0, 0))
    page.get_by_label("Horizontal direction").fill("8")
    map_of(window, vae, LatentPlane(AROUND, 4, 8, 102))


def test_a_map_along_two_dimensions_starts_with_the_most_visible_ones(window, model):
    vae, page = model("vae"), window.page
    map_of(window, vae, START)
    page.get_by_label(ALONG).check()
    plane = LatentPlane(ALONG, 0, *most_visible_dimensions(vae, 0))
    map_of(window, vae, plane)
    window.until(lambda: np.allclose(point(window), plane.point_of_sample(vae), atol=1e-3))
    shows_picture_at(window, vae, plane, plane.point_of_sample(vae))
    assert page.get_by_label("Horizontal direction").input_value() == str(plane.first)
    page.get_by_label(AROUND).check()
    map_of(window, vae, START)


def test_a_latent_space_of_two_dimensions_has_a_map_along_both(window, model):
    window.choose("vae-plane")
    plane = LatentPlane(ALONG, 0, *most_visible_dimensions(model("vae-plane"), 0))
    map_of(window, model("vae-plane"), plane)
    assert sorted((plane.first, plane.second)) == [0, 1]
    along, around = (window.page.get_by_label(kind) for kind in (ALONG, AROUND))
    window.until(along.is_checked)
    # Two dimensions have no map around a sample, so there is no such choice.
    assert not around.count()
    window.choose("gan")
    map_of(window, model("gan"), LatentPlane(ALONG, 0, *most_visible_dimensions(model("gan"), 0)))


@pytest.mark.parametrize("name", ["gan", "flow", pytest.param("vae-flow-prior", marks=pytest.mark.slow)])
def test_every_family_has_a_map(window, model, name):
    window.choose(name)
    map_of(window, model(name), START)


def test_a_model_of_points_gets_a_notice_that_it_has_no_map(window):
    window.choose("points")
    notice = window.page.locator("#tab-explore .prose.notice")
    window.until(notice.is_visible)
    assert notice.inner_text() == "A map needs a model of images, and this model generates points in the plane"


def test_equal_seeds_of_sample_and_direction_give_an_error_message(window, model):
    map_of(window, model("vae"), START)
    window.page.get_by_label("Vertical direction").fill("101")
    assert "Expected three different seeds, of a sample and two directions." in window.error_message()
