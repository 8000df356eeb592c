"""Headers of safety and origin, request ids, and life behind a reverse proxy."""

from __future__ import annotations

import re

import pytest

from tests.http_support import EMERGENCY, GUIDE, PASSAGE, ask, client_with

SITE = "https://clinic.example"


# Security headers


@pytest.mark.parametrize(
    "path", ["/", f"/guides/{GUIDE}", "/v1/guides", "/nope", "/healthz", "/openapi.json"]
)
def test_every_response_carries_the_protective_headers(path: str) -> None:
    with client_with() as client:
        headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "set-cookie" not in headers


def test_named_sites_may_frame_the_pages() -> None:
    with client_with(frame_ancestors=[SITE]) as client:
        headers = client.get("/").headers
    assert headers["Content-Security-Policy"].endswith(f"frame-ancestors {SITE}")
    assert "X-Frame-Options" not in headers


def test_replies_are_kept_in_no_cache() -> None:
    with client_with() as client:
        response = client.post("/v1/ask", json={"choice": PASSAGE})
    assert response.headers["Cache-Control"] == "no-store"


# Origins


def test_a_named_origin_may_call_and_read() -> None:
    with client_with(allowed_origins=[SITE]) as client:
        response = client.post("/v1/ask", json={"choice": PASSAGE}, headers={"Origin": SITE})
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert response.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://clinic.example.evil.example",
        "https://evil-clinic.example",
        "http://clinic.example",
        "https://clinic.example:8443",
        "https://CLINIC.example",
        "https://clinic.example/",
        "null",
        "*",
    ],
)
def test_any_other_origin_is_not_let_in(origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    with client_with(allowed_origins=[SITE]) as client:
        response = client.post("/v1/ask", json={"choice": PASSAGE}, headers={"Origin": origin})
        preflight = client.options("/v1/ask", headers=asked)
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"
    assert (preflight.status_code, preflight.json()["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in preflight.headers


def test_a_preflight_of_a_named_origin_is_answered() -> None:
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    with client_with(allowed_origins=[SITE]) as client:
        response = client.options("/v1/ask", headers=asked)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]


def test_errors_can_be_read_by_a_named_origin_too() -> None:
    with client_with(allowed_origins=[SITE]) as client:
        response = client.post("/v1/ask", json={}, headers={"Origin": SITE})
    assert response.status_code == 422
    assert response.headers["Access-Control-Allow-Origin"] == SITE


def test_pages_and_figures_are_not_opened_to_other_origins() -> None:
    with client_with(allowed_origins=[SITE]) as client:
        for path in ("/", "/metrics", "/healthz"):
            headers = client.get(path, headers={"Origin": SITE}).headers
            assert "Access-Control-Allow-Origin" not in headers


# Request ids


def test_a_sane_request_id_is_echoed() -> None:
    with client_with() as client:
        response = client.get("/healthz", headers={"X-Request-ID": "edge-7f3a.0001"})
    assert response.headers["X-Request-ID"] == "edge-7f3a.0001"


@pytest.mark.parametrize("offered", ["short", "with spaces in it", "a" * 65, "<b>12345678"])
def test_any_other_request_id_is_replaced(offered: str) -> None:
    with client_with() as client:
        response = client.get("/healthz", headers={"X-Request-ID": offered})
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["X-Request-ID"])


# Behind a reverse proxy


@pytest.mark.parametrize("path", ["/", "/help/", "/help"])
def test_a_prefix_works_whether_the_proxy_strips_it_or_not(path: str) -> None:
    with client_with(root_path="/help") as client:
        page = client.get(path)
        assert 'href="/help/guides/' in page.text
        assert 'src="/help/assets/' in page.text
        for address in re.findall(r'(?:href|src)="(/[^"#]*)', page.text):
            assert address.startswith("/help/")
            assert client.get(address).status_code == 200


def test_a_prefix_stands_in_the_excerpts_addresses_and_the_document() -> None:
    with client_with(root_path="/help") as client:
        reply = client.post("/help/v1/ask", json={"choice": PASSAGE}).json()
        document = client.get("/help/openapi.json").json()
    assert reply["excerpts"][0]["url"].startswith(f"/help/guides/{GUIDE}#")
    assert document["servers"] == [{"url": "/help"}]


def test_a_public_address_stands_in_the_excerpts_addresses() -> None:
    with client_with(public_url="https://help.example/b12/", root_path="/b12") as client:
        reply = client.post("/v1/ask", json={"choice": PASSAGE}).json()
    assert reply["excerpts"][0]["url"].startswith(f"https://help.example/b12/guides/{GUIDE}#")


def test_a_page_whose_name_begins_like_the_prefix_is_not_cut() -> None:
    with client_with(root_path="/he") as client:
        assert client.get("/healthz").status_code == 200


def test_a_stranger_cannot_claim_to_be_local() -> None:
    claimed = {"X-Forwarded-For": "127.0.0.1"}
    with client_with(peer="203.0.113.9") as client:
        assert client.get("/metrics", headers=claimed).status_code == 403
    with client_with(peer="203.0.113.9", trusted_proxies=["10.0.0.0/8"]) as client:
        assert client.get("/metrics", headers=claimed).status_code == 403


def test_a_proxy_on_this_machine_does_not_open_the_figures() -> None:
    with client_with(trusted_proxies=["127.0.0.1"]) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_an_urgent_reply_comes_through_a_proxy_with_all_its_headers() -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    with client_with(trusted_proxies=["127.0.0.1/32"]) as client:
        client.headers.update(forwarded)
        assert ask(client, EMERGENCY)["outcome"] == "emergency"


def test_head_is_answered_like_get_without_a_body() -> None:
    with client_with() as client:
        got, head = client.get("/"), client.head("/")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert client.head("/v1/ask").status_code == 405
