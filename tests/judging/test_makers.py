"""Who a text says it is, and who made it, goes; who publishes a model and what else its name means stays."""

from __future__ import annotations

import re

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


def test_an_id_without_its_publisher_and_tag_is_a_variable_in_statements() -> None:
    names = Names([ModelProfile(name="x", provider="litellm", model="us.acme.phi4:0")])
    assert names.masked("phi4 = phi ** 4  # phi4", program=True) == "phi4 = phi ** 4  # [name]"


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


@pytest.mark.parametrize(
    "said",
    [
        "Ich bin ein großes Sprachmodell, trainiert von {Google}.", "Als KI-Modell von {Google} kann ich das nicht.",
        "Ich bin ein Sprachmodell, das von {Google} trainiert wurde.", "Sono un modello addestrato da {Google}",
        "Soy un modelo de lenguaje entrenado por {Google}", "Como modelo de {Google}, no puedo.",
        "Je suis un modèle de langage entraîné par {Google}", "En tant que modèle de {Google}, je ne peux pas.",
        "我是由{深度求索}公司开发的智能助手。", "我是一个由{字节跳动}公司开发的模型。", "我是{百度}研发的。",
        "我是由{阿里云}开发的大规模语言模型。", "我是{百度}的语言模型。", "我是一个{腾讯}开发的AI助手。",
        "我由{谷歌}开发。", "我是{GPT-4}，{百度}研发的。", "我是{文心一言}，{百度}研发的。",
        "I was trained and built at {Google}, and I like it. I'm a model trained at {Google} in 2023.",
        "My makers at {Google} trained me. As a {Google} model trained in 2023, I know. As a {Google} AI, I can't.",
        "我是{阿里巴巴}旗下的{通义实验室}研发的模型。",
        "我是由{月之暗面}训练的模型。",
        "I am a model independently developed by the {Tongyi Lab under Alibaba Group}.",
        "I am a model created by the {Technology Innovation Institute (TII)} in Abu Dhabi. I was made by {TII}.",
        "I was made by {Ai2, the Allen Institute for AI}.",
        "I was made by {LG AI Research}. I was made by {AI21 Labs}.",
        "I was created by {Nous Research}. I was trained by {Z.ai}. I was trained by {Zhipu AI}.",
        "I was made by {ByteDance}. I was trained by {Moonshot}. I am {Le Chat}.",
        "As a {Google} AI, I cannot. As an {Amazon AI} system, I can't. As an AI from {Amazon}, I can't.",
        "I'm {Google} AI. I am a {Google} AI. I'm {Google}'s AI assistant. I'm one of {Google}'s models.",
        "{Google} trained me. {Google} trained me not to. {Google} made me. The team at {Google} built me.",
        "My training by {Google} ended in 2023. My creators at {Google} gave me no feelings.",
        "I am a model built by the company {Cohere}. I am an AI system built by a team of inventors at {Amazon}.",
        "I come from {Google}. I was trained at {Google}. I am based on {Google's Gemini}.",
        "I am {GPT-4} ({Google}). I'm {GPT-4}, {Google}'s AI model.",
    ],
)  # fmt: skip
def test_who_made_the_speaker_goes_in_whatever_words_it_is_told(said: str) -> None:
    told = re.sub(r"[{}]", "", said)
    left = re.sub(r"\{[^{}]*\}", "[name]", said)
    assert NOBODY.masked(told) == left


@pytest.mark.parametrize(
    "said",
    [
        "Ich bin ein Fan von Google. Als Modell von Google überzeugt BERT. Ich bin Entwickler bei Google.",
        "Ich bin der Meinung, dass das Sprachmodell von Google gut ist. Das Modell wurde von Google entwickelt.",
        "Soy ingeniero de Google; soy consciente de que el modelo de Google es bueno.",
        "Je suis content du modèle de Google. Je suis un client de Google. Je suis le chat.",
        "我是学生。微信由腾讯开发。百度研发了它。",
        "I am a Google engineer. As a Google user, I like it. I'm a Google AI researcher.",
        "Google made me an offer. Google made me sad. Apple created me a new account. Google trained models.",
        "The AI model developed by TII is large. An LG phone; the Nous of Plato. I am from Apple Valley.",
        "I am Mario (Nintendo). I talked to Bob, Google's head. As a system made by Google, Android is good.",
        "The company Cohere built models. The assistant is trained at Google.",
        "I was trained at Amazon as an engineer. My developers at Meta fixed it. I come from Amazon originally.",
        "Apple trained me for three weeks. IBM trained me in COBOL for two years. Apple trained me well.",
        "As a Google system administrator, I use Linux. As a Google AI researcher, I write.",
        "我是谷歌的程序员,开发安卓。我是一名在阿里巴巴训练的厨师。我叫小明,是腾讯开发的游戏的玩家。我是微软的粉丝,它开发了Windows。",
        "Soy asistente de Apple en Madrid. Soy un modelo de Amazon en la pasarela.",
    ],
)
def test_makers_stay_where_no_text_speaks_of_itself(said: str) -> None:
    assert NOBODY.masked(said) == said
    assert called("gemini-2.5-pro", "google/gemma-3-27b-it").masked(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "By\n# Author: {Claude}\n", "@author {Claude}",
        "Generated by {Gemini}",
        "This was generated by {Llama 3}.", "Hi! It's {Claude}, ready to help!", "I go by {Claude}.",
        "People call me {Claude}.",
        "I'm part of the {Gemini} family of models.", "I belong to the {Llama} family.",
        "I'm a member of the {Phi} series.",
        "As {Claude} (an AI by {Anthropic}), I think so. As {Gemini} (an AI model), I can't.",
        "I'm {Microsoft Copilot}. I am {Amazon Nova}.", "I belong to the {Mistral} family. I am {Mistral}.",
    ],
)  # fmt: skip
def test_whose_a_text_is_is_masked(said: str) -> None:
    for names in (NOBODY, called("llama3.1:8b"), called("claude-opus-4-5", "gemini-2.5-pro")):
        assert names.masked(re.sub(r"[{}]", "", said)) == re.sub(r"\{[^{}]*\}", "[name]", said)


PUBLISHED = called(
    "google/gemini-2.5-pro", "microsoft/phi-4", "ibm/granite-3", "meta-llama/Llama-3.1-8B", "upstage/solar-pro",
    "perplexity/sonar", "amazon/nova-lite"
)  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "我是由{Google}训练的大型语言模型。", "我是{Gemini}，由{Google}开发的大型语言模型。",
        "私は{Google}によってトレーニングされた大規模言語モデルです。", "私は{Google}のAIアシスタントです。",
        "저는 {Google}에서 훈련한 대규모 언어 모델입니다.", "저는 {Google}에 의해 훈련되었습니다.",
        "I'm {Google's Gemini} model.", "I'm {IBM's Granite} model.", "I'm {Microsoft's Phi} model.",
        "I'm {Upstage's Solar} model.", "I'm {Meta's Llama} model", "I'm {Amazon's Nova} model",
        "I'm {Perplexity's Sonar}.", "I am {Solar} ({Upstage}).", "I'm {Gemini} (by {Google}).",
        "I am {Sonar} (made by {Perplexity}).",
        "I'm the {Gemini} model from {Google}.", "I am a {Gemini} model by {Google}.",
        "I was created by the {Gemini team at Google}.", "Trained by {Google}, I am a large language model.",
        "{Google}, my creator, trained me.", "My developer, {Google}, says so.",
        "Sou o {Gemini}, um modelo do {Google}.",
    ],
)  # fmt: skip
def test_a_model_and_its_maker_go_together(said: str) -> None:
    assert PUBLISHED.masked(re.sub(r"[{}]", "", said)) == re.sub(r"\{[^{}]*\}", "[name]", said)


@pytest.mark.parametrize(
    "said",
    [
        "私はGoogleのエンジニアで、開発しています。", "저는 Google에서 개발자로 일합니다.",
        "저는 Google에서 개발한 앱을 씁니다.",
        "I'm Google's Gemini engineer. I'm the Solar panel model maker. I am Solar (the god).",
        "Chrome, made by Google, I like. Google, my employer, pays. I work with the Gemini team at Google.",
    ],
)  # fmt: skip
def test_who_works_for_a_maker_is_no_model(said: str) -> None:
    assert PUBLISHED.masked(said) == said


def test_whose_a_program_is_is_masked() -> None:
    source = "__author__ = 'Claude'\n# Author: Claude\n# Generated by Gemini\nauthor = claude\n"
    masked = "__author__ = '[name]'\n# Author: [name]\n# Generated by [name]\nauthor = claude\n"
    assert NOBODY.masked(source, program=True) == masked


@pytest.mark.parametrize(
    "said",
    [
        "Names:\nClaude: a French first name\n**Gemma**: a gem\n- Gemini: twins", "claude: a lower-case word",
        "Name: Claude Monet\nThe name: llama", "The author: Claude Monet. Generated by Claude Debussy.",
        "Heat is generated by granite. The wave generated by phi is long.", "I belong to the llama family.",
        "I'm part of the Orca family trip. Camels belong to the Llama family.",
        "Claude Monet: a painter", "It's Gemini season, ready or not.",
    ],
)  # fmt: skip
def test_glossaries_people_and_animals_stay(said: str) -> None:
    assert NOBODY.masked(said) == said


LABELLED = called("claude-opus-4-5", "google/gemini-2.5-pro", "upstage/solar-pro", "command-r", "nova-lite")


@pytest.mark.parametrize(
    "said",
    [
        "{Claude}: the answer is 4.", "**{Gemini}**: 4", "**{Gemini}:** 4", "[{Claude}] Sure.", "# {Claude}: an answer",
        "Hello.\nName: {Claude}\n**Name:** {Claude}", "{Solar}: 4", "{Solar Pro}: 4", "{Google Gemini}: 4",
        "{Nova}: 4", "{Command R}: 4", "```text\nName: {Gemini 2.5}\n```",
        "{Gemini}: twins. The Gemini twins.", "Name: {Nova}\nClass: Mage\n\nNova casts a spell.",
        "{Claude}: Yes. I'm {Claude}. {Claude} helps.", "Name: {Claude}\nAs {Claude}, I help. {Claude} helps.",
    ],
)  # fmt: skip
def test_labels_have_names_of_the_catalogue_and_tell_of_no_other_mention(said: str) -> None:
    told = re.sub(r"[{}]", "", said)
    assert LABELLED.masked(told) == re.sub(r"\{[^{}]*\}", "[name]", said)


@pytest.mark.parametrize(
    "said",
    [
        "**Mistral**: a cold wind. The Mistral blows in Provence.", "Falcon: a bird. The Falcon dives.",
        "Name: Falcon\nClass: Ranger\n\nFalcon is level 3.", "Lite: a word", "Command: ls -R",
        "```yaml\n- name: Gemini\n- name: Nova\n```\nThe Gemini and the Nova.", "```\nName: Claude\n```",
        "Bard: To be.\nHamlet: Ay.", "Solarium: a room",
    ],
)  # fmt: skip
def test_labels_of_anything_else_and_data_stay(said: str) -> None:
    for names in (NOBODY, LABELLED):
        assert names.masked(said) == said
    assert LABELLED.masked("Claude: x\nName: Claude\n", program=True) == "Claude: x\nName: Claude\n"


def test_a_label_that_the_task_speaks_of_stays() -> None:
    said = "Claude: a French first name\nName: Claude"
    assert LABELLED.masked(said, "Where does Claude come from?") == said
    assert LABELLED.masked(said, "Explain a name.") == "[name]: a French first name\nName: [name]"
    assert LABELLED.masked("Solar: of the sun", "What is solar?") == "Solar: of the sun"
    assert LABELLED.masked("Solar: of the sun", "What is a solarium?") == "[name]: of the sun"


@pytest.mark.parametrize(
    "said",
    [
        'She said "I\'m {Nova}". Nova ran.', "'I'm {Nova},' she said. Nova ran.", "“I am {Nova}.” Nova ran.",
        "« Je suis {Claude}. » Claude part.", 'assert greet("Claude") == "I am {Claude}"',
        '```py\nprint("I am {Claude}", "Claude")\n```\nClaude is greeted.',
    ],
)  # fmt: skip
def test_who_is_quoted_is_somebody_else(said: str) -> None:
    assert NOBODY.masked(re.sub(r"[{}]", "", said)) == re.sub(r"\{[^{}]*\}", "[name]", said)


def test_a_docstring_and_a_name_in_quotation_marks_are_no_quotation() -> None:
    source = '"""I\'m Claude."""\nby = "Claude"\n'
    assert NOBODY.masked(source, program=True) == '"""I\'m [name]."""\nby = "[name]"\n'
    source = "x = `I'm Nova`; map['Nova'] = 1"
    assert NOBODY.masked(source, program=True) == "x = `I'm [name]`; map['Nova'] = 1"
    said = 'I\'m "Claude". Claude helps. A 5" pipe: I\'m Nova, 6" long. Nova helps.'
    assert NOBODY.masked(said) == re.sub("Claude|Nova", "[name]", said)


def test_a_name_at_the_end_of_a_sentence_is_no_signature() -> None:
    for said in ("It is the best, Claude", "Of the two the best is Claude"):
        assert Names([]).masked(said) == said
    assert Names([]).masked("see acme/qwen-style-demo") == "see acme/[name]-style-demo", "no id: it has no version"
