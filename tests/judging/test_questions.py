"""Which questions judges are asked, and under which labels."""

from __future__ import annotations

from harness.judging.names import Names
from harness.judging.questions import Group, attempts_to_pick_from, comparisons, label, question
from harness.types import JudgeMode, Message, Outcome, Task
from tests.judging.courtroom import attempt, chat_task, code_task

MODELS = ("m1", "m2", "m3")
NAMES = Names([])


def groups(task: Task, *, mode: JudgeMode = "listwise", repeats: int = 1) -> list[Group]:
    rows = [attempt(task, model, f"{model}'s", repeat=repeat) for repeat in range(repeats) for model in MODELS]
    return list(comparisons(task, rows, {}, mode))


def who(group: Group) -> list[tuple[str, int]]:
    return [(item.model, item.attempt) for item in group.contenders]


def test_listwise_asks_one_question_a_repeat() -> None:
    found = groups(chat_task(), repeats=2)
    assert [(group.repeat, group.part) for group in found] == [(0, ""), (1, "")]
    assert all([model for model, _ in who(group)] == list(MODELS) for group in found)


def test_pairwise_asks_every_pair_in_both_orders() -> None:
    found = groups(chat_task(), mode="pairwise")
    pairs = [tuple(model for model, _ in who(group)) for group in found]
    assert sorted(pairs) == sorted((a, b) for a in MODELS for b in MODELS if a != b)
    assert len({group.part for group in found}) == 6
    made = [question(group, "j", 0, NAMES) for group in found]
    assert [tuple(item.model for item in one.labelled) for one in made] == pairs, "the order is the question's"


def test_rubric_asks_of_every_candidate_and_in_conversations_of_every_attempt() -> None:
    assert [len(group.contenders) for group in groups(chat_task(), mode="rubric")] == [1, 1, 1]
    for task, expected in ((chat_task(), [("m1", 0), ("m1", 1)]), (code_task(), [("m1", 1)])):
        rows = [attempt(task, "m1", f"{number}", number=number) for number in range(2)]
        found = list(comparisons(task, rows, {(task.id, "m1", 0): 1}, "rubric"))
        assert [who(group)[0] for group in found] == expected


def test_code_enters_only_where_it_passes_and_talk_wherever_it_says_something() -> None:
    for task, entering in ((code_task(), ["m1"]), (chat_task(), ["m1", "m2", "m3"])):
        rows = [
            attempt(task, "m1"),
            attempt(task, "m2", outcome=Outcome.wrong_answer),
            attempt(task, "m3", outcome=Outcome.unscored),
            attempt(task, "m4", " \n"),
            attempt(task, "m5", None, outcome=Outcome.no_candidate),
            attempt(task, "m6", outcome=Outcome.infra_error),
            attempt(task, "m7", outcome=None),
        ]
        (group,) = comparisons(task, rows, {}, "listwise")
        assert [model for model, _ in who(group)] == entering
        assert list(comparisons(task, rows[3:], {}, "listwise")) == [], "nobody left, no question"


def test_one_left_is_scored_alone_and_has_no_pair() -> None:
    task = chat_task()
    rows = [attempt(task, "m1"), attempt(task, "m2", "")]
    assert [len(group.contenders) for group in comparisons(task, rows, {}, "listwise")] == [1]
    assert list(comparisons(task, rows, {}, "pairwise")) == []


def test_the_selected_attempt_enters() -> None:
    task = chat_task()
    rows = [attempt(task, model, f"{model} {number}", number=number) for model in ("m1", "m2") for number in range(3)]
    (group,) = comparisons(task, rows, {(task.id, "m2", 0): 2}, "listwise")
    assert who(group) == [("m1", 0), ("m2", 2)], "without a selection the first"


def test_picking_looks_at_no_verdict_and_shows_equal_candidates_once() -> None:
    task = code_task()
    texts = ["a", "b", "a", ""]
    outcomes = [Outcome.wrong_answer, Outcome.passed, Outcome.passed, Outcome.no_candidate]
    rows = [
        attempt(task, "m1", text, number=number, outcome=outcome)
        for number, (text, outcome) in enumerate(zip(texts, outcomes, strict=True))
    ]
    (group,) = attempts_to_pick_from(task, rows)
    assert who(group) == [("m1", 0), ("m1", 1)]
    assert group.purpose == "select"
    same = [attempt(task, "m1", "a", number=number) for number in range(3)]
    assert list(attempts_to_pick_from(task, same)) == [], "nothing to choose between"


def test_labels_are_drawn_by_question_and_seed_and_by_nothing_else() -> None:
    (group,) = groups(chat_task())
    first = question(group, "j", 0, NAMES)
    assert first == question(group, "j", 0, NAMES)
    turned = Group(group.purpose, group.mode, group.task, 0, "", group.contenders[::-1])
    assert [item.model for item in question(turned, "j", 0, NAMES).labelled] == [i.model for i in first.labelled]
    orders = {tuple(item.model for item in question(group, f"j{n}", 0, NAMES).labelled) for n in range(60)}
    assert len(orders) == 6, "every order occurs"
    orders = {tuple(item.model for item in question(group, "j", seed, NAMES).labelled) for seed in range(60)}
    assert len(orders) == 6
    assert first.sheet.labels == ("A", "B", "C")


def test_ids_name_the_question_whoever_takes_part() -> None:
    listwise, pairwise = groups(chat_task()), groups(chat_task(), mode="pairwise")
    assert len({group.id("j") for group in [*listwise, *pairwise]}) == 7
    assert listwise[0].id("j") != listwise[0].id("k")
    fewer = Group("compare", "listwise", chat_task(), 0, "", listwise[0].contenders[:2])
    assert fewer.id("j") == listwise[0].id("j")
    labelled = question(listwise[0], "j", 0, NAMES).labelled
    assert listwise[0].same_as(labelled)
    assert not fewer.same_as(labelled)


def test_labels_go_on_after_z() -> None:
    assert [label(number) for number in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


def test_a_long_conversation_is_shown_whole() -> None:
    turns = tuple(
        Message(role=role, content=text)
        for role, text in [("user", "one"), ("assistant", "given"), ("user", "two"), ("user", "three")]
    )
    task = chat_task(turns=turns)
    (group,) = comparisons(task, [attempt(task, "m1", {"turn1.md": "R1", "reply.md": "R2"})], {}, "listwise")
    pieces = [(piece.heading, piece.text, piece.given) for piece in group.contenders[0].pieces]
    assert pieces == [
        ("user", "one", True), ("assistant", "given", True), ("user", "two", True), ("reply", "R1", False),
        ("user", "three", True), ("reply", "R2", False),
    ]  # fmt: skip


def test_of_a_workspace_only_changes_are_shown() -> None:
    task = code_task(kind="workspace", workspace={"a.py": "old", "b.py": "same", "c.py": "gone"})
    (group,) = comparisons(task, [attempt(task, "m1", {"a.py": "new", "b.py": "same"})], {}, "listwise")
    assert [(piece.heading, piece.text) for piece in group.contenders[0].pieces] == [
        ('file "a.py"', "new"), ('file "c.py", deleted', ""),
    ]  # fmt: skip
