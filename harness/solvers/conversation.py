"""A conversation, turn by turn: to every turn of the user the model's own reply, which it is told from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.solvers import Solved
from harness.tasks.turns import CUES, asked_of, own_words, reply_files, transcript
from harness.types import Candidate, Extraction, Message, Reply, Request, Task, Usage

if TYPE_CHECKING:
    from harness.solvers import Workplace


class Conversation:
    """Every conversation is held by this solver, whichever one makes the run's code."""

    def __init__(self, place: Workplace) -> None:
        self._provider = place.provider
        self._profile = place.profile
        self._spoken = place.spoken

    def prepare(self) -> None:
        """A conversation needs nothing."""

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """Hold the conversation. Raises ProviderError when the model's server fails at any turn.

        It ends early where the model says nothing: there is nothing to go on from. Thinking is told to nobody, and of a
        model that continues text nothing counts from where it begins to write the next turn itself.
        """
        said: list[Message] = []
        replies: list[tuple[Reply, Extraction]] = []
        request, overran = Request(), False
        asked = asked_of(task.turns)
        for turn, answered in zip(task.turns, asked, strict=True):
            said.append(turn)
            if not answered:
                continue
            request = self._request(task, said, seed, repeat, attempt).model_copy(update={"turn": len(replies)})
            reply = self._provider.complete(request)
            own = reply if self._profile.style == "chat" else reply.model_copy(update={"text": own_words(reply.text)})
            found = self._spoken(task, own)
            overran = overran or own.text != reply.text
            replies.append((reply, found))
            if found.candidate is None:
                break
            said.append(Message(role="assistant", content=_text(found)))
        if sum(asked) == 1 and not overran:
            # The reply as it came: what is in it can be looked for again.
            return Solved(request=request, reply=replies[0][0])
        whole = _whole(replies) if sum(asked) > 1 else replies[0][0]
        return Solved(request=request, reply=whole, extraction=_handed_over(replies, sum(asked)))

    def _request(self, task: Task, said: list[Message], seed: int, repeat: int, attempt: int) -> Request:
        sampling = self._profile.sampling.model_copy(update={"seed": seed})
        system = "\n\n".join(part for part in (self._profile.system.strip(), task.system) if part)
        if self._profile.style == "chat":
            first = (Message(role="system", content=system),) if system else ()
            messages = (*first, *said)
            return Request(messages=messages, sampling=sampling, task=task, repeat=repeat, attempt=attempt)
        if not sampling.stop:
            # A model that continues text would go on with the user's next words.
            sampling = sampling.model_copy(update={"stop": (f"\n{CUES['user']}:", f"\n{CUES['assistant']}:")})
        prompt = transcript(system, said)
        return Request(prompt=prompt, sampling=sampling, task=task, repeat=repeat, attempt=attempt)


def _text(found: Extraction) -> str:
    assert found.candidate is not None
    return next(iter(found.candidate.files.values())).strip()


def _whole(replies: list[tuple[Reply, Extraction]]) -> Reply:
    """The last reply, with what all of them took, whether any was cut off, and every body."""
    last = replies[-1][0]
    every = [reply for reply, _ in replies]
    return last.model_copy(
        update={
            "usage": Usage(
                **{
                    name: _sum([getattr(reply.usage, name) for reply in every])
                    for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
                }
            ),
            # One that was cut off is no whole reply, however the conversation went on.
            "finish_reason": _worst([reply.finish_reason for reply in every]),
            "seconds": sum(reply.seconds for reply in every),
            "first_token_s": every[0].first_token_s,
            "tries": sum(reply.tries for reply in every),
            # In full, for whoever replays the conversation.
            "raw": {"turns": [reply.model_dump(mode="json") for reply in every]},
        }
    )


def _worst(reasons: list[str]) -> str:
    """The token limit, else the last that is no ordinary end, else the last one."""
    odd = [reason for reason in reasons if reason not in ("", "stop")]
    return "length" if "length" in odd else (odd or reasons)[-1]


def _sum(counts: list[int | None]) -> int | None:
    """None as soon as one is not known: a sum of the others would be no count."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _handed_over(replies: list[tuple[Reply, Extraction]], asked: int) -> Extraction:
    """All replies as one candidate; none, if the last of them was empty."""
    found = [extraction for _, extraction in replies]
    facts = {
        "thinking": any(item.thinking for item in found),
        "unclosed": any(item.unclosed for item in found),
        "handed_over": True,
        "fenced": found[-1].fenced,
        "blocks": found[-1].blocks,
    }
    if found[-1].candidate is None:
        return Extraction(candidate=None, choice=f"reply {len(found)} of {asked}: {found[-1].choice}", **facts)
    files = reply_files([_text(item) for item in found])
    choice = f"{asked} replies, one a turn" if asked > 1 else "the reply until it went on with the next turn itself"
    return Extraction(candidate=Candidate(files=files), choice=choice, **facts)
