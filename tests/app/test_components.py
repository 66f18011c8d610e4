"""Components pass values to the handlers unchanged, and files only if they were uploaded."""

import base64
import io
from pathlib import Path

import gradio as gr
import pytest
from gradio.components.image import ImageData
from PIL import Image

from tfgen.app import components


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.mark.parametrize(
    "component",
    [
        components.slider(1, 144, 36, step=1),
        components.integer(3),
        components.seed(),
        components.temperature(),
        components.radio(["a", "b"], value="a"),
        components.run_dropdown(choices=["a"], value="a"),
    ],
)
@pytest.mark.parametrize("value", [None, 0, 1.5, float("nan"), 10**9, "x", ["a"], {"a": 1}])
def test_values_are_passed_unchanged(component, value):
    assert component.preprocess(value) is value


def test_the_api_description_lists_no_runs():
    assert components.run_dropdown(choices=["a"], value="a").api_info() == {"type": "string"}
    several = components.run_dropdown(choices=["a"], value=["a"], multiselect=True)
    assert several.api_info() == {"type": "array", "items": {"type": "string"}}


def test_an_uploaded_file_is_passed_unopened_with_its_own_name(cache):
    file = cache / "hash" / "image.png"
    file.parent.mkdir()
    file.write_text("not opened")
    passed = components.upload("Picture").preprocess(ImageData(path=str(file), orig_name="mine.png"))
    assert passed == {"path": str(file), "name": "mine.png"}
    assert components.upload("Picture").preprocess(None) is None


@pytest.mark.parametrize(
    "path", ["outside.png", "cache/../outside.png", "cache/link.png", "cache", "cache/none.png", None]
)
def test_a_file_that_was_not_uploaded_is_not_passed(cache, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outside.png").touch()
    (cache / "link.png").symlink_to(tmp_path / "outside.png")
    for spelling in (path, path and str(tmp_path / path)):
        passed = components.upload("Picture").preprocess(ImageData(path=spelling, url="x", orig_name="mine.png"))
        assert passed == {"path": None, "name": "mine.png"}


def drawing(content: bytes | None = None) -> str:
    if content is None:
        file = io.BytesIO()
        Image.new("L", (4, 4), 7).save(file, "png")
        content = file.getvalue()
    return "data:image/png;base64," + base64.b64encode(content).decode()


def test_a_drawing_is_passed_as_a_file_in_the_cache(cache):
    passed = components.drawing_pad("Draw").preprocess(drawing())
    assert passed["name"] == "the drawing"
    assert Path(passed["path"]).is_relative_to(cache)
    with Image.open(passed["path"]) as picture:
        assert picture.getpixel((0, 0)) == 7


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_drawing_pad_gives_none(value):
    assert components.drawing_pad("Draw").preprocess(value) is None


@pytest.mark.parametrize(
    "value", ["x", "http://example.com/a.png", "data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", 3, ["x"]]
)
def test_a_value_that_is_no_drawing_is_refused(cache, value):
    with pytest.raises(gr.Error, match="Expected a drawing as a PNG in a data URL") as caught:
        components.drawing_pad("Draw").preprocess(value)
    assert caught.value.print_exception is False
    assert not list(cache.iterdir())


def test_a_notice_is_capitalized_and_escaped_and_hidden_if_empty():
    assert components.notice_update("a GAN has <no> encoder") == gr.update(
        value="A GAN has &lt;no&gt; encoder", visible=True
    )
    assert components.notice_update("")["visible"] is False


def test_templates_contain_the_label():
    for html in (components.drawing_pad("Draw the first one"), components.latent_map("Drag the point")):
        assert html.label in html.html_template
        assert "LABEL" not in html.html_template
