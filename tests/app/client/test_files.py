"""Files that the server serves, uploads, and drawings: nothing of the machine can be read through them."""

import io
import itertools
from pathlib import Path

import httpx
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from tfgen import pretrained


def test_files_of_the_machine_are_not_served(app, runs):
    root = runs.root.resolve()
    paths = [
        "/etc/passwd", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd",
        "file:///etc/passwd", "/proc/self/environ", "%00", "", "app.py", "pyproject.toml", "x" * 5000,
        str(root), str(root / "vae" / "config.json"), str(root / "vae" / "model.keras"), "runs/vae/config.json",
        f"{app.cache}/../{root.parent.name}/runs/vae/config.json", f"{app.cache}/x/../../../etc/passwd", str(app.cache),
    ]  # fmt: skip
    prefixes = ("gradio_api/file=", "gradio_api/file/", "file=", "static/", "assets/", "gradio_api/proxy=")
    with httpx.Client(base_url=app.url, timeout=20) as http:
        for prefix, path in itertools.product(prefixes, paths):
            answer = http.get(f"/{prefix}{path}")
            assert answer.status_code in (307, 400, 403, 404, 405), (prefix, path, answer.status_code)
            assert b"root:" not in answer.content and b"architecture" not in answer.content


def test_a_result_is_served_and_nothing_else_in_its_folder(app, call):
    _, (picture, _) = call("sample", "gan", 4, 0, 1.0, "any class", 0.0, "removed")
    answer = httpx.get(picture["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert httpx.get(picture["url"].replace(".png", ".txt")).status_code in (403, 404)
    assert httpx.get(picture["url"].rpartition("/")[0]).status_code in (403, 404)


OUTSIDE = str(pretrained.FOLDER / "digits-vae" / "samples.png")


@pytest.mark.parametrize(
    "picture",
    [
        {"path": OUTSIDE},
        {"path": OUTSIDE, "meta": {}},
        {"path": OUTSIDE, "meta": {"_type": "something else"}},
        {"path": OUTSIDE, "meta": {"_type": "gradio.FileData"}},
        {"path": OUTSIDE, "is_stream": True, "meta": {"_type": "gradio.FileData"}},
        {"path": f"file://{OUTSIDE}", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://127.0.0.1:1/a.png", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://localhost/a.png", "url": "http://localhost/a.png", "meta": {"_type": "gradio.FileData"}},
    ],
)
def test_a_picture_that_was_not_uploaded_is_not_read(error_of, picture):
    message = error_of("reconstruct", "vae", picture, False)
    assert "samples.png" not in message or "not uploaded" in message


def test_the_message_does_not_tell_whether_a_file_exists(error_of):
    there, absent = (error_of("reconstruct", "vae", {"path": path}, False) for path in (OUTSIDE, "/none.png"))
    assert there == absent


def upload(app, content: bytes, name: str) -> httpx.Response:
    return httpx.post(f"{app.url}gradio_api/upload", files={"files": (name, content)}, timeout=60)


def test_an_upload_that_is_too_large_is_refused(app):
    assert upload(app, bytes(20 * 2**20 + 1), "large.png").status_code == 413
    assert not [path for path in app.cache.rglob("*") if path.is_file() and path.stat().st_size > 20 * 2**20]


def test_an_address_is_not_fetched(error_of, monkeypatch):
    def fetch(*_):
        raise AssertionError("fetches")

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_download", fetch)
    for address in ("https://example.com/a.png", "http://93.184.216.34/a.png"):
        picture = {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}}
        assert "an address, which is not fetched" in error_of("reconstruct", "vae", picture, False, "any class")


def test_a_request_that_is_too_large_is_refused(app):
    answer = httpx.post(f"{app.url}gradio_api/call/sample", json={"data": ["x" * (2 * 2**20)]}, timeout=60)
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("Expected a request of 2097152 bytes or fewer")


def test_nothing_is_recorded_elsewhere(app):
    with httpx.Client(base_url=app.url, timeout=20) as http:
        assert http.post("gradio_api/run-history/connect", json={"bucket_id": "me/x"}).status_code == 404
        assert http.get("gradio_api/run-history/buckets").status_code == 404
        assert http.get("monitoring").status_code in (403, 404)
        assert http.get("monitoring/summary").status_code in (403, 404)


@pytest.mark.parametrize(
    "name", ["../../outside.png", "/etc/outside.png", "..", "a\0b.png", "x" * 300 + ".png", "é <b>.png"]
)
def test_no_name_of_an_upload_leads_out_of_the_cache(app, name):
    answer = upload(app, b"x", name)
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert Path(answer.json()[0]).resolve().is_relative_to(app.cache.resolve())


def encoded(picture: Image.Image, kind: str = "png", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


FRAMES = [Image.new("L", (9, 9), level) for level in (0, 99, 200)]
UPLOADS = {
    "text.png": (b"no picture", "a file that is no picture"),
    "empty.png": (b"", "an empty file"),
    "code.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a file that is no picture"),
    "half.png": (encoded(Image.effect_noise((90, 90), 90))[:1000], "damaged"),
    "moving.gif": (encoded(FRAMES[0], "gif", save_all=True, append_images=FRAMES[1:]), "3 frames"),
    "bomb.png": (encoded(Image.new("1", (9600, 9600))), "at most"),
    "large.png": (encoded(Image.new("1", (8000, 4001))), "at most 32 megapixels. Received: 8000×4001"),
    "blank.png": (encoded(Image.new("L", (9, 9), 255)), "an empty page"),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_bad_upload_gives_a_message_with_its_name(client, tmp_path, name):
    content, words = UPLOADS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AppError, match=words) as caught:
        client.predict("vae", handle_file(str(tmp_path / name)), True, api_name="/reconstruct")
    assert str(caught.value).startswith(f"{name}: expected ")
    assert "/" not in str(caught.value)
