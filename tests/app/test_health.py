"""The address that containers ask whether the app answers."""

import gradio as gr
import httpx

from tfgen.app import server
from tfgen.ports import LOOPBACK


def test_health_answers_without_a_password_and_tells_nothing_else(without_open_loops):
    with gr.Blocks() as blocks:
        gr.Markdown("page")
    url = server._launch(blocks, LOOPBACK, 0, False, False, False, [("me", "password")], 0)
    try:
        response = httpx.get(f"{url}health", timeout=30)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
        assert httpx.post(f"{url}health", timeout=30).status_code == 405
        assert httpx.get(f"{url}config", timeout=30).status_code == 401
    finally:
        blocks.close(verbose=False)
