"""Whatever a request holds, the answer is a result or one sentence, and never an error of the server."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfgen.app.labels import ANY, EACH
from tfgen.app.latent_plane import ALONG, AROUND

# Each test sends thirty requests. Other tests have examples of wrong requests.
pytestmark = pytest.mark.slow
quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
#: Handlers that start or change nothing → valid arguments.
HANDLERS = {
    "sample": ["vae", 4, 0, 1.0, ANY, 0.0, "removed"],
    "sample_zip": ["vae", 4, 0, 1.0, ANY, 0.0, "removed"],
    "sample_picture": ["vae", 0, 1.0, ANY, 0.0, "removed"],
    "interpolate": ["vae", 0, 1, 3, "linear", 1.0, ANY, ANY],
    "interpolate_pictures": ["vae", None, None, 3, "linear", True, ANY, ANY],
    "mix": ["vae-classes", 0, 1, 2, 3, 1.0, 1.0, 0.5, 0.0, 1.0, ANY, ANY, ANY, ANY],
    "favourites": ["vae"],
    "delete_favourite": ["vae", "none of this name"],
    "explore": ["vae-classes", 0, 0, 0, AROUND, 1, 2, ANY],
    "latent_map": ["vae-plane", 0, ALONG, 0, 1, ANY],
    "reconstruct": ["vae", None, True, ANY],
    "test_picture": ["vae", 0],
    "compare_samples": [["vae", "gan"], 2, 0, 1.0, ANY],
    "compare": [["vae"]],
    "training": ["vae"],
    "epoch_samples": ["vae", None, False],
    "models": [],
}
NAMES = ["vae", "gan", "points", "vae-classes", "vae-plane", "half-trained", "flipped", "no-json", "nope", ANY, EACH]
files = st.fixed_dictionaries(
    {
        "path": st.none()
        | st.text(max_size=9)
        | st.sampled_from(["/etc/passwd", "https://example.com/a.png", "a" * 400])
    },
    optional={
        "url": st.none() | st.sampled_from(["file:///etc/passwd", "http://127.0.0.1/a"]),
        "meta": st.fixed_dictionaries({"_type": st.just("gradio.FileData")}) | st.none(),
        "is_stream": st.booleans(),
    },
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(NAMES)
    | st.sampled_from(["data:image/png;base64,", "data:image/png;base64,AAAA", "data:image/png;base64,é"])
    | files,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def http(app):
    with httpx.Client(base_url=f"{app.url}gradio_api", timeout=60) as client:
        yield client


def is_sentence(text) -> bool:
    return isinstance(text, str) and bool(text) and "\n" not in text and "Traceback" not in text


def answers(http, handler: str, body: bytes) -> None:
    """Post a body to a handler; fail on every answer but a result or a sentence."""
    begun = http.post(f"/call/{handler}", content=body, headers={"Content-Type": "application/json"})
    assert begun.status_code < 500, begun.text
    if begun.status_code != 200:
        assert "detail" in begun.json()
        return
    answer = http.get(f"/call/{handler}/{begun.json()['event_id']}")
    assert answer.status_code == 200
    event, _, data = answer.text.strip().rpartition("event: ")[2].partition("\ndata: ")
    if event == "error":
        assert is_sentence(json.loads(data)["error"])
    else:
        assert event == "complete"


@st.composite
def requests(draw) -> tuple[str, bytes]:
    handler = draw(st.sampled_from(sorted(HANDLERS)))
    data = list(HANDLERS[handler])
    for _ in range(draw(st.integers(1, 2))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(values)
    if draw(st.integers(0, 5)) == 0:
        data = draw(st.lists(values, max_size=9))
    return handler, json.dumps({"data": data}).encode()


@quickly
@given(requests())
def test_arguments_of_handlers(http, sent):
    answers(http, *sent)


@quickly
@given(
    st.sampled_from([*HANDLERS, "nope", "start_training"]),
    values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
)
def test_bodies(http, handler, body):
    answers(http, handler, body)


@quickly
@given(
    st.sampled_from(
        ["/queue/join", "/component_server", "/cancel", "/reset", "/run/predict", "/upload", "/heartbeat/x"]
    ),
    st.sampled_from(["POST", "PUT", "DELETE"]),
    st.dictionaries(
        st.sampled_from(["data", "fn_index", "session_hash", "event_id", "component_id", "fn_name", "trigger_id"]),
        values,
        max_size=5,
    ),
)
def test_other_routes(http, path, method, body):
    answer = http.request(method, path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, answer.text
