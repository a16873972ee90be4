"""Where a text speaks of itself: only there is a word of another meaning the name of a model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.judging.known import AMBIGUOUS, CHINESE, FIRM, MAKERS, ONLY
from harness.judging.spelling import ENDS, MARKS, TAIL, WORD

_FILLER = (
    r"(?:(?:an?|the|your|ai|assistant|chat ?bot|bot|large|language|model|called|named|known\s++as|friendly|helpful)\b"
    r"[\s,:]*+){0,6}" + MARKS
)
"""Blanks are never given back: nothing that follows begins with one, and a long row would be tried from each."""
_ITSELF = (
    r"(?P<before>\b(?:(?:i['’]?m|i\s++am|my\s++name(?:['’]s|\s++is)|call\s++me|i\s++go\s++by|speaking\s++as)|(?P<role>as))\s++"
    + _FILLER
    + ")"
)
_SPEAKS = (
    r"\b(?:i['’]?m|i\s++am|my\s++name(?:['’]s|\s++is)|call\s++me|i\s++go\s++by|speaking\s++as|also\s++known\s++as)\s++"
)
_ROLE = (
    r"(?:(?:(?:an?|the|your|ai|large|language|friendly|helpful)\b[\s,:]*+){0,6}"
    r"(?:called|named|known\s++as|model|assistant|chat ?bot|bot)\b[\s,:]++){0,3}" + MARKS
)
_SENT = (
    r"\b(?:greetings|hello|hi|regards|answer|reply|response|message|solution|written|signed|sent|brought\s++to\s++you)"
    r"[\s,:]++(?:from|by)\s++" + MARKS
)
_CLAUSE = r"(?=[\"'*_`”’]*\s*(?:[.,;:!?)\]…]|\Z|(?:and|but)\b))"
_MAKE = r"(?:developed|trained|created|made|built|designed|released|fine-?tuned)"
_MAKES = rf"{_MAKE}(?:,?\s++(?:and\s++)?{_MAKE}){{0,3}}"
_ADVERB = r"(?:(?:originally|initially|independently|actually|also|proudly|first|currently)\s++)?"
_BY = (
    rf"(?:{_MAKES}\s++by|(?:based|built|running)\s++on(?:\s++top\s++of)?|"
    r"powered\s++by|fine-?tuned\s++from|derived\s++from)\s++"
)
_PEOPLE = (
    r"(?:(?:an?|the)\s++)?(?:(?:team|people|researchers|engineers|inventors|company|startup|chinese|french|of|at|from)"
    r"\s++){0,5}" + MARKS
)
_MODEL = r"(?:model|assistant|ai|chat ?bot|bot|llm|system)"
_BARRIER = r"(?!(?:of|for|with|about|on|in|at|to|from|by|the|who|that|which|is|was|are|were|made|developed|created)\b)"
_KIND = (
    rf"(?:(?:an?|the|your)\s++(?:{_BARRIER}(?:[\w'’-]++|\[name\]),?\s++){{0,6}}?"
    rf"{_MODEL}\b(?:\s++(?:called|named)\s++\W{{0,3}}\[name\]\W{{0,3}})?"
    r"|\W{0,3}\[name\]\W{0,3})"
)
_WHICH = (
    rf"[\"'*_`”’]*,?\s++(?:and\s++)?(?:(?:that|which|i)\s++)?(?:(?:is|was|am|has\s++been|have\s++been)\s++)?{_ADVERB}"
)
_AM = r"\b(?:i['’]?m|i\s++am|i\s++was|i['’]ve\s++been|i\s++have\s++been)\s++"
_MADE = (
    rf"(?P<before>(?:{_AM}{_ADVERB}{_BY}|\bi\s++run\s++on\s++"
    rf"|(?P<where>{_AM}{_ADVERB}{_MAKES}\s++at|\bi\s++come\s++from)\s++"
    rf"|{_AM}(?:(?:just|only|not)\s++)?{_KIND}(?:,?\s++{_KIND})?(?:{_WHICH}(?:{_BY}|{_MAKES}\s++at\s++)|\s++(?:by|from)\s++)"
    rf"|\bthis\s++(?:(?:ai|virtual)\s++)?(?:assistant|ai)\s++(?:is|was)\s++{_ADVERB}{_BY}"
    rf"|\bmy\s++(?:(?:creator|developer|maker)s?\s++(?:is|are|was|were)|(?:creator|maker)s?\s++at|training\s++(?:by|at))\s++"
    rf"|(?P<role>\bas\s++{_KIND}(?:\s++\({_KIND})?(?:{_WHICH}{_BY}|\s++(?:by|from)\s++))){_PEOPLE})"
)
"""The speaker is the subject, and no other subject or verb stands between: what somebody believes was made by others
is no word of itself."""
_REALLY = (
    r"(?:(?:actually|just|only|indeed|still|really|simply|truly|basically|definitely|certainly|technically|also|now|"
    r"currently|in\s++fact|of\s++course)\b[\s,]++){0,3}"
)
_NAMED = rf"(?:(?:{MAKERS}|{ONLY}|\[name\])(?:['’]s)?\s++(?:ai\s++)?)?"
"""Before the name of a model: Google Gemini, Anthropic's Claude."""
_CAPITAL = r"(?=(?-i:[A-Z]))"
_UPPER = "".join(letter for letter in map(chr, range(0x41, 0x530)) if letter.isupper())
NOBODY_ELSE = rf"(?!\s(?-i:[{_UPPER}](?:['’][{_UPPER}])?[\u0300-\u036f]?(?![{_UPPER}])[^\W\d_]))"
"""Behind a name: Claude Monet, Kimi Räikkönen, and Claude O'Neil are none."""
_LAST = r"(?=[\"'*_`”’]*[.!]?[ \t]*$)"
_HERE = (
    rf"(?=[\"'*_`”’]*\s*+(?:[.!)\]…]|\Z|,\s+(?:(?:ready|happy|glad|here|at\s+your)\b|(?:an?|your|the)\s++(?:[\w-]++\s++){{0,4}}?"
    rf"(?:model|assistant|ai|chat ?bot|bot|llm)\b|{_MAKE}\b)))"
)
_MAKE_CHINESE = r"(?:开发|训练|创建|创造|打造|推出|研发)"
_MODEL_CHINESE = r"(?:模型|助手|机器人|AI|人工智能)"
_ELSEWHERE = (
    r"(?:\b(?:ich\s+(?:bin|heiße)|mein\s+name\s+ist|je\s+suis|je\s+m['’]appelle|mon\s+nom\s+est|soy|me\s+llamo|"
    r"mi\s+nombre\s+es|sono|mi\s+chiamo|(?:eu\s+)?sou(?:\s+[oa])?|meu\s+nome\s+é|ik\s+ben|jestem|меня\s+зовут|я)\s+"
    rf"{MARKS}{_CAPITAL}|"
    rf"(?:我是(?:由?[^\n。，]{{1,20}}{_MAKE_CHINESE}的[^\n。，a-z]{{0,12}})?|我叫|我的名字[是叫]|私は|私の名前は|"
    rf"저는|나는|제\s?이름은)\s?{MARKS})"
)
"""I am, in other languages."""
_MODEL_ELSEWHERE = (
    r"(?:(?:[\w-]*(?:modell|assistent)|model+[oe]?|modèle|ki|ia|ai|assistant|assistente|asistente|"
    r"chat ?bot)\b|\[name\])"
)
_MADE_ELSEWHERE = (
    rf"\b(?:ich\s++bin|je\s++suis|soy|sono|sou|ik\s++ben|als(?=[^.\n!?]{{0,80}}\b(?:ich|ik)\b)"
    r"|como(?=[^.\n!?]{0,80}\b(?:yo|no|puedo|tengo)\b)|en\s++tant\s++que(?=[^.\n!?]{0,80}\bj(?:e\b|['’])))\s++"
    rf"(?:(?!(?:von|vom|bei|par|por|d[aeou]|del|of)\b)[\w'’-]++\s++){{0,5}}?{_MODEL_ELSEWHERE},?\s++"
    rf"(?:(?!(?:ist|est|es|è|é|und|et|y)\b)[\w'’-]++,?\s++){{0,6}}?"
    rf"(?:von|vom|durch|par|por|d[aeou]|del|di|door|van)\s++(?:(?:la|l['’]|der|die|das)\s*+)?{MARKS}"
)
"""I am a model made by, in other languages."""
_SAYS_I = r"(?=[\"'*_`”’]*,\s+(?-i:I\b|[Mm]y\s+(?:name|training|maker|creator)))"
_I_FOLLOW = r"(?=[^.\n!?]{0,80}?,\s+(?:i|my)\b)"


def called(names: str, signs: str) -> Iterator[re.Pattern[str]]:
    """Where a text calls itself by a name that has a form of its own.

    `names`: the names of models; `signs`: those of the catalogue that are no words."""
    yield pattern(_ITSELF, f"{names}|{signs}", rf"(?(role)(?=,?\s+(?:i|my)\b)|{ENDS})")
    yield pattern(rf"(?P<before>(?:\b(?:this\s+is|from|by)\s++{MARKS}|{_SPEAKS}{_ROLE}))", signs, ENDS)


def made(names: str, namesakes: str, publishers: str) -> Iterator[re.Pattern[str]]:
    """Where a text says by whom, or from what, it was made."""
    company = f"(?:{AMBIGUOUS}|{MAKERS}|{ONLY}|{publishers})"
    maker = f"{company}{TAIL}{FIRM}"
    # The Tongyi Lab under Alibaba Group, TII (...), Meta's Llama.
    more = rf"(?:['’]s\s|,\sthe\s|\s(?:under|of|at|from)\s(?:the\s)?|\s?\((?=[^()\n]{{1,40}}\))){maker}\)?"
    makers = f"{maker}(?:{more}){{0,2}}"
    team = rf"(?:{namesakes}){TAIL}\s(?:ai\s)?team\s(?:at|of|from)\s{maker}"
    told = f"{team}|{makers}|{names}|(?:{namesakes}){_CLAUSE}"
    yield pattern(_MADE, told, rf"{ENDS}(?(role){_I_FOLLOW})(?(where){_CLAUSE})")
    yield pattern(
        rf"(?P<before>\b(?:i['’]?m|i\s++am|(?P<role>as))\s++{_REALLY}(?:(?:an?|the|one\s++of)\s++)?{MARKS}{_CAPITAL})",
        maker,
        rf"(?=(?:['’]s)?\s++(?:(?:own|ai|large|language|chat|virtual)\s++){{0,4}}{_MODEL}s?\b"
        rf"(?:{_CLAUSE}|(?(role)\s++(?:that|which|with|without|{_MAKE})\b|(?!))))"
        rf"(?(role){_I_FOLLOW})",
    )
    yield pattern(
        # Without a version: nothing stands before it, so a long row of them would be read from each.
        rf"(?P<before>\b{_CAPITAL})",
        company + FIRM,
        rf"(?=\s++(?:(?:has|have)\s++)?{_ADVERB}(?:(?:trained|created|developed|built|designed|fine-?tuned)\s++me\b"
        rf"(?!\s++(?:an?|the|my|some|well|up|out)\b|[^.\n!?]{{0,40}}?\b(?:days?|weeks?|months?|years?)\b)"
        rf"|made\s++me(?:{_CLAUSE}|\s++to\s(?:be|help|assist)\b)))",
    )
    yield pattern(
        rf"(?P<before>(?:{_AM}|\bmy\s++name\s++is\s++|\b(?:to|with)\s++)[\"'*_`“”‘]{{0,3}}\[name\][\"'*_`“”’]{{0,3}}"
        rf"(?:,\s++|\s++\((?:(?:{_MAKE}\s++)?(?:by|from)\s++)?))",
        maker,
        r"(?=['’]s\s|\s?\))",
    )
    yield pattern(rf"(?P<before>(?:^|[.!?]\s){_MAKES}\s++by\s++{_PEOPLE})", maker, rf"{ENDS}(?=,\s++(?:i|my)\b)")
    yield pattern(rf"(?P<before>\b{_CAPITAL})", company + FIRM, r"(?=,\s++my\s++(?:creator|developer|maker)s?\b)")
    yield pattern(r"(?P<before>\bmy\s++(?:creator|developer|maker)s?,\s++)", maker, r"(?=,)")
    yield pattern(rf"(?P<before>{_MADE_ELSEWHERE})", makers, rf"{ENDS}(?!\s++(?:en|in|em|à|bei)\b)")
    firm = f"(?:{company}|{CHINESE}){FIRM}"
    yield pattern(
        r"(?P<before>我(?:[是叫][^。！？\n]{0,24}?)?由\s?)",
        firm,
        rf"{ENDS}(?=[^。！？，,\n]{{0,12}}?{_MAKE_CHINESE})",
    )
    yield pattern(
        r"(?P<before>(?:私|わたし|僕)は[^。！？\n]{0,24}?)",
        firm,
        rf"{ENDS}社?(?=(?:によって|により|が|に)[^。！？、\n]{{0,12}}?(?:訓練|学習|トレーニング|開発|作成|作ら|作っ|設計|構築)"
        r"|の[^。！？、\n]{0,8}?(?:言語モデル|アシスタント|AI)(?:です|。))",
    )
    yield pattern(
        r"(?P<before>(?:저는|나는|전)\s[^.!?\n]{0,24}?)",
        firm,
        rf"{ENDS}(?=\s?(?:에서|에\s의해|에|이|가|의)\s[^.!?\n]{{0,12}}?(?:훈련|개발|학습|제작|설계|만든|만들)[^.!?\n]{{0,20}}?"
        r"(?:모델|AI|인공지능|챗봇|비서|어시스턴트|되었|됐))",
    )
    yield pattern(
        rf"(?P<before>我[是叫](?:一[个款]|来自|(?:\[name\]|{ONLY})[，,])?\s?)",
        firm,
        rf"{ENDS}(?=[^。！？，,在\n]{{0,12}}?{_MAKE_CHINESE}的(?:[。，！]|\s*\Z|[^。！？，,\n]{{0,12}}?{_MODEL_CHINESE})"
        rf"|[^。！？，,在\n]{{0,4}}?的[^。！？，,\n]{{0,10}}?{_MODEL_CHINESE}(?:[。，,！\n]|\Z))",
    )


def plain_places(words: str, bare: str, namesakes: str) -> Iterator[re.Pattern[str]]:
    """Where a text calls itself by an ordinary word. "I am fast" is such a place if a model is called so, "a fast
    model" is none; of `a`, `2` and `solar` only the end of a clause tells that it is a name."""
    yield pattern(rf"(?P<before>{_SPEAKS}{_ROLE})", words, rf"(?!-?{WORD})")
    yield pattern(rf"(?P<before>{_SPEAKS}{_ROLE})", f"{bare}|{namesakes}", _CLAUSE)
    either = f"{words}|{bare}|{namesakes}"
    yield pattern(rf"(?P<before>{_SPEAKS}{_ROLE})", namesakes, rf"(?=,?\s+(?:by|from|{_MAKE})\b)")
    yield pattern(rf"(?P<before>\bas\s++{_ROLE})", f"{words}|{bare}", r"(?=[\"'*_`”’]*,\s+(?-i:I|[Mm]y)\b)")
    yield pattern(rf"(?P<before>\bas\s++{_ROLE})", namesakes, _SAYS_I)
    yield pattern(rf"(?P<before>(?:^|[.!?]\s)(?-i:I),\s{MARKS})", either, r"(?=[\"'*_`”’]*,\s(?!\w\b))")
    yield pattern(
        rf"(?P<before>\bthis\s++is\s++{MARKS})",
        either,
        r"(?=[\"'*_`”’]*,?\s+(?:speaking|here|answering|replying|responding|writing)\b)",
    )
    yield pattern(
        rf"(?P<before>(?:^|[.!?]\s|\b(?:hi|hello|hey)(?:\s(?:there|all|everyone|folks))?[,!.]?\s){MARKS})",
        namesakes,
        r"(?=[\"'*_`”’]*\s+here\b\s*(?:[.,!:;]|\Z))",
    )
    yield pattern(rf"(?P<before>{_SENT})", either, _CLAUSE)


def namely(namesakes: str, publishers: str) -> Iterator[re.Pattern[str]]:
    """Where a text calls itself by a word that the catalogue or everybody has as a name: more ways than "I am"."""
    # With an article before it, or another name behind it, it is an animal, a sign of the zodiac, or a person.
    known = (
        rf"(?:(?<!\ba )(?<!\ban )|(?=\w+[-\w. ]{{0,20}}\s(?:model|assistant|ai|chat ?bot|bot)\b))(?:{AMBIGUOUS}){TAIL}"
        + NOBODY_ELSE
    )
    yield pattern(_ITSELF, known, rf"(?(role){_SAYS_I}|{ENDS})")
    maker = f"(?:{AMBIGUOUS}|{MAKERS}|{ONLY}|{publishers}){FIRM}"
    name = rf"(?:(?:{MAKERS}|{ONLY}|{publishers}|\[name\])(?:['’]s)?\s++(?:ai\s++)?)?(?:{namesakes}){TAIL}"
    model = r"(?:model|assistant|ai|chat ?bot|bot|llm)\b"
    by = rf"(?:,?\s++(?:by|from|{_MAKE})\b|\s\((?:(?:{_MAKE}\s++)?(?:by|from)\s++)?{maker}\))"
    yield pattern(rf"(?P<before>{_SPEAKS}{_REALLY}{MARKS})", name, rf"{NOBODY_ELSE}(?:{_CLAUSE}|(?={by}))")
    yield pattern(
        rf"(?P<before>{_SPEAKS}{_REALLY}(?:(?:an?|the|your)\s++(?:{_BARRIER}[\w-]++\s++){{0,2}}?)?{MARKS}{_CAPITAL})",
        name,
        rf"(?=[\"'*_`”’]*\s++(?:(?:ai|large|language|chat)\s++){{0,3}}{model}(?:{_CLAUSE}|{by}|\s++(?:that|which)\b))",
    )
    yield pattern(
        rf"(?P<before>{_SPEAKS}(?:an?|the|your)\s++(?:{_BARRIER}(?:[\w'’-]++|\[name\]),?\s++){{0,6}}?{model}"
        rf"(?:{_WHICH}{_BY}{_PEOPLE}\w++(?:\s++ai)?,?+)?\s++(?:and\s++)?(?:called|named|known\s++as)\s++{MARKS})",
        name,
        ENDS + NOBODY_ELSE,
    )
    yield pattern(
        rf"(?P<before>\bas\s++(?:an?|the)\s++{MARKS})",
        name,
        rf"(?=[\"'*_`”’]*\s++(?:(?:ai|large|language|chat)\s++){{0,3}}{model}[^.\n!?]{{0,80}}?,\s+(?-i:I\b|[Mm]y\b))",
    )
    yield pattern(
        rf"(?P<before>\bas\s++{MARKS})",
        name,
        rf"(?=[\"'*_`”’]*(?:,\s+|\s\()(?:(?:an?|the|your)\s++(?:[\w-]++\s++){{0,4}}?{model}|{_MAKE}\b|(?-i:I)\b)"
        r"(?:(?<=\s(?-i:I))|[^.\n!?]{0,80}?,\s+(?-i:I|[Mm]y)\b))",
    )
    yield pattern(
        rf"(?P<before>\b(?:you['’]re|you\s+are|you['’]ve\s+been|you\s+have\s+been)\s+(?:now\s+|currently\s+)?"
        rf"(?:talking|speaking|chatting|working|interacting)\s+(?:to|with)\s+{MARKS})",
        name,
        NOBODY_ELSE + _CLAUSE,
    )
    yield pattern(
        rf"(?P<before>(?:^|[.!?]\s|[\"“(]|\b(?:hi|hello|hey)(?:\sthere)?[,!]?\s)"
        rf"(?:it['’]s|it\s+is|this\s+is)\s+(?:me,\s)?{_REALLY}{MARKS}{_CAPITAL})",
        name,
        _HERE,
    )
    yield pattern(
        rf"(?P<before>\b(?:signed|regards|sincerely|cheers|yours|wishes|(?:best|thanks|thank\syou),(?=\n))[,:]?"
        rf"[ \t]?\s?[—–-]*\s?{MARKS}{_CAPITAL})",
        name,
        _LAST,
    )
    yield pattern(rf"(?P<before>^[ \t]*(?:[—–]|--)\s*{MARKS}{_CAPITAL})", name, r"(?=[\"'*_`”’]*[.!]?\s*\Z)")
    yield pattern(rf"(?P<before>{_ELSEWHERE})", name, ENDS + NOBODY_ELSE)
    yield pattern(
        rf"(?P<before>\bi(?:['’]?m|\s++am|\s++belong)\s++(?:(?:an?\s++)?(?:{_REALLY}(?:part|member|one|model))\s++)?"
        rf"(?:of|to|from)\s++the\s++{MARKS}{_CAPITAL})",
        name,
        rf"(?=[\"'*_`”’]*\s++(?:ai\s++|model\s++)?(?:family|series|line|models)\b(?:\s++of\b|{_CLAUSE}))",
    )
    yield pattern(
        rf"(?P<before>(?:author_{{0,2}}\s?[:=]|@author|\b(?:generated|created|written|produced|answered)\s++by)\s++"
        rf"{MARKS}{_CAPITAL})",
        name,
        rf"{NOBODY_ELSE}(?:{_CLAUSE}|(?=\s\())",
    )


def labelled(names: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where a label has a name of the catalogue: at the beginning of a text (in a glossary, further down, it means
    something else), and behind `Name:`."""
    name = rf"{_NAMED}(?:{names}){TAIL}"
    return (
        pattern(rf"(?P<before>\A[\s>#*_\[(\"]*+{_CAPITAL})", name, r"(?=[*_\")]*+\s?:[*_]*+(?:\s|\Z)|\])"),
        pattern(rf"(?P<before>^[ \t>#*_-]*+name[*_]*\s?:[*_]*[ \t]++{MARKS}{_CAPITAL})", name, _LAST),
    )


def pattern(before: str, names: str, after: str) -> re.Pattern[str]:
    """Names of any case between what stands before and after them."""
    return re.compile(rf"{before}(?P<name>{names}){after}", re.IGNORECASE | re.MULTILINE)
