"""Fixtures: requests to the app by plain HTTP, without `gradio_client`, which completes and checks what it sends."""

import json

import httpx
import pytest


@pytest.fixture(scope="module")
def call(app):
    """A function that calls a handler by plain HTTP and returns (event, result or error)."""
    with httpx.Client(base_url=f"{app.url}gradio_api", timeout=60) as http:

        def send(handler: str, *data, body: bytes | None = None):
            content = json.dumps({"data": data}) if body is None else body
            begun = http.post(f"/call/{handler}", content=content, headers={"Content-Type": "application/json"})
            assert begun.status_code == 200, begun.text
            answer = http.get(f"/call/{handler}/{begun.json()['event_id']}")
            assert answer.status_code == 200
            event, _, data = answer.text.strip().rpartition("event: ")[2].partition("\ndata: ")
            return event, json.loads(data)

        yield send


@pytest.fixture(scope="module")
def error_of(call):
    """A function from a request to the error message of its response."""

    def message(handler: str, *data, **settings) -> str:
        event, answer = call(handler, *data, **settings)
        assert event == "error", answer
        assert isinstance(answer["error"], str)
        assert "\n" not in answer["error"] and "Error:" not in answer["error"]
        return answer["error"]

    return message
