"""Conversations in a report: turn by turn, pictures only where they are pictures, hostile text as text."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.content import load_module
from harness.stats.inputs import ReportInput
from harness.tasks import generated
from harness.types import Attempt, Candidate, CaseResult, Extraction, Outcome, Reply, Verdict
from tests.reports.test_render import Page, page_of

Make = Callable[..., ReportInput]
Rows = Callable[[ReportInput, list[Attempt]], ReportInput]
CLOCK = generated.picture({"kind": "clock", "hour": 3, "minute": 10}).model_dump(mode="json")
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{ 7*7 }}"


def talk(
    *messages: dict[str, Any], text: str = "Good bye.", files: dict[str, str] | None = None, **more: Any
) -> Attempt:
    files = {"reply.md": text + "\n"} if files is None else files
    verdict = Verdict(
        outcome=Outcome.wrong_answer, max_points=1, backend="none",
        cases=(CaseResult(id="max_words", outcome=Outcome.wrong_answer, expected="max words: 1", got="2 words"),),
    )  # fmt: skip
    facts: dict[str, Any] = {
        "task": "talks/one", "suite": "talks", "category": "chat", "kind": "conversation", "model": "m", "repeat": 0,
        "attempt": 0, "seed": 1, "solver": "conversation", "request": {"messages": list(messages)},
        "reply": Reply(text=text, model="m"), "verdict": verdict,
        "extraction": Extraction(candidate=Candidate(files=files) if files else None, choice="2 replies, one a turn"),
    }  # fmt: skip
    return Attempt(**{**facts, **more})


def said(role: str, content: str, *pictures: object) -> dict[str, Any]:
    return {"role": role, "content": content, "pictures": list(pictures)}


@pytest.fixture
def shown(synthetic: Make, with_rows: Rows, tmp_path: Path) -> Callable[..., tuple[Page, str]]:
    def show(*rows: Attempt) -> tuple[Page, str]:
        return page_of(with_rows(synthetic(1), list(rows)), tmp_path)

    return show


def test_the_exchange_is_shown_turn_by_turn(shown: Callable[..., tuple[Page, str]]) -> None:
    turns = (said("system", "You are Pip."), said("user", "Hello"), said("assistant", "Hi."), said("user", "Bye"))
    page, html = shown(talk(*turns, files={"turn1.md": "Hi.\n", "reply.md": "Good bye.\n"}))
    block = html[html.index('<ol class="talk">') : html.index("</ol>")]
    assert re.findall(r"<h5>(\w+)", block) == ["system", "user", "assistant", "user", "assistant"]
    assert re.findall(r"<pre>\n(.*?)</pre>", block) == ["You are Pip.", "Hello", "Hi.", "Bye", "Good bye."]
    assert html.count("Good bye.") == 1, "neither as raw reply nor as a file once more"
    assert "Extracted code" not in html
    assert "<summary>Sandbox</summary>" not in html
    assert "max words: 1" not in html
    assert page.all("img") == []


def test_a_reply_with_thinking_is_shown_raw_as_well(shown: Callable[..., tuple[Page, str]]) -> None:
    _, html = shown(talk(said("user", "Hello"), text="<think>hm</think>Hi.", files={"reply.md": "Hi.\n"}))
    assert "<pre>\nHi.</pre>" in html
    assert "&lt;think&gt;hm&lt;/think&gt;Hi." in html


def test_pictures_are_data_and_nothing_is_fetched(shown: Callable[..., tuple[Page, str]]) -> None:
    made = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(made, "JPEG")
    photo = {"media_type": "image/jpeg", "data": base64.b64encode(made.getvalue()).decode()}
    page, html = shown(talk(said("user", "And this?", CLOCK, photo)))
    assert [str(attrs["src"]).partition(",")[0] for attrs in page.all("img")] == [
        "data:image/png;base64", "data:image/jpeg;base64",
    ]  # fmt: skip
    assert all(attrs["alt"] for attrs in page.all("img"))
    assert "default-src 'none'; img-src data:;" in html


def huge() -> dict[str, str]:
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    return {"media_type": "image/png", "data": base64.b64encode(made.getvalue()).decode()}


@pytest.mark.parametrize(
    "picture",
    [
        {"media_type": "image/svg+xml", "data": base64.b64encode(b"<svg onload='alert(1)'/>").decode()},
        {"media_type": "image/png", "data": base64.b64encode(b"<svg onload='alert(1)'/>").decode()},
        {"media_type": "image/png", "data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 99).decode()},
        {"media_type": "image/jpeg", "data": CLOCK["data"]},
        {"media_type": "image/png", "data": 'x" onerror="alert(1)'},
        {"media_type": "image/png", "data": CLOCK["data"][:-400]},
        {"media_type": "image/png", "data": "A" * 500_000},
        {"media_type": "image/png", "data": ""},
        {"media_type": "image/png", "data": 7},
        {"media_type": ["image/png"], "data": CLOCK["data"]},
        {"url": "https://example.org/a.png"},
        "https://example.org/a.png",
        None,
        huge(),
    ],
)
def test_what_is_no_picture_is_only_mentioned(shown: Callable[..., tuple[Page, str]], picture: object) -> None:
    page, html = shown(talk(said("user", "", picture)))
    assert page.all("img") == []
    assert '<p class="note">a picture</p>' in html
    assert "example.org" not in html
    assert "onerror" not in html


def test_a_report_that_is_full_has_no_room_for_pictures() -> None:
    load_module("reports", "render")
    view, clipping = load_module("reports", "talk_view"), load_module("reports", "clipper")
    row = talk(said("user", "And this?", CLOCK))
    clipper = clipping.Clipper(len(CLOCK["data"]) + 10)
    assert view.talk_of(row, clipper)[0].pictures[0].startswith("data:")
    assert clipper.full
    assert view.talk_of(row, clipper)[0].pictures == [""]


def test_hostile_words_stay_words(shown: Callable[..., tuple[Page, str]]) -> None:
    page, html = shown(
        talk(said(EVIL, EVIL), {"role": None, "content": None, "pictures": 5}, text=EVIL),
        talk(text="", files={}, attempt=1),
        talk(request={}, reply=None, extraction=None, verdict=None, error="503", attempt=2),
        talk(request={"prompt": f"User: {EVIL}\n\nAssistant:"}, attempt=3),
        talk(said("user", "word " * 60_000), text="y" * 90_000, attempt=4),
    )
    assert page.all("script") == page.all("img") == []
    assert "\u202e" not in html
    assert "49" not in re.findall(r"<pre>\n(.*?)</pre>", html)
    assert '<p class="note">nothing</p>' in html
    assert "<h5>completion</h5>" in html
    assert len(html) < 200_000
    assert html.count("more characters are in raw.jsonl") == 2
