"""The HTTP edge: problems, limits, headers, the web app, the OpenAPI document, live events."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from httpx_sse import connect_sse

from market.main import build
from protocol.errors import InvalidInput
from protocol.lifecycle import JobStatus
from protocol.units import to_hex
from tests.market.stage import Stage
from tests.support.chains import ROOT


def test_the_openapi_document_is_stable_and_complete() -> None:
    command = [sys.executable, "-m", "market.openapi"]
    first, second = (
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout for _ in "ab"
    )
    assert first == second
    document = json.loads(first)
    assert document["openapi"].startswith("3.1")
    operations = [o for path in document["paths"].values() for o in path.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/jobs/0x12", "/openapi.json/x"])
def test_refusals_are_problems(stage: Stage, path: str) -> None:
    answer = stage.http.get(stage.url + path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {
        *("type", "title", "status", "detail", "code", "retryable", "request_id"),
    }
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_bodies_are_limited(stage: Stage) -> None:
    answer = stage.http.post(f"{stage.url}/v1/sessions", content=b" " * (5 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "blob_too_large")


def test_unknown_fields_are_refused(stage: Stage) -> None:
    body = {"login": {}, "signature": "0x" + "00" * 65, "more": 1}
    answer = stage.http.post(f"{stage.url}/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_the_web_app_is_served_under_a_strict_policy(stage: Stage) -> None:
    web = stage.market.settings.web_directory
    assert stage.http.get(stage.url).status_code == 200  # says how to build it
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html>app")
    (web / "assets" / "app.js").write_text("1")
    (web.parent / "secret.txt").write_text("do not show")
    for path in ("/", "/jobs/0x12", "/provider"):
        answer = stage.http.get(stage.url + path)
        assert answer.text == "<!doctype html>app"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-cache"
    assert "immutable" in stage.http.get(f"{stage.url}/assets/app.js").headers["cache-control"]
    assert stage.http.get(f"{stage.url}/assets/missing.js").status_code == 404
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"):
        assert "do not show" not in stage.http.get(stage.url + path).text


def test_health(stage: Stage) -> None:
    assert stage.http.get(f"{stage.url}/healthz").json() == {"status": "ok"}
    assert stage.http.get(f"{stage.url}/readyz").json() == {"database": True, "chain": True}


def test_events_are_told_live_and_continued(stage: Stage) -> None:
    requester, device = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 2)
    token = stage.client(requester).session().token
    url = f"{stage.url}/v1/jobs/{to_hex(job_id)}/events"
    first = read_events(url, token, until="job_opened")
    assert [e["kind"] for e in first][:2] == ["job_posted", "job_opened"]
    worker = threading.Timer(0.2, lambda: stage.run_all([device]))
    worker.start()
    headers = {"Last-Event-ID": str(first[-1]["event_id"])}
    rest = read_events(url, token, until="batch_committed", headers=headers)
    worker.join()
    assert rest[0]["event_id"] > first[-1]["event_id"]
    kinds = [e["kind"] for e in rest]
    assert kinds.index("lease_granted") < kinds.index("lease_finished")
    stage.settle()
    assert stage.client(requester).job(job_id).status == JobStatus.SETTLED
    other = stage.client(stage.person()).session().token
    answer = stage.http.get(url, headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 404


def test_public_events_need_no_session(stage: Stage) -> None:
    stage.job(stage.person(100), 2)
    events = read_events(f"{stage.url}/v1/events?after=0", None, until="job_opened")
    assert {"job_posted", "job_opened"} <= {e["kind"] for e in events}


def read_events(
    url: str, token: str | None, until: str, headers: dict[str, str] | None = None
) -> list[dict]:  # type: ignore[type-arg]
    """Read a stream up to the first event of a kind."""
    signed = {} if token is None else {"Authorization": f"Bearer {token}"}
    events = []
    with (
        httpx.Client(timeout=20) as client,
        connect_sse(client, "GET", url, headers={**signed, **(headers or {})}) as source,
    ):
        for event in source.iter_sse():
            events.append(json.loads(event.data))
            assert event.id == str(events[-1]["event_id"])
            if events[-1]["kind"] == until:
                break
    return events


def test_the_built_app_is_where_the_settings_say() -> None:
    from market.settings import Settings

    settings = Settings(data_directory=Path("x"), rpc_url="http://127.0.0.1:1")
    assert settings.web_directory == ROOT / "frontend" / "dist"


HUGE = 10**30


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/jobs/0x{'00' * 32}/tasks?first_task={HUGE}"),
        ("GET", f"/v1/jobs/0x{'00' * 32}/tasks/{HUGE}/result"),
        ("GET", f"/v1/jobs/0x{'00' * 32}/events?after={HUGE}"),
        ("GET", f"/v1/jobs?cursor={HUGE}-{'00' * 32}"),
        ("POST", f"/v1/disputes/{1 << 256}/opening"),
        ("POST", "/v1/disputes/-1/opening"),
        ("GET", "/%00"),
        ("GET", "/" + "long" * 2000),
    ],
)
def test_strange_numbers_and_names_are_refused_not_stumbled_over(
    stage: Stage, method: str, path: str
) -> None:
    token = stage.client(stage.person()).session().token
    answer = stage.http.request(
        method, stage.url + path, headers={"authorization": f"Bearer {token}"}
    )
    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting_is_refused(stage: Stage, depth: int) -> None:
    spec = b"[" * depth + b"]" * depth
    body = b'{"task_count": 1, "spec": {"x": ' + spec + b"}}"
    answer = stage.http.post(f"{stage.url}/v1/quotes", content=body)
    assert 400 <= answer.status_code < 500, answer.text


def test_own_jobs_tasks_far_beyond_the_end(stage: Stage) -> None:
    requester = stage.person(100)
    job_id = stage.job(requester, 2)
    token = stage.client(requester).session().token
    path = f"/v1/jobs/{to_hex(job_id)}/tasks"
    for tail in (f"?first_task={HUGE}", f"/{HUGE}/result"):
        answer = stage.http.get(
            stage.url + path + tail, headers={"authorization": f"Bearer {token}"}
        )
        assert 400 <= answer.status_code < 500, answer.text


def test_listeners_are_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.bell.MAX_LISTENERS", 0)
    answer = stage.http.get(f"{stage.url}/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "market_unavailable")
    device = stage.provider()
    token = device.client.session().token
    headers = {"authorization": f"Bearer {token}"}
    answer = stage.http.post(f"{stage.url}/v1/leases?wait_seconds=1", headers=headers)
    assert answer.status_code == 503


def test_an_endpoint_with_a_password_is_not_told_to_everybody(stage: Stage) -> None:
    secret = stage.market.settings.rpc_url.replace("http://", "http://user:password@")
    settings = stage.market.settings.model_copy(update={"rpc_url": secret})
    with pytest.raises(InvalidInput, match="PUBLIC_RPC_URL"):
        build(settings)
