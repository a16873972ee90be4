"""Messages on the wire: plain text as ever, pictures in the form of each kind of server."""

from __future__ import annotations

from harness.models.messages import ollama_messages, openai_messages
from harness.types import Message, Picture

PLAIN = Message(role="system", content="Be brief.")
SEEN = Message(
    role="user", content="What is it?", pictures=(Picture(data="QUJD"), Picture(data="REVG", media_type="image/jpeg"))
)


def test_text_is_a_string() -> None:
    assert openai_messages([PLAIN]) == ollama_messages([PLAIN]) == [{"role": "system", "content": "Be brief."}]


def test_pictures_of_openai_come_first_as_data_urls() -> None:
    assert openai_messages([SEEN]) == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,REVG"}},
                {"type": "text", "text": "What is it?"},
            ],
        }
    ]
    alone = openai_messages([SEEN.model_copy(update={"content": ""})])[0]
    assert [part["type"] for part in alone["content"]] == ["image_url", "image_url"]


def test_pictures_of_ollama_stand_beside_the_text() -> None:
    assert ollama_messages([SEEN]) == [{"role": "user", "content": "What is it?", "images": ["QUJD", "REVG"]}]
