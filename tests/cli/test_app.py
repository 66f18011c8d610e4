"""The command `tfgen app`: messages about wrong options, and the start and end of the server."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from tfgen.cli.app import main

ROOT = Path(__file__).parents[2]


def error_message(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "Traceback" not in printed.err
    return printed.err.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "expected an integer from 0 to 65535. Received: 'x'"),
        (["--port", "65536"], "Received: '65536'"),
        (["--port", "-1"], "Received: '-1'"),
        (["--port"], "--port"),
        (["--prot", "1"], "Received: '--prot'. Did you mean '--port'?"),
        (["--por", "1"], "Received: '--por'"),
        (["runs"], "Received: 'runs'"),
        (["--share", "yes"], "Received: 'yes'"),
    ],
)
def test_a_wrong_option_is_refused(capsys, arguments, words):
    assert words in error_message(capsys, *arguments)


def test_runs_that_are_a_file_are_refused(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert error_message(capsys, "--runs", tmp_path / "file") == (
        f"error: --runs: expected a folder. Received: {tmp_path / 'file'}, which is a file"
    )


def test_mcp_without_its_package_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = error_message(capsys, "--runs", tmp_path, "--port", 0, "--mcp")
    assert "--mcp: expected the packages of: pip install 'tfgen[mcp]'" in message


@pytest.mark.parametrize(
    ("entry", "content", "words"),
    [
        ("me", None, "expected USER:FILE"),
        (":FILE", "x", "expected USER:FILE"),
        ("me:", None, "expected USER:FILE"),
        ("me:FILE", None, "No such file"),
        ("me:FILE", "", "expected a password"),
        ("me:FILE", "\nsecond line", "expected a password"),
        ("me:FILE", b"\xff", "password of me"),
        ("me:~nosuch", None, "user who does not exist"),
    ],
)
def test_a_wrong_password_file_is_refused(capsys, tmp_path, entry, content, words):
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert words in error_message(capsys, "--port", 0, "--auth", entry.replace("FILE", str(path)))


def test_a_user_has_one_password_and_programs_of_mcp_have_none(capsys, tmp_path):
    (tmp_path / "password").write_text("x")
    entry = f"me:{tmp_path / 'password'}"
    assert "two for 'me'" in error_message(capsys, "--auth", entry, "--auth", entry)
    assert "--mcp, whose clients cannot give a password" in error_message(capsys, "--auth", entry, "--mcp")


@pytest.mark.parametrize(
    ("options", "read_only"),
    [([], False), (["--read-only"], True), (["--share"], True), (["--share", "--auth", "me:FILE"], False)],
)
def test_a_public_address_without_password_is_read_only(tmp_path, monkeypatch, capsys, options, read_only):
    from tfgen.app import server

    (tmp_path / "password").write_text("x")
    given = {}

    @contextlib.contextmanager
    def serving(root, **settings):
        given.update(settings)
        yield "http://address"

    monkeypatch.setattr(server, "serving", serving)
    monkeypatch.setattr(server, "wait", lambda: None)
    monkeypatch.setattr(server, "private_cache", contextlib.nullcontext)
    main(["--port", "0", *(option.replace("FILE", str(tmp_path / "password")) for option in options)])
    assert given["read_only"] is read_only
    assert ("read-only" in capsys.readouterr().out) is read_only
    assert given["auth"] == ([("me", "x")] if "--auth" in options else [])
    assert given["rate"] is None


@pytest.mark.slow
def test_an_app_with_password_serves_nothing_without_it_and_read_only_writes_nothing(tmp_path):
    (tmp_path / "password").write_text("correct horse\n")
    options = ["--port=0", "--read-only", f"--runs={tmp_path / 'absent'}", f"--auth=me:{tmp_path / 'password'}"]
    process = subprocess.Popen(
        [sys.executable, "app.py", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert "(read-only, " in line
        with httpx.Client(base_url=line.split()[2], timeout=60) as http:
            for path in ("config", "gradio_api/info", "gradio_api/queue/data", "gradio_api/file=/etc/passwd"):
                assert http.get(path).status_code == 401, path
            assert http.post("gradio_api/call/sample", json={"data": []}).status_code == 401
            assert http.post("gradio_api/upload", files={"files": ("a.png", b"x")}).status_code == 401
            wrong = http.post("login", data={"username": "me", "password": "wrong"})
            assert wrong.status_code == 400
            assert http.post("login", data={"username": "me", "password": "correct horse"}).status_code == 200
            handlers = http.get("gradio_api/info").json()["named_endpoints"]
            assert "/sample" in handlers
            assert "/favourites" in handlers
            for name, data in (
                *(("start_training", ["vae"]), ("resume_training", ["vae"]), ("stop_training", [])),
                *(("training_state", []), ("train_on_pictures", ["vae"])),
                ("save_favourite", ["mnist-vae", "?tab=sample", "mine"]),
                ("delete_favourite", ["mnist-vae", "mine"]),
            ):
                assert f"/{name}" not in handlers
                assert http.post(f"gradio_api/call/{name}", json={"data": data}).status_code == 404
            assert not (tmp_path / "absent").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (out, err) == ("", "")


def test_help_imports_neither_tensorflow_nor_gradio():
    program = (
        "import sys, runpy; sys.argv = ['app.py', '--help']\n"
        "try: runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'tensorflow', 'keras', 'gradio', 'numpy'} & set(sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    for flag in ("--runs", "--host", "--port", "--share", "--mcp", "--auth", "--read-only"):
        assert flag in printed.stdout
    assert "[default: 127.0.0.1]" in printed.stdout


def test_the_page_is_served_on_loopback_until_sigterm(tmp_path):
    """The program prints one line, serves the page, and leaves no files behind."""
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", "0", "--runs", str(tmp_path / "absent")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = line.split()[2]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"tfgen" in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (out, err) == ("", "")
    assert not list((tmp_path / "temporary").iterdir())
    assert not (tmp_path / "absent").exists()
