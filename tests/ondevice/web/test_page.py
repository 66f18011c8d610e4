"""The page in Chromium: outputs of the model, controls by keyboard, mouse and touch, and error messages."""

import contextlib
import re

import numpy as np
import pytest

from benchmarks.browser import CHROMIUM, FLAGS
from tfgen.ondevice.web.server import model_files

PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"""


@pytest.fixture(scope="module")
def browser(built_page):
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def files(tflite, tmp_path_factory):
    """A model and three invalid files."""
    folder = tmp_path_factory.mktemp("models")
    model = tflite.read_bytes()
    contents = {
        "model.tflite": model,
        "picture.tflite": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "cut.tflite": model[: len(model) // 2],
        # A name of the same length keeps the rest of the file valid.
        "other.tflite": model.replace(b"sample", b"simple"),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return model_files(folder)


@pytest.fixture(scope="module")
def address(files, built_page, served):
    with served(built_page, *files) as url:
        yield url


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as page:
        yield page


@contextlib.contextmanager
def opened(browser, url, **options):
    context = browser.new_context(**options)
    page = context.new_page()
    try:
        page.goto(url)
        with contextlib.suppress(Exception):  # Tests of error messages expect the page to fail.
            page.evaluate("tfgen.ready.then(() => tfgen.drawn)")
        yield page
    finally:
        context.close()


def run(page, signature, **inputs):
    return np.asarray(
        page.evaluate("([name, inputs]) => tfgen.run(name, inputs).then((x) => [...x])", [signature, inputs])
    )


def pixels(page, selector):
    """Return the grey levels of a canvas, int [8, 8]."""
    drawn = np.asarray(page.locator(selector).evaluate(PIXELS)).reshape(8, 8, 4)
    assert (drawn[..., 3] == 255).all()
    return drawn[..., 0]


def expect_picture(page, selector, picture):
    """Wait until a canvas shows a picture [8, 8, 1] in [0, 1], up to 1 of 255."""
    for _ in range(100):
        difference = np.abs(pixels(page, selector) - np.round(255 * np.asarray(picture)[..., 0])).max()
        if difference <= 1:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{selector}: differs by {difference} of 255")


@pytest.mark.parametrize(
    ("seed", "temperature"),
    [
        (0, 1.0),
        pytest.param(7, 0.5, marks=pytest.mark.slow),
        pytest.param(-1, 2.0, marks=pytest.mark.slow),
        pytest.param(2**31 - 1, 1.0, marks=pytest.mark.slow),
    ],
)
def test_a_seed_has_the_same_picture_in_the_browser(page, vae, tflite, seed, temperature):
    from tfgen.export.tflite import LiteModel

    received = run(page, "sample", seed=[seed], temperature=[temperature]).reshape(1, 8, 8, 1)
    np.testing.assert_allclose(received, vae.sample(1, seed, temperature), atol=1e-5)
    inputs = {"seed": np.array([seed], np.int32), "temperature": np.array([temperature], np.float32)}
    np.testing.assert_allclose(received, LiteModel(tflite).run("sample", inputs)["images"], atol=1e-5)


@pytest.mark.slow
def test_a_long_time_is_a_plain_number(browser, address):
    context = browser.new_context()
    page = context.new_page()
    try:
        # The clock of the page runs faster, so that a picture takes more than 100 ms.
        page.add_init_script("performance.now = (now => () => 1e5 * now())(performance.now.bind(performance))")
        page.goto(address)
        page.evaluate("tfgen.ready.then(() => tfgen.drawn)")
        page.get_by_text("ms per picture").wait_for()
        said = page.get_by_text("ms per picture").inner_text()
        assert re.search(r" \d{3,} ms per picture", said), said
    finally:
        context.close()


def test_every_signature_has_the_same_output_in_the_browser(page, tflite):
    from tfgen.export.tflite import LiteModel

    model = LiteModel(tflite)
    images = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    requests = {
        "decode": {"latent": np.array([[0.5, -1.0, 2.0]], np.float32)},
        "encode": {"images": images},
        "reconstruct": {"images": images},
        "interpolate": {
            "seed_from": np.array([3], np.int32),
            "seed_to": np.array([9], np.int32),
            "position": np.array([0.3], np.float32),
        },
    }
    assert set(page.evaluate("tfgen.ready")) == set(model.names)
    for name, inputs in requests.items():
        (expected,) = model.run(name, inputs).values()
        received = run(page, name, **{key: value.ravel().tolist() for key, value in inputs.items()})
        np.testing.assert_allclose(received, expected.ravel(), atol=1e-5, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["GAN", "Flow", "VAE with a learned prior"])
def test_a_seed_has_the_same_picture_in_the_browser_for_every_family(browser, family, built_page, served, tmp_path):
    import keras

    import tfgen
    from tfgen.export.signatures import signatures
    from tfgen.export.tflite import write_float32

    keras.utils.set_random_seed(3)
    if family == "GAN":
        model = tfgen.GAN((8, 8, 1), levels=17, arch="mlp", latent_dim=3, generator_hidden=(16,))
    elif family == "Flow":
        model = tfgen.Flow((8, 8, 1), levels=17)
    else:
        model = tfgen.VAE((8, 8, 1), levels=17, arch="mlp", hidden=(16,), latent_dim=3, prior="flow")
    for weight in model.trainable_weights:
        # Weights that start at zero would make a flow the identity.
        weight.assign(weight + 0.05 * keras.random.normal(weight.shape, seed=1))
    write_float32(signatures(model, batch=1), tmp_path / "model.tflite")
    with served(built_page, tmp_path / "model.tflite") as url, opened(browser, url) as page:
        for seed in (0, 7, -1):
            received = run(page, "sample", seed=[seed], temperature=[1.0]).reshape(1, 8, 8, 1)
            np.testing.assert_allclose(received, model.sample(1, seed), atol=1e-5)
        page.focus("#pad")
        page.keyboard.press("Home")
        corner = model.sample(1, 0)
        # With a learned prior, the page uses the encoding of the seed's picture as the latent.
        expect_picture(page, "#decoded", (model.decode(model.encode(corner)) if "prior" in family else corner)[0])


@pytest.mark.slow
def test_the_page_shows_the_pictures_of_its_seeds(page, vae):
    expected = vae.sample(20, seed=0).numpy()
    for index in (0, 1, 19):
        expect_picture(page, f"#page canvas >> nth={index}", expected[index])
    page.fill("#seed", "41")
    expect_picture(page, "#page canvas >> nth=2", vae.sample(1, seed=43)[0])
    assert page.locator("#page canvas").nth(2).get_attribute("aria-label") == "The picture of seed 43"


@pytest.mark.slow
def test_an_invalid_seed_keeps_the_pictures_of_the_last_valid_one(page, vae):
    for text in ("", "1.5", "99999999999"):
        page.fill("#seed", "5")
        page.fill("#seed", text)
        expect_picture(page, "#page canvas >> nth=0", vae.sample(1, seed=5)[0])
    page.fill("#seed", "2147483647")
    expect_picture(page, "#page canvas >> nth=1", vae.sample(1, seed=-(2**31))[0])


def test_the_keyboard_moves_the_sliders(page, vae):
    page.focus("#temperature")
    page.keyboard.press("Home")
    assert page.inner_text("#temperature-value") == "0.00"
    expect_picture(page, "#page canvas >> nth=3", vae.sample(1, seed=3, temperature=0.0)[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#temperature-value") == "0.10"
    expect_picture(page, "#page canvas >> nth=3", vae.sample(1, seed=3, temperature=0.1)[0])
    page.focus("#position")
    page.keyboard.press("End")
    expect_picture(page, "#interpolated", vae.sample(1, seed=1)[0])


@pytest.mark.slow
def test_an_interpolation_starts_and_ends_at_the_pictures_of_its_seeds(page, vae):
    page.fill("#from", "4")
    page.fill("#to", "12")
    expect_picture(page, "#strip canvas >> nth=0", vae.sample(1, seed=4)[0])
    expect_picture(page, "#strip canvas >> nth=8", vae.sample(1, seed=12)[0])


@pytest.mark.slow
def test_the_corners_of_the_map_are_the_pictures_of_four_seeds(page, vae):
    page.fill("#corners", "30")
    page.focus("#pad")
    page.keyboard.press("Home")
    expect_picture(page, "#decoded", vae.sample(1, seed=30)[0])
    page.keyboard.press("End")
    expect_picture(page, "#decoded", vae.sample(1, seed=33)[0])
    drawn = np.asarray(page.locator("#map").evaluate(PIXELS)).reshape(9, 8, 9, 8, 4)[..., 0]
    corners = np.round(255 * vae.sample(4, seed=30).numpy()[..., 0])
    found = [drawn[0, :, 0], drawn[0, :, 8], drawn[8, :, 0], drawn[8, :, 8]]
    np.testing.assert_allclose(found, corners, atol=1)


@pytest.mark.slow
def test_arrow_keys_move_the_handle_up_to_the_edge(page):
    where = page.locator("#pad")
    page.focus("#pad")
    assert where.get_attribute("aria-valuetext") == "50% right, 50% down"
    before = page.locator("#decoded").evaluate(PIXELS)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert where.get_attribute("aria-valuetext") == "52% right, 48% down"
    for _ in range(9):
        page.keyboard.press("Shift+ArrowLeft")
    assert where.get_attribute("aria-valuetext") == "0% right, 48% down"
    for _ in range(100):
        if page.locator("#decoded").evaluate(PIXELS) != before:
            return
        page.wait_for_timeout(50)
    raise AssertionError("The picture did not follow the handle.")


@pytest.mark.slow
def test_the_handle_follows_the_mouse(page, vae):
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 2, steps=5)
    assert page.get_attribute("#pad", "aria-valuetext") == "100% right, 0% down"
    expect_picture(page, "#decoded", vae.sample(1, seed=1)[0])
    # The map captures the pointer: the handle follows outside of the map until the button is released.
    page.mouse.move(box["x"] - 50, box["y"] + box["height"] + 50)
    assert page.get_attribute("#pad", "aria-valuetext") == "0% right, 100% down"
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.get_attribute("#pad", "aria-valuetext") == "0% right, 100% down"


@pytest.mark.slow
def test_the_page_works_by_touch_on_a_narrow_screen(browser, address, vae):
    with opened(browser, address, has_touch=True, is_mobile=True, viewport={"width": 320, "height": 640}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.locator("#pad").scroll_into_view_if_needed()
        box = page.locator("#pad").bounding_box()
        page.touchscreen.tap(box["x"] + 3, box["y"] + box["height"] - 3)
        assert page.get_attribute("#pad", "aria-valuetext") == "0% right, 100% down"
        expect_picture(page, "#decoded", vae.sample(1, seed=2)[0])
        # A finger on the map moves the handle and does not scroll the page.
        assert page.locator("#pad").evaluate("pad => getComputedStyle(pad).touchAction") == "none"


@pytest.mark.slow
def test_the_colours_follow_the_system(browser, address):
    levels = {}
    for scheme in ("light", "dark"):
        with opened(browser, address, color_scheme=scheme) as page:
            colours = page.evaluate(
                "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
            )
            levels[scheme] = [np.mean([int(part) for part in c[4:-1].split(",")]) for c in colours]
    assert levels["light"][0] > 200 > 100 > levels["light"][1]
    assert levels["dark"][0] < 50 < 150 < levels["dark"][1]


def test_the_page_fetches_from_its_own_server_only(browser, address):
    context = browser.new_context()
    page = context.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    page.evaluate("tfgen.ready.then(() => tfgen.drawn)")
    assert any(url.endswith(".wasm") for url in requested)
    assert not [url for url in requested if not url.startswith((address, "data:"))]
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate("fetch('http://localhost:9/')")
    context.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.tflite", "Expected absent.tflite on the server. Received: 404"),
        ("picture.tflite", "picture.tflite has another format (108 bytes)."),
        ("cut.tflite", "Expected a complete TensorFlow Lite model in cut.tflite."),
        (
            "other.tflite",
            "Expected a signature named sample, which tfgen export writes. other.tflite has: ",
        ),
    ],
)
def test_the_page_says_why_a_model_does_not_load(browser, address, name, message):
    with opened(browser, f"{address}?model={name}") as page:
        page.wait_for_selector("#problem:not([hidden])")
        assert message in page.inner_text("#problem")
        assert page.get_attribute("#problem", "role") == "alert"
        assert not page.is_visible("main")


@pytest.mark.slow
def test_after_an_error_another_model_can_be_chosen_or_opened(browser, address, tflite, vae):
    with opened(browser, f"{address}?model=picture.tflite") as page:
        page.wait_for_selector("#problem:not([hidden])")
        page.select_option("#file", "model.tflite")
        page.wait_for_selector("main:not([hidden])")
        assert not page.is_visible("#problem")
        page.set_input_files("#open", [str(tflite)])
        page.evaluate("tfgen.ready")
        page.fill("#seed", "9")
        expect_picture(page, "#page canvas >> nth=0", vae.sample(1, seed=9)[0])


# -- conditional models ------------------------------------------------------------------------------------------------


@pytest.fixture
def conditional_page(browser, built_page, served, conditional_tflite, tflite):
    with served(built_page, conditional_tflite, tflite) as url, opened(browser, url) as page:
        yield page


@pytest.mark.slow
def test_a_chosen_class_changes_the_samples(conditional_page, conditional_model):
    expect_picture(conditional_page, "#page canvas >> nth=2", conditional_model.sample(1, seed=2)[0])
    conditional_page.select_option("#label", label="owl")
    expect_picture(conditional_page, "#page canvas >> nth=2", conditional_model.sample(1, seed=2, label="owl")[0])
    conditional_page.select_option("#label", label="each class in turn")
    expect_picture(conditional_page, "#page canvas >> nth=4", conditional_model.sample(1, seed=4, label="dog")[0])
    name = conditional_page.locator("#page canvas").nth(4).get_attribute("aria-label")
    assert name == "The picture of seed 4 and class dog"


@pytest.mark.slow
def test_the_map_and_the_interpolation_have_classes(conditional_page, conditional_model):
    conditional_page.select_option("#latent-label", label="dog")
    conditional_page.focus("#pad")
    conditional_page.keyboard.press("Home")
    expect_picture(conditional_page, "#decoded", conditional_model.sample(1, seed=0, label="dog")[0])
    conditional_page.fill("#to", "0")
    conditional_page.select_option("#label-from", label="cat")
    conditional_page.select_option("#label-to", label="owl")
    expect_picture(conditional_page, "#strip canvas >> nth=0", conditional_model.sample(1, seed=0, label="cat")[0])
    expect_picture(conditional_page, "#strip canvas >> nth=8", conditional_model.sample(1, seed=0, label="owl")[0])


@pytest.mark.slow
def test_the_likelihood_of_a_conditional_model_is_refused_instead_of_wrong(conditional_page):
    with pytest.raises(Exception, match="Expected a signature without a loop"):
        run(conditional_page, "log_prob", images=[0.5] * 64, seed=[3], label=[0])


@pytest.mark.slow
def test_the_classes_are_hidden_for_a_model_without_classes(conditional_page):
    assert conditional_page.is_visible("#label")
    conditional_page.select_option("#file", "model.tflite")
    conditional_page.evaluate("tfgen.ready.then(() => tfgen.drawn)")
    assert not conditional_page.is_visible("#label")
    assert not conditional_page.is_visible("#label-to")
