"""A client that sends too many requests in a minute is told so, and other clients are not affected."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware

from tfgen.app.rate_limit import RateLimit


def answers(requests, limit=3, logins=2) -> list[httpx.Response]:
    """The responses to (method, path, address of the client) of an app with that limit."""
    app = FastAPI(middleware=[Middleware(RateLimit, limit, logins)])
    for path in ("/gradio_api/queue/join", "/login", "/login/"):
        app.post(path)(lambda: {"fine": 1})
    app.get("/gradio_api/queue/join")(lambda: {"fine": 1})

    async def ask():
        found = []
        for method, path, address in requests:
            transport = httpx.ASGITransport(app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
                found.append(await client.request(method, path))
        return found

    return asyncio.run(ask())


def statuses(requests, **settings) -> list[int]:
    return [answer.status_code for answer in answers(requests, **settings)]


JOIN = ("POST", "/gradio_api/queue/join", "1.2.3.4")


def test_requests_above_the_limit_get_a_sentence_and_the_time_to_wait():
    *accepted, refused = answers([JOIN] * 4)
    assert [answer.status_code for answer in accepted] == [200] * 3
    assert refused.status_code == 429
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    assert refused.json() == {"detail": f"Expected at most 3 requests a minute. Received: more. Try again in {wait} s"}


def test_each_client_has_a_limit_of_its_own():
    assert statuses([JOIN] * 4 + [("POST", "/gradio_api/queue/join", "5.6.7.8")]) == [200] * 3 + [429, 200]


def test_requests_that_compute_nothing_are_not_counted():
    assert statuses([("GET", *JOIN[1:])] * 9 + [JOIN] * 4) == [200] * 12 + [429]


@pytest.mark.parametrize("limit", [3, 0])
def test_attempts_to_log_in_have_a_limit_of_their_own(limit):
    login = [("POST", "/login", "1.2.3.4"), ("POST", "/login/", "1.2.3.4")]
    assert statuses([*login, login[0], JOIN], limit=limit) == [200, 200, 429, 200]


def test_any_number_of_requests_is_allowed_by_zero():
    assert statuses([JOIN] * 30, limit=0) == [200] * 30
