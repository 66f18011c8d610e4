import socket
import sys

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfgen.errors import ConfigError, RunError
from tfgen.ondevice.web.server import make_server, model_files, serve

#: The first bytes of a .tflite file.
TFLITE = b"\x1c\0\0\0TFL3"


def test_the_unquantized_model_is_first(tmp_path):
    for name in ("model-float16.tflite", "a.tflite", "model.tflite"):
        (tmp_path / name).write_bytes(TFLITE)
    assert [file.name for file in model_files(tmp_path)] == ["model.tflite", "a.tflite", "model-float16.tflite"]
    (tmp_path / "export" / "tflite").mkdir(parents=True)
    (tmp_path / "export" / "tflite" / "b.tflite").write_bytes(TFLITE)
    assert [file.name for file in model_files(tmp_path / "export")] == ["b.tflite"]


@pytest.mark.parametrize("content", [b"", b"TFL3", b"no model at all"])
def test_a_file_of_another_format_is_refused_before_the_page_is_built(tmp_path, content, monkeypatch):
    monkeypatch.setattr("tfgen.ondevice.web.server.build_page", lambda report: pytest.fail("the page was built"))
    (tmp_path / "x.keras").write_bytes(content)
    (tmp_path / "tflite").mkdir()
    (tmp_path / "tflite" / "model.tflite").write_bytes(content)
    for path in (tmp_path / "x.keras", tmp_path):
        with pytest.raises(RunError, match="Expected a TFLite model"):
            serve(path)


def test_a_taken_port_is_rejected(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="a free port"):
            make_server([], tmp_path, "127.0.0.1", taken.getsockname()[1])


def test_only_the_page_and_the_models_are_served(tmp_path, served):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_bytes(b"page")
    (tmp_path / "model.tflite").write_bytes(b"model")
    (tmp_path / "secret").write_bytes(b"secret")
    with served(tmp_path / "page", tmp_path / "model.tflite") as url:
        assert requests.get(url, timeout=10).content == b"page"
        assert requests.get(f"{url}models.json", timeout=10).json() == ["model.tflite"]
        assert requests.get(f"{url}models/model.tflite", timeout=10).content == b"model"
        for path in ("models/secret", "models/..%2Fsecret", "..%2Fsecret", "models/"):
            assert requests.get(url + path, timeout=10).status_code == 404


def exchange(url: str, request: bytes) -> bytes:
    """Send bytes to a server and return the first line of its response."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").readline()


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.binary(max_size=40) | st.sampled_from([b"%00", b"models/%00", b"x" * 5000, b"%ff%fe", b"models/%ff", b"//x"]))
def test_any_path_gives_a_response_and_no_traceback(tmp_path_factory, served, path):
    page = tmp_path_factory.mktemp("page")
    failures = []
    with served(page) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr("socketserver.BaseServer.handle_error", lambda *_: failures.append(sys.exc_info()[1]))
        line = exchange(url, b"GET /" + path.replace(b"\n", b"") + b" HTTP/1.1\r\n\r\n")
    assert not failures
    # The response to a request without a version of HTTP has no status.
    assert not line or line.startswith(b"<") or line.split()[1] in (b"200", b"301", b"400", b"404", b"414", b"505")
