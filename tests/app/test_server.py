"""The address of the server, and the folder of its files."""

import os
import socket
import threading
from pathlib import Path

import pytest

from tfgen.app.server import check_address, private_cache, wait
from tfgen.errors import ConfigError
from tfgen.ports import LOOPBACK, free_port


def test_a_free_port_is_accepted():
    check_address(LOOPBACK, free_port())
    check_address(LOOPBACK, 0)


def test_a_port_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            check_address(LOOPBACK, port)
    message = str(caught.value)
    assert message.startswith("--host, --port: expected an address of this machine that is free.")
    assert f"Received: {LOOPBACK}:{port} (" in message


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "::ffff:203.0.113.1", "x" * 300, "é" * 100, "a..b"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(ConfigError, match="expected an address of this machine"):
        check_address(host, 7860)


def test_the_cache_of_gradio_is_a_folder_of_this_process_and_is_deleted(monkeypatch):
    # Restores the environment variables at the end.
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, "")
    with private_cache():
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        (folder / "picture.png").touch()
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert not folder.exists()


def test_waiting_in_a_thread_sets_no_signal():
    failed = []

    def run():
        try:
            wait()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(0.2)
    assert not failed
