"""Names of models and their makers that everybody knows, as patterns."""

from __future__ import annotations

from harness.judging.spelling import COUNTED, RANK

_END = r"(?![^\W_])"
_SIZE = rf"\d+(?:\.\d+)?(?:x\d+)?b{_END}"
_SAYS = r"\s(?:is|was|has|had|would|can|could|says|said|model)\b"
_VERSION = rf"(?=[-_: ]?(?:{_SIZE}|v?[1-9]\.\d(?!\d)|v?[1-9]\d?(?:\.\d)?[-_: ]?(?:{RANK}{_END}|{_SIZE}))|:\d)"
"""What only a model has: a size, a version with a point, a number with a rank."""

ONLY = (
    r"qwen|qwq|chatgpt|openai|anthropic|deepseek|smollm|mixtral|codestral|devstral|ministral|chatglm|internlm|nemotron|"
    r"starcoder|wizardlm|tinyllama|codellama|codegemma|hugging ?face|alibaba cloud|google deepmind|meta ai|"
    r"moonshot ai|zhipu|z\.ai|通义千问|文心一言|深度求索|月之暗面|通义实验室|阿里云|智谱"
)
KNOWN = rf"{ONLY}|gpt(?=[- ]?\d|-oss)"
"""Names that mean nothing but a model or its maker."""
VERSIONED = (
    rf"(?<![{{^])(?:(?:claude|gemma|llama|mistral|granite|olmo|grok){_VERSION}"
    rf"|(?:claude|gemma|llama|grok)(?:(?=-[1-9](?!\d))|(?= [1-9]{_SAYS}))"
    rf"|(?:llama|gemma|olmo)(?=[1-9](?!\d))|granite(?=-\d)|olmo(?=[- ]?\d)|kimi[- ]?k\d"
    rf"|command[- ]r(?:\+|[- ]plus{_END}|7b{_END}|:\d+b{_END})|microsoft/phi(?=-?\d)"
    rf"|claude[- ](?:opus|sonnet|haiku|instant){_END}"
    rf"|gemini(?=[- ](?:pro|flash|ultra|nano|advanced){_END}|[- ]?[1-9](?:\.\d(?!\d)|[- ](?:{RANK}){_END}))"
    rf"|mistral[- ]?ai{_END}|mistral(?=-(?:large|small|nemo|medium){_END})"
    rf"|(?-i:M)istral (?:large|small|nemo|medium){_END}"
    rf"|(?:falcon|orca|vicuna|yi|hermes|aya|jamba|phi|glm)[-_: ]?(?:\d(?:\.\d)?[-_: ])?(?={_SIZE})"
    rf"|phi(?=-?[1-9](?:\.\d)?[-:](?:{RANK}|vision|moe|silica|multimodal|reasoning|latest){_END})"
    rf"|(?-i:P)hi(?=-[1-9](?!\d)| [1-9]\.\d(?!\d))|glm(?=-[1-9](?!\d))|(?-i:GLM)(?=[- ]?[1-9](?!\d| (?:{COUNTED})\b))"
    r"|minimax[- ]m\d|(?-i:MiniMax)-(?:Text|01))"
)
"""Names that are also words, persons, missions or what a program calls something, where a version of a model follows.

`Gemini 8` flew, `Claude 3` is how many somebody got, `phi-1` is a difference: none of them is one."""
UNCALLED = r"(?!\s?=)"
"""Behind such a name: what a value is given to is a variable."""
AMBIGUOUS = (
    r"gpt|llama|gemma|phi|claude|gemini|mistral|glm|grok|kimi|granite|olmo|falcon|yi|bard|copilot|jamba|nova|aya|ernie|"
    r"hunyuan|minimax|doubao|reka|vicuna|orca|command-r|(?-i:[Cc]ommand [RA]\+?(?![^\W_]))|(?-i:Le Chat)|豆包"
)
"""Names that are also animals, people or companies: masked only where a text speaks of itself."""
MAKERS = (
    r"google|meta|microsoft|alibaba|amazon|ibm|nvidia|cohere|xai|apple|baidu|tencent|bytedance|mistral|databricks|"
    r"stability ai|hugging ?face|upstage|01\.ai|moonshot|tongyi|technology innovation institute|tii|ai2|"
    r"allen institute for ai|lg|nous(?= ?research)|ai21|shanghai ai"
)
CHINESE = "百度|腾讯|阿里巴巴|谷歌|字节跳动|微软"
"""Companies that answers tell of: masked only where a text says who made itself."""
FIRM = r"(?:\s?(?:ai|labs?|laboratory|group|cloud|research|deepmind|inc|corporation)(?![a-z])){0,3}"
"""Behind a maker's name."""
