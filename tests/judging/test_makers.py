"""Who a text says it is, and who made it, goes; who publishes a model and what else its name means stays."""

from __future__ import annotations

import pytest

from harness.config import ModelProfile
from harness.judging.names import Names

NOBODY = Names([])


def called(*names: str) -> Names:
    return Names([ModelProfile(name=name, provider="x") for name in names])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("google/gemma-3-27b-it", "Chrome is made by Google."),
        ("microsoft/phi-4", "Who makes Windows? Microsoft."),
        ("amazon.nova-lite-v1:0", "The Amazon is a river."),
        ("us.anthropic.claude-sonnet-4-v1:0", "It is for us."),
        ("meta.llama3-8b-instruct-v1:0", "Meta means beyond, meta-analysis."),
        ("vertex_ai/gemini-2.5-pro", "Every vertex of a tree."),
        ("perplexity/sonar-pro", "The perplexity is 12."),
        ("azure/gpt-4o", "The azure sky."),
        ("bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0", "Fossils lie above bedrock."),
        ("github/gpt-4o-mini", "Push it to GitHub."),
        ("replicate/meta/llama-3-8b", "Replicate the bug, Meta says."),
        ("hyperbolic/Qwen2.5-72B", "A hyperbolic function such as tanh."),
        ("cohere/command-r", "Ideas cohere well."),
        ("ibm/granite-3-8b", "IBM built Deep Blue."),
        ("nvidia/llama-3.1-nemotron-70b", "NVIDIA makes GPUs."),
        ("fireworks_ai/accounts/fireworks/models/llama-v3-8b", "We saw fireworks on July 4, and other models."),
        ("huggingface/acme/zephyrus-9b", "The acme of skill."),
    ],
)
def test_who_publishes_a_model_is_no_name_of_it(model: str, said: str) -> None:
    names = Names([ModelProfile(name="x", provider="litellm", model=model)])
    assert names.masked(said) == said
    program = f"s = {said!r}  # {said}\n"
    assert names.masked(program, program=True) == program
    for whole in (model, model.rpartition("/")[2]):
        assert names.masked(f"I am {whole}. {whole} is best") == "I am [name]. [name] is best"


def test_who_publishes_a_model_is_masked_where_a_text_says_who_made_it() -> None:
    names = called("arcee-ai/virtuosity-9b", "zephyrus/zephyrus-9b", "luma.quokka-v1:0", "zephyrine.large")
    said = "I was made by Arcee AI. I'm a model trained by Luma. Quokka, Zephyrus and Virtuosity 9B; zephyrine"
    assert names.masked(said) == (
        "I was made by [name]. I'm a model trained by [name]. [name], [name] and [name]; [name]"
    )
    assert names.masked("Luma and Arcee AI sell lamps.") == "Luma and Arcee AI sell lamps."


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            "I'm an AI model known as Llama. Llama stands for much, and Llama's",
            "[name]. [name] stands for much, and [name]'s",
        ),
        (
            "I'm Claude, made by Anthropic. Claude can make mistakes.",
            "[name], made by [name]. [name] can make mistakes.",
        ),
        (
            "**Claude** thinks so. I'm Claude.\n```c\nClaude = 1; // by Claude\n```",
            "so. I'm [name].\n```c\nClaude = 1; // by [name]\n```",
        ),
        ("I'm Gemini 2.5 Pro. Gemini is fast; a gemini is a twin.", "[name]. [name] is fast; a gemini is a twin."),
        ("I'm Claude. Claude Monet and Jean-Claude painted.", "[name]. Claude Monet and Jean-Claude painted."),
        ("I'm Command R. Command R is a model, this command r.", "[name]. [name] is a model, this command r."),
        ("Solar here. I am Solar. Solar panels are cheap.", "[name]. Solar panels are cheap."),
        ("I am based on Llama. Llama is a genus.", "[name]. Llama is a genus."),
    ],
)
def test_what_a_text_calls_itself_goes_elsewhere_too(said: str, left: str) -> None:
    for names in (called("llama3.1:8b"), called("solar-10.7b", "claude-opus-4-5")):
        if "Solar" not in said or names.masked("I am Solar.") != "I am Solar.":
            assert names.masked(said).endswith(left)


def test_what_a_program_calls_itself_goes_from_its_comments_too() -> None:
    source = "# I'm Claude.\nclass Claude: pass\nby = 'Claude'  # Claude\n"
    assert NOBODY.masked(source, program=True) == ("# I'm [name].\nclass Claude: pass\nby = '[name]'  # [name]\n")


def test_a_word_of_the_task_stays_where_a_text_has_called_itself_so() -> None:
    said = "I'm Claude. Claude is a French name."
    assert NOBODY.masked(said, "Is Claude a name?") == "I'm [name]. Claude is a French name."
    assert NOBODY.masked(said, "What is it?") == "I'm [name]. [name] is a French name."
