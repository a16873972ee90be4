"""Candidates cannot speak to a judge: nothing that is read as control, nothing that says which model it is.

The texts go on to `prompt`, which quotes every line: there a candidate can neither end its own part nor begin another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.config import ModelProfile
from harness.judging.candidates import Contender, Piece

MASK = "[name]"
MASKED, CONTROL, CLIPPED = "masked", "control", "clipped"
"""Flags of a judgment: names were masked, control characters or tokens replaced, the middle of a long text left out."""

LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
    # Joiners belong into emoji and some scripts; in a Latin word they only hide it.
    r"|(?<=[\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f])"
)
TOKENS = re.compile(
    r"<(?=[|｜])|<(?=/?s>|(?:start|end)_of_turn>|(?:bos|eos|pad|unk)>|/?SYS>|<SYS>)|\[(?=/?(?:INST|AVAILABLE_TOOLS|TOOL_\w+)\])"
)
"""Where what ends a turn in a chat template begins. A server that reads those in plain text would let a candidate speak
as the system."""
LOOKALIKE = {"<": "‹", "[": "⟦"}

KNOWN = (
    r"qwen|qwq|chatgpt|openai|anthropic|deepseek|smollm|mixtral|codestral|devstral|ministral|chatglm|internlm|nemotron|"
    r"starcoder|wizardlm|vicuna|tinyllama|codellama|codegemma|gpt(?=[- ]?\d)|llama(?=[- ]?\d)|gemma(?=[- ]?\d)|"
    r"phi(?=-\d)|claude(?=[- ](?:\d|sonnet|opus|haiku|instant))|gemini(?=[- ](?:\d|pro|flash|ultra|nano))|"
    r"mistral(?=[- ](?:\d|ai|large|small|nemo))|glm(?=-?\d)|grok(?=-\d)|kimi(?=[- ]?k\d)|granite(?=-\d)|"
    r"olmo(?=[- ]?\d)|command-r|hugging ?face|alibaba cloud|google deepmind|meta ai|moonshot ai|zhipu"
)
"""Names that mean nothing but a model or its maker."""
AMBIGUOUS = (
    r"gpt|llama|gemma|phi|claude|gemini|mistral|glm|grok|kimi|granite|olmo|falcon|yi|bard|copilot|jamba|nova|aya|ernie|"
    r"hunyuan|doubao|reka"
)
MAKERS = (
    r"google|meta|microsoft|alibaba|amazon|ibm|nvidia|cohere|xai|apple|baidu|tencent|bytedance|mistral|databricks|"
    r"stability ai|hugging ?face"
)
"""Names that are also animals, people or companies: masked only where a text speaks of itself."""
PLAIN = frozenset({
    "answer", "assistant", "base", "best", "chat", "cheap", "cloud", "code", "coder", "command",
    "default", "fast", "first", "human", "instruct", "judge", "large", "latest", "local", "main",
    "medium", "mini", "model", "none", "other", "plain", "reference", "replay", "second", "small",
    "smart", "strong", "system", "task", "test", "text", "tiny", "turbo", "user", "weak",
})  # fmt: skip
"""Words that an entry of a catalogue may be called by, and that answers need."""
VERSION = r"(?:[-_ ]?v?\d+(?:\.\d+)*[a-z]{0,2}\b)?(?:[-:/][a-z0-9]+(?:[._][a-z0-9]+)*)*"
FILLER = (
    r"(?:(?:an?|the|your|ai|assistant|chat ?bot|bot|large|language|model|called|named|known|as|friendly|helpful)\b"
    r"[\s,:]*){0,6}"
    r"[\"'*_`“‘]*"
)
ITSELF = (
    r"(?P<before>\b(?:i['’]?m|i\s+am|my\s+name(?:['’]s|\s+is)|call\s+me|speaking\s+as|powered\s+by|based\s+on)\s+"
    + FILLER
    + ")"
)
MADE_BY = (
    r"(?P<before>\b(?:i|i['’]m|me|model|assistant)\b[^.\n!?]{0,80}?\b(?:developed|trained|created|made|built|designed|"
    r"fine-?tuned)\s+by\s+(?:the\s+)?(?:(?:team|people|researchers)\s+(?:at|of)\s+)?)"
)


class Names:
    """The names that a judge must not read, and the texts without them."""

    def __init__(self, profiles: Iterable[ModelProfile]) -> None:
        """`profiles`: every model there is a name of, whether it takes part or not."""
        given = {name.lower() for profile in profiles for name in _names(profile)}
        own = [re.escape(name) for name in sorted(given, key=len, reverse=True) if _tells(name)]
        everywhere = "|".join([*own, KNOWN])
        self._everywhere = _pattern(r"(?<!\w)", everywhere, r"(?!\w)")
        self._itself = (
            _pattern(ITSELF, f"{everywhere}|{AMBIGUOUS}", r"(?!\w)"),
            _pattern(rf"(?P<before>\bas\s+{FILLER})", f"{everywhere}|{AMBIGUOUS}", r"(?=,?\s+(?:i|my)\b)"),
            _pattern(MADE_BY, f"{everywhere}|{MAKERS}", r"(?!\w)"),
        )

    def masked(self, text: str, topic: str = "") -> str:
        """`text` without names; those that `topic`, the task's own text, mentions are what it is about, and stay,
        except where the text calls itself so."""
        for pattern in self._itself:
            text = pattern.sub(lambda found: found["before"] + MASK, text)
        about = topic.lower()

        def masked(found: re.Match[str]) -> str:
            return found["name"] if about and found["name"].lower() in about else MASK

        return self._everywhere.sub(masked, text)


def _pattern(before: str, names: str, after: str) -> re.Pattern[str]:
    return re.compile(rf"{before}(?P<name>(?:{names}){VERSION}){after}", re.IGNORECASE)


def _names(profile: ModelProfile) -> Iterable[str]:
    """What a model is called: in the catalogue, on its server, in its family, and that without a version."""
    last = profile.model.rpartition("/")[2]
    for name in (profile.name, profile.model, last, last.partition(":")[0], profile.family):
        if name:
            yield name
            stem = re.split(r"[\d.:/@_-]", name, maxsplit=1)[0]
            if not re.fullmatch(AMBIGUOUS, stem, re.IGNORECASE):
                yield stem


def _tells(name: str) -> bool:
    """Whether a name in a text can only mean the model."""
    words = re.findall(r"[a-z]+", name)
    return len(name) >= 3 and name not in PLAIN and any(len(word) > 2 and word not in PLAIN for word in words)


SHORTEST = 80
"""Characters that every piece of an answer keeps; of those for which there is no such room it is said how many."""
LONGEST_HEADING = 300


@dataclass(frozen=True, slots=True)
class Neutral:
    """A contender as it may be shown."""

    pieces: tuple[Piece, ...]
    characters: int
    """Of its own texts, as shown."""
    flags: frozenset[str]
    """What was done to them."""


def neutralised(contender: Contender, names: Names, topic: str, characters: int) -> Neutral:
    """The contender's texts, without control and names, at most `characters` of them; what is left out says so."""
    flags: set[str] = set()
    own = sum(len(piece.text) for piece in contender.pieces if not piece.given)
    pieces = []
    most = max(1, characters // SHORTEST)
    for piece in contender.pieces[:most]:
        heading, text = (_plain(part, flags) for part in (piece.heading, piece.text))
        if not piece.given:
            heading, text = (_masked(part, names, topic, flags) for part in (heading, text))
            if own > characters:
                # Every piece gives its share.
                text, cut = clipped(text, max(SHORTEST, characters * len(piece.text) // max(1, own)))
                flags |= {CLIPPED} if cut else set()
        pieces.append(Piece(heading.replace("\n", " ")[:LONGEST_HEADING], text, piece.given, piece.named))
    if len(contender.pieces) > most:
        flags.add(CLIPPED)
        pieces.append(Piece(f"{len(contender.pieces) - most} more left out by the judging system", ""))
    shown = sum(len(piece.text) for piece in pieces if not piece.given)
    return Neutral(tuple(pieces), shown, frozenset(flags))


def clipped(text: str, characters: int) -> tuple[str, bool]:
    """`text`, and whether its middle was left out so that about `characters` remain: two thirds from the beginning, a
    third from the end, and a line between them that says how much is missing."""
    if len(text) <= characters:
        return text, False
    head, tail = characters * 2 // 3, characters // 3
    left = len(text) - head - tail
    return (
        f"{text[:head]}\n(... {left} characters left out by the judging system ...)\n{text[len(text) - tail :]}",
        True,
    )


def plain(text: str) -> str:
    """`text` with ordinary line ends, without invisible characters and without tokens of chat templates."""
    text = INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    return TOKENS.sub(lambda found: LOOKALIKE[found[0]], text)


def _plain(text: str, flags: set[str]) -> str:
    found = plain(text)
    if found != text.replace("\r\n", "\n"):
        flags.add(CONTROL)
    return found


def _masked(text: str, names: Names, topic: str, flags: set[str]) -> str:
    found = names.masked(text, topic)
    if found != text:
        flags.add(MASKED)
    return found
