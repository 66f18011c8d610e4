"""When pictures of the user are described again, and which image size stands in the field, without a browser."""

import asyncio
import gc
import io
import json
import warnings
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tfgen.app import page
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.model_cache import ModelCache
from tfgen.app.tabs import own_pictures
from tfgen.app.trainer import Trainer

SKIPPED = {"__type__": "update"}


@pytest.fixture(autouse=True)
def caches(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("decoded")))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("served")))


@pytest.fixture
def upload(tmp_path):
    """A function that returns an upload of pictures whose sides are given."""

    def make(name, *sides):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for i in range(12):
                file, side = io.BytesIO(), sides[i % len(sides)]
                Image.fromarray(np.full((side, side), i, np.uint8)).save(file, "png")
                archive.writestr(f"{i}.png", file.getvalue())
        return {"path": str(tmp_path / name), "name": name}

    return make


class Fields:
    """The fields of the page, with the browser's part of the event: the field of the size takes the proposed size."""

    def __init__(self, root):
        self.context = SimpleNamespace(is_local=True, catalogue=SimpleNamespace(root=root))
        self.shown, self.size = "", 0

    def describe(self, archive=None, folder="", fit="crop", skip_broken=False, typed=None):
        """Return the updates of the description and of the sheet. `typed`: a size that is typed meanwhile."""
        shown, *updates = own_pictures.described(self.context, self.shown, archive, folder, self.size, fit, skip_broken)
        self.shown = self.shown if shown == SKIPPED else shown
        self.size = self.size if typed is None else typed
        known = json.loads(self.shown or "{}")
        if not self.size or self.size == known.get("replaced"):
            self.size = known.get("proposed") or 0
        return updates


@pytest.fixture
def fields(tmp_path):
    return Fields(tmp_path)


def test_the_proposed_size_is_filled_in_and_replaced_with_the_pictures(fields, upload):
    small, large = upload("small.zip", 10, 20, 10), upload("large.zip", 40, 20, 40)
    text, sheet = fields.describe(small)
    assert fields.size == 10 and "Proposed: **10**" in text and sheet["visible"]
    assert fields.describe(small) == [SKIPPED] * 2
    fields.describe(large)
    assert fields.size == 40
    fields.describe(large, fit="pad")
    fields.describe(None)
    assert fields.size == 0
    fields.describe(upload("one-size.zip", 8))
    assert fields.size == 0


def test_a_size_that_the_user_typed_stays(fields, upload):
    small, large = upload("small.zip", 10, 20, 10), upload("large.zip", 40, 20, 40)
    fields.describe(small, typed=16)
    assert fields.size == 16
    text, _ = fields.describe(small)
    assert "16×16 pixels" in text and "Proposed" not in text
    for archive in (None, large, small):
        fields.describe(archive)
        assert fields.size == 16


def test_a_filled_in_size_is_still_a_proposal_after_another_option_changed(fields, upload):
    fields.describe(upload("small.zip", 10, 20, 10))
    fields.describe(upload("small.zip", 10, 20, 10), fit="pad")
    fields.describe(upload("one-size.zip", 8))
    assert fields.size == 0


def test_pictures_are_described_again_only_if_a_value_changed(fields, upload, monkeypatch):
    archive = upload("small.zip", 10)
    fields.describe(archive)
    asked = []
    found = SimpleNamespace(text="described", sheet="sheet.png", proposed_size=None)
    monkeypatch.setattr(own_pictures, "description_of", lambda *values, **options: asked.append(options) or found)
    for _ in range(2):
        assert fields.describe(archive) == [SKIPPED] * 2
    assert not asked
    assert fields.describe(archive, skip_broken=True)[0] == "described"
    assert fields.describe(None, "/somewhere")[0] == "described"
    fields.size = 12
    fields.describe(None, "/somewhere")
    assert [each["image_size"] for each in asked] == [None, None, 12]


def test_without_pictures_or_with_bad_ones_no_earlier_sheet_stays(fields, upload):
    archive = upload("small.zip", 10)
    assert fields.describe() == ["", {**SKIPPED, "value": None, "visible": False}]
    fields.describe(archive)
    assert fields.describe(None) == ["", {**SKIPPED, "value": None, "visible": False}]
    fields.describe(archive)
    text, sheet = fields.describe(archive, "/somewhere")
    assert text.startswith("**Not possible.**") and "Received: both" in text
    assert (sheet["value"], sheet["visible"]) == (None, False)
    text, _ = fields.describe(None, "/secret folder/*<i>*")
    assert r"\*&lt;i&gt;\*" in text and "<i>" not in text
    fields.describe(archive)
    assert fields.describe(archive)[0] == SKIPPED


def test_the_events_that_compute_do_not_wait_for_the_reading_of_pictures(tmp_path):
    with warnings.catch_warnings():
        # Gradio leaves an event loop open.
        warnings.simplefilter("ignore", ResourceWarning)
        blocks = page.build(Context(Catalogue(tmp_path), ModelCache(Catalogue(tmp_path)), Trainer(tmp_path)))
        asyncio.set_event_loop(None)
        gc.collect()
    groups = {function.api_name: function.concurrency_id for function in blocks.fns.values()}
    assert groups["describe_pictures"] == groups["read_pictures"] == "pictures"
    assert groups["sample"] == "model"
