"""Documents and pictures made from a specification: their length, their facts, the same on every machine."""

from __future__ import annotations

import base64
import contextlib
import copy
import hashlib
import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.tasks.generated import SpecError, document, picture
from harness.tasks.generated.fillers import FILLERS
from harness.tasks.generated.words import ACCOUNTS, WORDS

ROOT = Path(__file__).resolve().parents[2]
FACTS: list[dict[str, Any]] = [
    {"at": 0.0, "text": "The first key lies under the third flowerpot, number 7001."},
    {"at": 0.5, "text": "The second key hangs behind the barometer, number 7002."},
    {"at": 1.0, "text": "The last key was never found, number 7003."},
]
PICTURES: dict[str, dict[str, Any]] = {
    "shapes": {"shapes": [{"shape": "star", "colour": "red", "at": [0.5, 0.5], "size": 0.4}]},
    "dots": {"seed": 4, "dots": [{"colour": "red", "count": 11}, {"colour": "blue", "count": 7, "shape": "square"}]},
    "dice": {"values": [1, 2, 3, 4, 5, 6]},
    "grid": {"rows": ["X.O", ".X#", "O.A"]},
    "clock": {"hour": 16, "minute": 52, "second": 12},
    "bars": {"title": "Sales", "y_label": "pieces", "values": True, "bars": [{"label": "May", "value": 12}]},
    "line": {"labels": ["Mon", "Tue"], "series": [{"label": "north", "values": [3, 9]}, {"values": [1, 2]}]},
    "table": {"columns": ["Train", "Platform"], "rows": [["R12", 3], ["X4", "1"]]},
    "text": {"lines": ["Pier 3", "", "07:40"], "size": 30, "colour": "blue"},
}


def pixels(spec: dict[str, Any]) -> Any:
    """The picture, decoded."""
    from PIL import Image

    made = picture(spec)
    assert made.media_type == "image/png"
    found = Image.open(io.BytesIO(base64.b64decode(made.data, validate=True)))
    assert found.format == "PNG"
    return found.convert("RGB")


@pytest.mark.parametrize("kind", FILLERS)
@pytest.mark.parametrize("words", [200, 211, 333, 1000, 4000, 32_000])
def test_a_document_has_its_length_and_every_fact_once(kind: str, words: int) -> None:
    text = document({"kind": kind, "words": words, "seed": words, "facts": FACTS, "distractors": ["No key is here."]})
    assert abs(len(text.split()) - words) <= 0.02 * words
    for fact in [*FACTS, {"text": "No key is here."}]:
        assert text.count(str(fact["text"])) == 1


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(list(FILLERS)), words=st.integers(200, 3000), seed=st.integers(0, 2**63 - 1))
def test_any_length_and_seed_stay_within_two_percent(kind: str, words: int, seed: int) -> None:
    assert (
        abs(len(document({"kind": kind, "words": words, "seed": seed, "facts": FACTS}).split()) - words) <= 0.02 * words
    )


@pytest.mark.parametrize("kind", FILLERS)
def test_facts_lie_at_their_depth(kind: str) -> None:
    facts: list[dict[str, Any]] = [
        {"at": at, "text": f"Mark number {at * 100:.0f} was set."} for at in (0.9, 0.1, 0.25, 0.5, 0.75)
    ]
    text = document({"kind": kind, "words": 6000, "seed": 3, "facts": facts})
    for fact in facts:
        before = text[: text.index(str(fact["text"]))].split()
        assert len(before) / 6000 == pytest.approx(fact["at"], abs=0.01)
    assert document({"kind": kind, "words": 6000, "seed": 3, "facts": facts[::-1]}) == text


@pytest.mark.parametrize("kind", FILLERS)
def test_no_line_comes_again_and_again(kind: str) -> None:
    text = document({"kind": kind, "words": 32_000, "seed": 1})
    bodies = [re.sub(r"^\S+ \S+ (?=INFO|DEBUG|WARN)|^\d{5}; [\d-]+; ", "", line) for line in text.splitlines()]
    lines = [part for body in bodies for part in (body.split(". ") if FILLERS[kind].flowing else [body]) if part]
    assert max(Counter(lines).values()) <= 3


def test_the_filler_keeps_to_the_ranges_that_the_documentation_states() -> None:
    assert not any(digit in word for words in WORDS.values() for word in words for digit in "0123456789")
    log = document({"kind": "log", "words": 20_000, "seed": 8})
    assert set(re.findall(r"^\S+ \S+ (\w+) ", log, re.MULTILINE)) == {"INFO", "DEBUG", "WARN"}
    assert {len(number) for number in re.findall(r"req-(\d+)", log)} == {5}
    assert max(int(number) for number in re.findall(r" (\d+)(?= |$)", log, re.MULTILINE)) <= 9000
    for kind in ("diary", "minutes", "manual"):
        text = document({"kind": kind, "words": 20_000, "seed": 8})
        body = [line for line in text.splitlines() if not re.search(r"^Meeting of|^\w+day, \d|^\d+\.\d", line)]
        assert not re.search(r"\d", "\n".join(body))
    stamps = re.findall(r"^(\S+ \S+) ", log, re.MULTILINE)
    assert stamps == sorted(stamps)


def test_a_ledger_is_of_the_accounts_it_was_given_and_can_be_summed() -> None:
    facts = [{"at": i / 10, "text": f"Harlow; a crate of figs; 12{i}0.50"} for i in range(1, 6)]
    text = document({"kind": "ledger", "words": 3000, "seed": 5, "facts": facts, "accounts": ["Orme", "Pell"]})
    rows = [line.split("; ") for line in text.splitlines()]
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert {row[2] for row in rows} == {"Orme", "Pell", "Harlow"}
    assert sum(float(row[4]) for row in rows if row[2] == "Harlow") == 1210.5 + 1220.5 + 1230.5 + 1240.5 + 1250.5
    others = [float(row[4]) for row in rows if row[2] != "Harlow"]
    assert 20 <= min(others) <= max(others) < 900
    plain = document({"kind": "ledger", "words": 3000, "seed": 5})
    assert {line.split("; ")[2] for line in plain.splitlines()} == set(ACCOUNTS)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_a_small_sharp_png(kind: str) -> None:
    found = pixels({"kind": kind, **PICTURES[kind]})
    assert max(found.size) <= 512
    assert len(picture({"kind": kind, **PICTURES[kind]}).data) < 40_000 * 4 / 3
    colours = found.getcolors(maxcolors=1 << 20)
    assert len(colours) > 1
    assert max(colours)[1] == (255, 255, 255)
    narrow = pixels({"kind": kind, "width": 300, "height": 310, **PICTURES[kind]})
    assert narrow.size == (300, 310)


def test_what_is_drawn_is_where_it_was_asked_for() -> None:
    star = pixels({"kind": "shapes", **PICTURES["shapes"]})
    assert star.getpixel((224, 224)) == (211, 33, 44)
    assert star.getpixel((20, 20)) == (255, 255, 255)
    bars = [{"label": name, "value": value, "colour": colour} for name, value, colour in
            [("a", 10, "red"), ("b", 5, "green")]]  # fmt: skip
    chart = pixels({"kind": "bars", "bars": bars})
    red, green = (sum(pixel == colour for pixel in chart.get_flattened_data()) for colour in
                  [(211, 33, 44), (30, 142, 62)])  # fmt: skip
    assert red == pytest.approx(2 * green, rel=0.03)


def test_dots_are_as_many_as_were_asked_for() -> None:
    found = pixels({"kind": "dots", **PICTURES["dots"]})
    left = {(x, y) for x in range(448) for y in range(448) if found.getpixel((x, y)) == (211, 33, 44)}
    blots = 0
    while left:
        blots += 1
        edge = [left.pop()]
        while edge:
            x, y = edge.pop()
            for near in {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)} & left:
                left.remove(near)
                edge.append(near)
    assert blots == 11


def test_the_same_bytes_in_another_process_with_other_hashes() -> None:
    code = f"""
import hashlib, sys
sys.path.insert(0, {str(ROOT)!r})
from harness.tasks.generated import document, picture
for kind in {list(FILLERS)!r}:
    text = document(dict(kind=kind, words=900, seed=4, facts={FACTS!r}, absent=["zeppelin"]))
    print(hashlib.sha256(text.encode()).hexdigest())
for kind, keys in {PICTURES!r}.items():
    print(hashlib.sha256(picture(dict(keys, kind=kind)).data.encode()).hexdigest())
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": s}
        )
        for s in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(set(runs[0].stdout.split())) == len(FILLERS) + len(PICTURES)


def test_documents_do_not_change_between_versions() -> None:
    """Scores of a run stay comparable: whoever changes a word list must see that every document changes."""
    text = "".join(document({"kind": kind, "words": 1000, "seed": 7, "facts": FACTS}) for kind in FILLERS)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "5c1750f6cc04b306"


BROKEN: list[tuple[dict[Any, Any], str]] = [
    ({}, "kind"),
    ({"kind": "sonnet", "words": 300}, "kind"),
    ({"kind": ["log"], "words": 300}, "kind"),
    ({"kind": "log"}, "words"),
    ({"kind": "log", "words": 199}, "words"),
    ({"kind": "log", "words": 10**9}, "words"),
    ({"kind": "log", "words": True}, "words"),
    ({"kind": "log", "words": "300"}, "words"),
    ({"kind": "log", "words": 300, "seed": -1}, "seed"),
    ({"kind": "log", "words": 300, "fact": []}, "fact"),
    ({"kind": "log", "words": 300, 5: []}, "5"),
    ({"kind": "log", "words": 300, "accounts": ["A"]}, "accounts"),
    ({"kind": "ledger", "words": 300, "accounts": []}, "accounts"),
    ({"kind": "log", "words": 300, "facts": "x"}, "facts"),
    ({"kind": "log", "words": 300, "facts": ["x"]}, "facts[0]"),
    ({"kind": "log", "words": 300, "facts": [{"text": "x"}]}, "facts[0].at"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0.5}]}, "facts[0].text"),
    ({"kind": "log", "words": 300, "facts": [{"at": 1.5, "text": "x"}]}, "facts[0].at"),
    ({"kind": "log", "words": 300, "facts": [{"at": float("nan"), "text": "x"}]}, "facts[0].at"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0.5, "text": "x", "deep": 1}]}, "facts[0].deep"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0.5, "text": "two\nlines"}]}, "facts[0].text"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0.5, "text": " "}]}, "facts[0].text"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0.5, "text": "word " * 151}]}, "facts"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0, "text": "abc"}, {"at": 1, "text": "abc d"}]}, "facts"),
    ({"kind": "log", "words": 300, "facts": [{"at": 0, "text": "INFO"}]}, "facts"),
    ({"kind": "log", "words": 300, "absent": ["info"]}, "absent"),
    ({"kind": "log", "words": 300, "distractors": [3]}, "distractors[0]"),
]


@pytest.mark.parametrize("spec, key", BROKEN, ids=str)
def test_a_broken_document_is_refused_by_the_name_of_its_key(spec: dict[str, Any], key: str) -> None:
    with pytest.raises(SpecError) as caught:
        document(spec)
    assert caught.value.args[0] == key
    assert str(caught.value).startswith(f"{key}: ")


def shape(**keys: Any) -> dict[str, Any]:
    return {"kind": "shapes", "shapes": [{"shape": "circle", "colour": "red", "at": [0.5, 0.5], **keys}]}


BROKEN_PICTURES: list[tuple[dict[str, Any], str]] = [
    ({}, "kind"),
    ({"kind": "photo"}, "kind"),
    ({"kind": "clock", "hour": 3, "minute": 3, "width": 4000}, "width"),
    ({"kind": "clock", "hour": 3, "minute": 3, "height": 2}, "height"),
    ({"kind": "clock", "hour": 24, "minute": 3}, "hour"),
    ({"kind": "clock", "hour": 2, "minute": 60}, "minute"),
    ({"kind": "clock", "hour": 2}, "minute"),
    ({"kind": "clock", "hour": 2, "minute": 4, "zone": "UTC"}, "zone"),
    ({"kind": "clock", "hour": 2, "minute": 4, "numerals": "yes"}, "numerals"),
    ({"kind": "shapes"}, "shapes"),
    ({"kind": "shapes", "shapes": []}, "shapes"),
    (shape(shape="blob"), "shapes[0].shape"),
    (shape(colour="mauve"), "shapes[0].colour"),
    (shape(at=[0.5]), "shapes[0].at"),
    (shape(at=[0.01, 0.5]), "shapes[0].at"),
    (shape(at=[0.5, "x"]), "shapes[0].at[1]"),
    (shape(size=3), "shapes[0].size"),
    (shape(fill=True), "shapes[0].fill"),
    ({"kind": "shapes", "shapes": shape()["shapes"] * 2}, "shapes[1].at"),
    ({"kind": "dots", "dots": [{"colour": "red", "count": 0}]}, "dots[0].count"),
    ({"kind": "dots", "size": 80, "dots": [{"colour": "red", "count": 150}]}, "dots"),
    ({"kind": "dice", "values": [0]}, "values[0]"),
    ({"kind": "dice", "values": [1.5]}, "values"),
    ({"kind": "dice", "values": []}, "values"),
    ({"kind": "dice", "values": [1] * 20, "width": 100, "height": 100}, "values"),
    ({"kind": "dice", "values": [1, 2], "colours": ["red"]}, "colours"),
    ({"kind": "grid", "rows": ["ab", "a"]}, "rows"),
    ({"kind": "grid", "rows": []}, "rows"),
    ({"kind": "grid", "rows": ["é"]}, "rows"),
    ({"kind": "grid", "rows": ["." * 16] * 16, "width": 96}, "rows"),
    ({"kind": "bars", "bars": []}, "bars"),
    ({"kind": "bars", "bars": [{"label": "a", "value": 1}] * 15}, "bars"),
    ({"kind": "bars", "bars": [{"label": "a long label of a bar", "value": 1}] * 6}, "bars"),
    ({"kind": "bars", "bars": [{"label": "a", "value": -1}]}, "bars[0].value"),
    ({"kind": "bars", "bars": [{"label": "a", "value": "1"}]}, "bars[0].value"),
    ({"kind": "bars", "bars": [{"label": "a", "value": 1}], "title": "long " * 40}, "title"),
    ({"kind": "bars", "bars": [{"label": "a", "value": 1}], "height": 96}, "height"),
    ({"kind": "line", "labels": ["a", "b"], "series": []}, "series"),
    ({"kind": "line", "labels": ["a"], "series": [{"values": [1]}]}, "labels"),
    ({"kind": "line", "labels": ["a", "b"], "series": [{"values": [1]}]}, "series[0].values"),
    ({"kind": "line", "labels": ["a", "b"], "series": [{"values": [1, 2], "label": "w" * 60}]}, "series"),
    ({"kind": "table", "columns": ["a"], "rows": [["1", "2"]]}, "rows[0]"),
    ({"kind": "table", "columns": ["a"], "rows": [[None]]}, "rows[0][0]"),
    ({"kind": "table", "columns": ["a"], "rows": [["word " * 30]]}, "rows"),
    ({"kind": "text", "lines": ["word " * 30]}, "lines"),
    ({"kind": "text", "lines": ["naïve"]}, "lines"),
    ({"kind": "text", "lines": [""]}, "lines"),
    ({"kind": "text", "lines": ["a"], "size": 500}, "size"),
]


@pytest.mark.parametrize("spec, key", BROKEN_PICTURES, ids=str)
def test_a_broken_picture_is_refused_by_the_name_of_its_key(spec: dict[str, Any], key: str) -> None:
    with pytest.raises(SpecError) as caught:
        picture(spec)
    assert caught.value.args[0] == key


ODD: st.SearchStrategy[object] = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        10**400,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\x00",
        "\u202e",
        "ü",
        b"x",
        [],
        [[]],
        {},
        [None],
        "z" * 9999,
    ]
)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(list(PICTURES)), odd=ODD, data=st.data())
def test_whatever_stands_in_a_specification_is_drawn_or_refused(kind: str, odd: Any, data: st.DataObject) -> None:
    spec: Any = copy.deepcopy({"kind": kind, "width": 300, "height": 310, **PICTURES[kind]})
    place: Any = spec
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = odd
    with contextlib.suppress(SpecError):
        assert base64.b64decode(picture(spec).data).startswith(b"\x89PNG")
    text = {"kind": "log", "words": 300, "facts": [{"at": 0.5, "text": "Mark."}], "absent": ["zeppelin"], "seed": 3}
    with contextlib.suppress(SpecError):
        assert document({**text, data.draw(st.sampled_from(sorted(text))): odd}).strip()


@pytest.mark.parametrize("highest", [0, 0.001, 0.9, 1, 7, 8, 9.99, 55, 100, 999, 1000, 123_456, 1_000_000])
def test_any_bar_stays_below_the_top_of_its_scale(highest: float) -> None:
    bars = [{"label": "a", "value": highest, "colour": "red"}, {"label": "b", "value": 0}]
    found = pixels({"kind": "bars", "bars": bars})
    assert all(found.getpixel((x, y)) == (255, 255, 255) for x in range(300, 500) for y in range(5))
    assert not any(found.getpixel((x, 8)) == (211, 33, 44) for x in range(512))


@pytest.mark.parametrize("make", [document, picture])
@pytest.mark.parametrize("spec", [None, [], "log", 3])
def test_what_is_no_mapping_is_refused(make: Any, spec: Any) -> None:
    with pytest.raises(ValueError, match="mapping"):
        make(spec)
