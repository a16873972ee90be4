"""What a model is told: the whole instruction, what it may see, and nothing hidden."""

from __future__ import annotations

import ast

import pytest

from harness.config import ModelProfile
from harness.grading.extract import extract
from harness.solvers.prompts import EXAMPLES, STOP, build_request
from harness.types import Answer, Kind, MutantCase, PytestCase, Reply, Request, Sampling, Task

CHAT = ModelProfile(name="m", provider="replay")
COMPLETION = ModelProfile(name="m", provider="replay", style="completion")
KINDS: tuple[Kind, ...] = ("function", "program", "write_tests", "workspace", "conversation")
WORKSPACE = {"src/a.py": "x = 1\n", "README.md": "# A\n\n```\nmake\n```\n"}


def task(kind: Kind = "function", **fields: object) -> Task:
    given: dict[str, object] = {
        "id": "s/t",
        "suite": "s",
        "name": "t",
        "kind": kind,
        "instruction": "Add `a` and `b`.\n",
    }
    if kind == "function":
        given["entry"] = "add"
    if kind == "workspace":
        given |= {"workspace": WORKSPACE, "editable": ("src/*.py", "README.md")}
    return Task.model_validate(given | fields)


def build(given: Task, profile: ModelProfile = CHAT) -> tuple[Request, str]:
    return build_request(given, profile, seed=7, repeat=2, attempt=3)


def text_of(request: Request) -> str:
    return request.prompt if request.prompt is not None else "\n".join(message.content for message in request.messages)


@pytest.mark.parametrize("kind", ["function", "program", "write_tests", "conversation"])
def test_a_chat_model_gets_the_instruction_exactly_as_it_is(kind: Kind) -> None:
    request, prefix = build(task(kind))
    assert [(message.role, message.content) for message in request.messages] == [("user", "Add `a` and `b`.\n")]
    assert request.prompt is None
    assert prefix == ""


def test_the_system_prompt_of_the_profile_comes_first() -> None:
    request, _ = build(task(), CHAT.model_copy(update={"system": "Be brief."}))
    assert [message.role for message in request.messages] == ["system", "user"]
    assert request.messages[0].content == "Be brief."
    completed, _ = build(task(), COMPLETION.model_copy(update={"system": "Be brief."}))
    assert text_of(completed).startswith("# Be brief.\n")


def test_the_request_carries_the_attempt_and_the_sampling_with_its_seed() -> None:
    profile = CHAT.model_copy(update={"sampling": Sampling(temperature=0.5, max_tokens=9, seed=1, stop=("X",))})
    given = task()
    request, _ = build(given, profile)
    assert request.sampling == Sampling(temperature=0.5, max_tokens=9, seed=7, stop=("X",))
    assert (request.repeat, request.attempt, request.task) == (2, 3, given)


def test_a_workspace_task_shows_the_files_and_the_form_of_the_answer() -> None:
    text = text_of(build(task("workspace", visible_tests={"tests/test_a.py": "def test(): pass\n"}))[0])
    assert text.startswith("Add `a` and `b`.\n")
    assert "### src/a.py\n```python\nx = 1\n```\n" in text
    assert "### README.md\n````markdown\n# A\n\n```\nmake\n```\n````\n" in text, "a longer fence around fences"
    assert "### tests/test_a.py\n```python\ndef test(): pass\n```\n" in text
    assert "Only files that match `src/*.py`, `README.md` can be changed" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", [CHAT, COMPLETION, COMPLETION.model_copy(update={"few_shot": True})])
def test_nothing_hidden_enters_a_prompt(kind: Kind, profile: ModelProfile) -> None:
    secret = "SECRET"
    hidden = task(
        kind,
        tests={"tests/test_hidden.py": secret},
        cases=(
            PytestCase(id=f"tests/{secret}.py::test"),
            MutantCase(id="bad", files={"src/m.py": secret}, should_pass=False),
        ),
        reference=Answer(name=secret, files={"solution.py": secret}),
        flawed=(Answer(name=secret, files={"solution.py": secret}, why=secret),),
    )
    request, prefix = build(hidden, profile)
    assert secret not in text_of(request) + prefix
    assert secret not in request.model_dump_json()


def test_a_completion_ends_with_the_signature_which_is_the_prefix() -> None:
    request, prefix = build(task(signature="def add(a, b):"), COMPLETION)
    assert request.prompt == "# Add `a` and `b`.\ndef add(a, b):"
    assert prefix == "def add(a, b):"
    assert request.sampling.stop == STOP
    assert not request.messages


def test_without_a_signature_the_completion_ends_with_the_name() -> None:
    request, prefix = build(task(), COMPLETION)
    assert prefix == "def add("
    assert text_of(request).endswith("\ndef add(")


def test_the_profile_may_name_its_own_stop_sequences() -> None:
    profile = COMPLETION.model_copy(update={"sampling": Sampling(stop=("\n\n\n",))})
    assert build(task(), profile)[0].sampling.stop == ("\n\n\n",)


def test_a_long_instruction_becomes_comment_lines() -> None:
    text = "First.\n\n" + "word " * 60 + "\n\n    indented\n"
    prompt = text_of(build(task(instruction=text, signature="def add(a, b):"), COMPLETION)[0])
    comment = prompt.removesuffix("def add(a, b):").splitlines()
    assert all(line.startswith("#") and len(line) <= 100 for line in comment)
    assert comment[:2] == ["# First.", "#"]
    assert comment[-1] == "#     indented"


def test_the_solved_examples_are_right_and_in_the_form_of_the_task() -> None:
    plain = text_of(build(task(signature="def add(a, b):"), COMPLETION)[0])
    shown = text_of(build(task(signature="def add(a, b):"), COMPLETION.model_copy(update={"few_shot": True}))[0])
    assert shown == EXAMPLES + plain
    space: dict[str, object] = {}
    exec(compile(ast.parse(EXAMPLES), "examples", "exec"), space)
    names = [node.name for node in ast.parse(EXAMPLES).body if isinstance(node, ast.FunctionDef)]
    assert names == ["double", "initials", "smallest_gap"]
    assert eval("double(4), initials('ada lovelace'), smallest_gap([9, 1, 4])", space) == (8, "AL", 3)


@pytest.mark.parametrize("kind", ["program", "write_tests"])
def test_other_single_files_are_begun_with_a_comment(kind: Kind) -> None:
    request, prefix = build(task(kind, solution="report.py"), COMPLETION)
    assert request.prompt == "# Add `a` and `b`.\n\n# file: report.py\n"
    assert prefix == ""
    assert request.sampling.stop == ()


def test_a_completed_workspace_answer_goes_on_with_a_path() -> None:
    given = task("workspace")
    request, prefix = build(given, COMPLETION)
    assert text_of(request).endswith("\n### ")
    found = extract(given, Reply(text="src/a.py\n```python\nx = 2\n```\n"), prefix=prefix)
    assert found.candidate is not None
    assert found.candidate.files["src/a.py"] == "x = 2\n"


def test_the_example_in_the_answer_format_names_a_file_that_can_be_changed() -> None:
    text = text_of(build(task("workspace"))[0])
    assert "like this:\n\n### README.md\n```\n(all lines of the file)\n```\n" in text
    empty = text_of(build(task("workspace", workspace={}, editable=("src/**",)))[0])
    assert "### path/of/the/file.py\n" in empty
