"""A name is masked whole where it is one, and what means something else is left to the judge."""

from __future__ import annotations

import re

import pytest

from harness.config import ModelProfile
from harness.judging.names import Names
from tests.full import FULL
from tests.linear import is_linear

NOBODY = Names([])


def called(*names: str, family: str = "") -> Names:
    return Names([ModelProfile(name=name, provider="x", family=family) for name in names])


WORDS = called(
    "solar-10.7b", "nous-hermes-2", "stable-code", "neural-chat", "apollo-8b", "orca-mini", "dolphin-mixtral"
)
FAMILIES = Names(
    [
        ModelProfile(name=f"my-{name}", provider="x", family=name)
        for name in ("llama", "phi", "claude", "gemini", "glm", "gpt")
    ]
)
WHOLE = called(
    "claude-opus-4-5", "qwen2.5-coder:7b", "gpt-4o-mini", "gpt-4o", "nimbus-small", "nimbus-large-2411",
    "deepseek-coder-v2",
)  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "I believe TypeScript was created by Microsoft.",
        "I recommend Go, which is developed by Google; to me it is clear: made by Google.",
        "I am sure it was made by Google, and I am told the phone was designed by Apple.",
        "I am a fan of the model developed by Google.",
        "I am a developer; Go was created by Google.",
        "The first iPhone model was designed by Apple. This model was built by Apple, too.",
        "The assistant said that the Kindle is made by Amazon.",
        "It began as a model made by Google, as I know; BERT, a programming model, was developed by Google.",
        "As a model made by Google, BERT is good.",
        "The spiral is based on phi. The novel is based on Claude Monet's life. The car is powered by Nova.",
        "A tokenizer based on Llama weights. I am Claude Monet. I am a Gemini (born in June).",
        "As Phi I denote the ratio; as phi, my favourite.",
    ],
)
def test_who_made_what_stays_where_no_text_speaks_of_itself(said: str) -> None:
    assert NOBODY.masked(said) == said
    assert FAMILIES.masked(said) == said


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("I was made by Google.", "I was made by [name]."),
        ("I'm a large language model, trained by Google.", "I'm a large language model, trained by [name]."),
        ("I am a helpful AI that was developed and trained by the team at Meta.",
         "I am a helpful AI that was developed and trained by the team at [name]."),
        ("As a model made by Google, I cannot.", "As a model made by [name], I cannot."),
        ("This assistant is powered by Llama.", "This assistant is powered by [name]."),
        ("I am based on Claude.", "I am based on [name]."),
        ("I am Mistral AI's model", "I am [name]'s model"),
        ("I am Gemini, a model by Google", "I am [name], a model by [name]"),
        ("I have been trained by Microsoft. My creators are Google.",
         "I have been trained by [name]. My creators are [name]."),
    ],
)  # fmt: skip
def test_who_made_the_speaker_is_masked(said: str, left: str) -> None:
    assert NOBODY.masked(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "1/phi = phi-1 = 0.618; take range(1, phi-1), phi-0.6",
        "He flew on Gemini 8, then on Gemini 6A; the Falcon 9 v1.1 landed.",
        "The finest wool comes from the vicuna, not from a llama.",
        "He gave Claude 3 apples and Gemma 5 pears, to grok 3 ideas. Press Command-R.",
        "A partition table (GPT) and `glm1 = 2`.",
    ],
)
def test_words_that_mean_something_else_stay(said: str) -> None:
    assert NOBODY.masked(said) == said
    assert FAMILIES.masked(said) == said


STATEMENTS = """\
for k in range(1, phi-1):
    glm1 = sm.GLM(y, X)
    gemma2 = llama3 + claude * gemini
    print(f"{phi-1} {glm1} {llama3}")
import openai
from anthropic import Anthropic
client = openai.OpenAI()
    from openai import OpenAI
import os, openai
const { OpenAI } = require('openai')
import { OpenAI } from 'openai'
import Anthropic from '@anthropic-ai/sdk'
using OpenAI;
openai = OpenAI()
return openai
f(x, openai)
if openai:
f(client: OpenAI)
"""


def test_identifiers_of_a_program_stay() -> None:
    fenced = f"Use\n```python\n{STATEMENTS}```\nso."
    for names in (NOBODY, FAMILIES):
        assert names.masked(STATEMENTS, program=True) == STATEMENTS
        assert names.masked(fenced) == fenced
        for line in STATEMENTS.splitlines():
            assert names.masked(f"So `{line}` it is.") == f"So `{line}` it is."
    assert NOBODY.masked("x = phi-1  # says GPT-4o", program=True) == "x = phi-1  # says [name]"


@pytest.mark.parametrize(
    "name",
    [
        "Phi-3", "Phi 3.5", "phi-3-mini", "phi3:mini", "microsoft/phi-2", "Gemini 1.5 Pro", "Gemini Pro 1.5",
        "Gemini 2.5 Flash Lite", "GLM-4", "glm-4-9b", "llama3.1:8b", "Llama 3.1 8B Instruct",
        "Llama 3.1 Nemotron Ultra",
        "vicuna-13b", "Falcon-40B", "Claude Opus 4", "Claude Sonnet 4.5", "claude-3-opus", "Mistral Large 2",
        "Mistral Small", "GPT-4 Turbo", "GPT-4o mini", "Qwen Max", "DeepSeek R1", "DeepSeek Coder V2", "kimi k2",
        "gpt-oss:20b", "通义千问",
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", ["I am {}.", "{}, then", "_{}_ (or {})"])
def test_well_known_models_are_masked_whole(name: str, said: str) -> None:
    assert NOBODY.masked(said.replace("{}", name)) == said.replace("{}", "[name]")


@pytest.mark.parametrize(
    "name",
    [
        "Claude Opus 4.5", "claude opus 4 5", "claude-opus-4-5", "Qwen 2.5 Coder 7B", "qwen2.5-coder",
        "qwen2.5-coder:7b",
        "GPT-4o mini", "GPT 4o Mini", "gpt4o", "Nimbus Small", "nimbus small", "nimbus_small", "Nimbus Large 2411",
        "nimbus_large", "Nimbus", "deepseek_coder_v2", "Deepseek Coder V2",
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", ["I am {}.", "{}, then", "_{}_ (or {})", "**{}** is"])
def test_names_of_the_catalogue_are_masked_whole(name: str, said: str) -> None:
    assert WHOLE.masked(said.replace("{}", name)) == said.replace("{}", "[name]")


def test_a_longer_name_is_found_whatever_else_is_called_so() -> None:
    names = called("gpt-4", "R1", "claude-3", "open-mini", "open-mini-x9")
    said = "GPT-4o mini, DeepSeek R1, Claude 3 Opus, open-mini-x9, R1"
    assert names.masked(said) == "[name], [name], [name], [name], [name]"


@pytest.mark.parametrize(
    "said",
    [
        "Merge sort is stable, so write stable code.",
        "A neural network chats of solar energy.",
        "Apollo 11 landed; Hermes is a god, the orca a whale; nous sommes ici, with a dolphin.",
    ],
)
def test_stems_that_are_words_stay(said: str) -> None:
    assert WORDS.masked(said) == said
    assert WORDS.masked(said, program=True) == said


def test_a_stem_is_never_masked_in_statements() -> None:
    source = "stable = np.argsort(a, kind='stable', stable=True)\nnimbus = 3\n"
    assert called("stable-code", "nimbus-small").masked(source, program=True) == source
    assert called("nimbus-small").masked("x = nimbus-small  # by Nimbus", program=True) == "x = [name]  # by [name]"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("I am Solar.", "I am [name]."),
        ("I am Solar, a model by Upstage.", "I am [name], a model by [name]."),
        ("Solar here! Done.", "[name] here! Done."),
        ("As Hermes, I think", "As [name], I think"),
        ("This is Apollo, speaking.", "This is [name], speaking."),
        ("I am nous hermes 2 and based on Solar.", "I am [name] and based on [name]."),
        ("Solar 10.7B, Solar-10.7B-Instruct, Apollo 8B", "[name], [name], [name]"),
        ("Nous Hermes 2, Stable Code 3B, Neural Chat, stable-code", "[name], [name], [name], [name]"),
    ],
)
def test_names_that_are_words_are_masked_where_they_are_names(said: str, left: str) -> None:
    assert WORDS.masked(said) == left


def test_what_is_like_a_model_keeps_its_likeness() -> None:
    assert (
        NOBODY.masked("an OpenAI-compatible server; ask Qwen 3 times")
        == "an [name]-compatible server; ask [name] 3 times"
    )


def test_a_long_text_and_a_large_catalogue_take_linear_time() -> None:
    names = called(
        *(f"{a}{n}.{n % 7}-{b}" for a in ("qwen", "nimbus", "solar", "o") for b in ("mini", "x") for n in range(17))
    )
    for text in ("I am sure that `code` of 3.14 is Qwen 2.5 Coder 7B. ", "Qwen:a.b_c-", "_qwen-7b-mini", "I am a, a, "):
        for size in (199_992, 200_000):
            assert is_linear(names.masked, (text * size)[:size]), text


def test_masking_leaves_no_rank_behind() -> None:
    ranks = re.compile(r"\b(?:opus|mini|coder|small|4\.5|7b)\b", re.IGNORECASE)
    for said in ("I'm Claude Opus 4.5!", "gpt-4o-mini", "Qwen 2.5 Coder 7B", "NIMBUS SMALL"):
        assert not ranks.search(WHOLE.masked(said)), said


CODED = called("phi4:14b", "solar-10.7b", "command-r", "m", "fast", "base", "R1", family="phi")


@pytest.mark.parametrize(
    "code",
    [
        "for i, phi, r in rows:\n    s += r * phi", "def f(i, solar, w): pass", "for i, command, arg in ops: pass",
        "i, m, n = 1, 2, 3", "go(i, fast, slow)", "with open(a) as base, i: pass", "import x as m, i",
        "let I, m, n = f(I, fast, slow)",
    ],
)  # fmt: skip
def test_no_statement_introduces_anybody(code: str) -> None:
    assert CODED.masked(code, program=True) == code
    for said in (f"```python\n{code}\n```", f"So `{code.splitlines()[0]}` it is.", f"```\n{code}"):
        assert CODED.masked(said) == said


def test_a_text_introduces_itself_in_prose_comments_and_strings_only() -> None:
    assert CODED.masked("Take r, i, phi, z and i, m, n.") == "Take r, i, phi, z and i, m, n."
    assert CODED.masked("I, Phi, think. I am `fast`.") == "I, [name], think. I am `[name]`."
    assert CODED.masked("x = 1  # I am fast!\ns = 'my name is Phi'", program=True) == (
        "x = 1  # I am [name]!\ns = 'my name is [name]'"
    )
    assert CODED.masked("const s = `I am Phi`, t = `${phi}`", program=True) == "const s = `I am [name]`, t = `${phi}`"
    assert CODED.masked("```\nI'm Phi.\n```\n```text\nAs Phi, I say\n```") == (
        "```\nI'm [name].\n```\n```text\nAs [name], I say\n```"
    )


FAMOUS = [
    ModelProfile(name=name, provider="x", family=family)
    for name, family in [
        ("claude-opus-4-5", "claude"), ("gemini-2.5-pro", "gemini"), ("kimi-k2", "kimi"), ("llama3.1:8b", "llama"),
    ]
]  # fmt: skip
FAMILIAR = [Names(FAMOUS), Names([profile.model_copy(update={"family": ""}) for profile in FAMOUS])]


@pytest.mark.parametrize(
    "said",
    [
        "I am actually Claude.", "I'm just Claude, an AI.", "I am indeed Claude.", "I'm still Claude",
        "I am Google Gemini.", "As a Claude model, I can't help.", "As Claude, an AI assistant, I think",
        "Thanks,\nClaude", "Hello! It's me, Claude.",
        "Signed, Claude", "Regards,\nClaude", "Best regards,\n\n**Claude**", "It's Claude.", "This is Claude.",
        "You're talking to Claude.", "Yes.\n\n— Claude", "Yes.\n\n— Claude\n", "Hi there, Gemini here!",
        "As Claude, made by Anthropic, I think", "I'm a Meta AI model called Llama.",
        "I am an AI assistant made by Google called Gemini.", "I am Anthropic's Claude.",
        "I am actually Claude Opus 4.5.",
        "I'm just Claude, made by Anthropic.", "Ich bin Claude", "Je suis Claude", "Je suis Claude, un modèle.",
        "Soy Llama", "Sono Claude", "Eu sou Claude", "我是Claude", "我是Kimi",
        "我是Kimi，你好", "我是由Anthropic开发的Claude",
        "私はClaude", "私はClaudeです",
    ],
)  # fmt: skip
def test_families_of_the_catalogue_are_masked_however_a_text_introduces_itself(said: str) -> None:
    tells = re.compile(r"claude|gemini|kimi|llama|google|anthropic|meta\b|opus|4\.5", re.IGNORECASE)
    for names in FAMILIAR:
        assert not tells.search(names.masked(said)), names.masked(said)


@pytest.mark.parametrize(
    "said",
    [
        "I am actually Claude Monet. It's Claude Monet. This is Claude Debussy. Je suis Claude Monet.",
        "This is Gemini, a sign of the zodiac. It's a llama. The llama is still a llama; I am just a llama.",
        "Signed, Claude Monet\nYou're talking to Claude Lelouch. I am actually a Gemini.",
        "My name is Kimi Räikkönen. Kimi Räikkönen won. I'm Claude Lévi-Strauss. My name is Claude Émile.",
        "My name is Claude O'Neil. I'm Claude O’Neil. My name is Claude McKay.",
        "I'm Claude E\u0301mile. I'm Kimi Ødegård.",
        "sono gemini, soy llama; as a llama, I spit. - Claude",
    ],
)
def test_people_animals_and_signs_of_the_zodiac_stay(said: str) -> None:
    for names in FAMILIAR:
        assert names.masked(said) == said


@pytest.mark.parametrize("family", ["", "command"])
def test_command_is_a_name_where_r_or_a_follows(family: str) -> None:
    names = Names([ModelProfile(name="command-r", provider="x", model="command-r:35b", family=family)])
    for name in ("Command R", "Command R+", "command-r", "Command A", "Command R 35B", "command-r:35b"):
        for said in ("I'm {}, built by Cohere.", "I am {}.", "As {}, I think so."):
            masked = said.replace("{}", "[name]").replace("Cohere", "[name]")
            assert names.masked(said.replace("{}", name)) == masked, name
    assert names.masked("Ask Command R.") == "Ask [name]."
    for said in ("I am in command.", "for command, r in rows", "Run command a, then command r. Press Command A."):
        assert names.masked(said) == said
    assert names.masked("command = r", program=True) == "command = r"


TAGGED = Names(
    [
        ModelProfile(name=f"my-{model}", provider="x", model=model, family=family)
        for model, family in [("phi4:14b", "phi"), ("hermes3:8b", ""), ("gemma3:4b", "gemma"), ("olmo2:7b", "")]
    ]
)


def test_an_id_without_its_tag_is_a_variable_in_statements() -> None:
    source = "phi4 = phi ** 4\nhermes3 = gemma3 + olmo2\n"
    assert TAGGED.masked(source, program=True) == source
    assert Names([ModelProfile(name="olmo2", provider="x", model="olmo2:7b")]).masked(source, program=True) == source
    assert called("phi4", "R1").masked("phi4 = 2 * R1", program=True) == "phi4 = 2 * [name]"
    assert TAGGED.masked("run olmo2:7b  # phi4, olmo2", program=True) == "run [name]  # [name], [name]"
    assert TAGGED.masked("I am Phi4, not hermes3 or Olmo 2.") == "I am [name], not [name] or [name]."


def test_an_algorithm_and_what_is_counted_stay() -> None:
    minimax = called("MiniMax-M2", family="minimax")
    assert (
        minimax.masked("The minimax algorithm. Minimax is recursive.") == "The minimax algorithm. Minimax is recursive."
    )
    assert minimax.masked("def minimax(b): return minimax(b)", program=True) == "def minimax(b): return minimax(b)"
    assert minimax.masked("I am MiniMax. MiniMax-M2, minimax m2") == "I am [name]. [name], [name]"
    for names in (NOBODY, FAMILIES, called("glm-4", "glm4:9b", family="glm")):
        assert names.masked("Fit a GLM 4 times") == "Fit a GLM 4 times"
        assert names.masked("GLM 4 is a model") == "[name] is a model"


@pytest.mark.parametrize(
    "name",
    [
        "meta-llama/Llama-3.1-8B-Instruct", "NousResearch/Hermes-3-Llama-3.1-8B", "google/gemma-2-9b-it",
        "mistralai/Mistral-7B-Instruct-v0.3", "TheBloke/Llama-2-7B-GGUF", "Qwen/Qwen2.5-7B", "google/gemma-3",
        "https://huggingface.co/meta-llama/Llama-3.1-8B", "hf.co/bartowski/gemma-2-9b-it-GGUF:q4",
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", ["I am {}.", "{}", "see `{}`, then", "**{}** is", "```py\nx = 1  # by {}\n```"])
def test_published_ids_are_masked_with_who_published_them(name: str, said: str) -> None:
    for names in (NOBODY, WHOLE):
        assert names.masked(said.replace("{}", name)) == said.replace("{}", "[name]")


def test_paths_and_pairs_are_no_published_ids() -> None:
    said = "and/or, docs/notes-2.md, km/h, a/b-3, 1/2, src/main-2, TCP/IP-4, s/he"
    assert NOBODY.masked(said) == said
    assert NOBODY.masked("x = google/gemma-3", program=True) == "x = google/gemma-3"


@pytest.mark.parametrize(
    "text",
    [
        "as " * 330_000, "as a " * 200_000, ("as" + " " * 2000) * 500, "I am a " * 140_000,
        "as a the your an " * 60_000, ("I am" + " " * 2000) * 500, "我是百度" * 250_000, "I'm Google AI " * 70_000,
        "I'm Claude. Claude " * 50_000, "As Claude (an AI), " * 50_000, "als modell ich " * 65_000,
        "'I'm Nova " * 100_000, '"I\'m Nova ' * 100_000, "„I'm Nova «" * 80_000, "Name: Claude\n" * 70_000,
        "私はGoogle" * 120_000, "저는 Google에서 " * 80_000, "我由Google" * 120_000, "I'm Google's Gemini " * 50_000,
        ". Trained by the team at Google" * 30_000, "Google, my " * 90_000, "I am the Nova Nova " * 50_000,
        "I was made by the Gemini team at " * 30_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_a_megabyte_of_beginnings_takes_linear_time(text: str) -> None:
    assert is_linear(FAMILIAR[0].masked, text if FULL else text[: len(text) // 4])
