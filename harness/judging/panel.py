"""Asks judges: every judge at its own pace, one judgment for every question, whatever the judge or its server does."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.config import ModelProfile
from harness.errors import HarnessError, ProviderError
from harness.judging import prompt
from harness.judging.prompt import Template
from harness.judging.questions import Question
from harness.judging.reading import read
from harness.models import Provider, open_provider
from harness.models.cost import cost_usd
from harness.models.storable import clean, storable
from harness.standing import Standing
from harness.types import Judgment, Labelled, Request

AHEAD = 2
"""Questions made ahead for each request that a judge may have under way."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that is ready to be sent, and the labels, which are not."""

    draft: Judgment
    """All of the judgment but what comes of it."""
    request: Request
    labelled: tuple[Labelled, ...]


Item = Callable[[], Asking]
"""A question that is made when it is its turn: one that is left out costs nothing."""
Answered = tuple[Judgment, tuple[Labelled, ...]]


class Panel:
    """Judges in threads of this process."""

    def __init__(
        self,
        profiles: Mapping[str, ModelProfile],
        *,
        concurrency: int = 0,
        allowance_usd: float | None = None,
        log: Callable[[str], None] = print,
    ) -> None:
        """`concurrency` bounds the requests of each judge below what its entry allows; 0 does not.

        Once replies have cost `allowance_usd`, no further question is asked; those under way are waited for.
        """
        self._profiles = profiles
        self._at_once = {name: min(concurrency or 256, profile.concurrency) for name, profile in profiles.items()}
        self._threads = {
            name: ThreadPoolExecutor(number, thread_name_prefix=f"judge-{name}")
            for name, number in self._at_once.items()
        }
        self._standing = Standing(allowance_usd, log)
        self.given_up = self._standing.given_up
        """Judges left alone, with what kept failing."""
        self._lock = threading.Lock()
        self._providers: dict[str, Provider] = {}
        self._ended: queue.SimpleQueue[tuple[str, Answered | BaseException | None]] = queue.SimpleQueue()
        self._closing = threading.Event()

    def ask(self, questions: Mapping[str, Iterator[Item]]) -> Iterator[Answered | None]:
        """One item for every question, by judge, as they are answered; None for one that was left out.

        Questions are drawn when their judge is about to be free, so that there may be any number of them.
        """
        waiting = dict.fromkeys(questions, 0)
        left = dict(questions)
        while True:
            for judge in list(left):
                while judge in left and waiting[judge] < AHEAD * self._at_once[judge]:
                    item = next(left[judge], None)
                    if item is None:
                        del left[judge]
                    elif self._standing.may_ask(judge):
                        waiting[judge] += 1
                        self._threads[judge].submit(self._guarded, judge, item)
                    else:
                        yield None
            if not any(waiting.values()):
                return
            judge, ended = self._ended.get()
            waiting[judge] -= 1
            if isinstance(ended, BaseException):
                raise ended
            yield ended

    def close(self) -> None:
        """Stop at once and give everything back."""
        self._closing.set()
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        # Closing a provider ends its requests under way, so that the threads below do end.
        with self._lock:
            opened = list(self._providers.values())
        for provider in opened:
            with contextlib.suppress(HarnessError, OSError):
                provider.close()
        for threads in self._threads.values():
            threads.shutdown(wait=True)

    def _guarded(self, judge: str, item: Item) -> None:
        """A failure of ours ends the judging with its message; nobody waits for an answer that never comes."""
        try:
            self._ended.put((judge, self._answered(judge, item)))
        except BaseException as error:  # noqa: BLE001  raised again by `ask`, in the driver's thread
            self._ended.put((judge, error))

    def _answered(self, judge: str, item: Item) -> Answered | None:
        if self._closing.is_set() or not self._standing.may_ask(judge):
            return None
        question = item()
        began = time.monotonic()
        started = datetime.now(UTC).isoformat(timespec="microseconds")
        draft = question.draft.model_copy(update={"started": started})
        try:
            reply = storable(self._provider(judge).complete(question.request))
        except Exception as error:
            if self._closing.is_set():
                return None
            if isinstance(error, HarnessError) and not isinstance(error, ProviderError):
                raise
            # Also what a provider should not raise: one broken reply is one row, and the others go on.
            told = str(error) if isinstance(error, ProviderError) else f"{type(error).__name__}: {error}"
            self._standing.failed(judge, told)
            failed = {"error": clean(told), "seconds": time.monotonic() - began}
            return draft.model_copy(update=failed), question.labelled
        cost = cost_usd(reply.usage, self._profiles[judge].price)
        self._standing.replied(judge)
        self._standing.spent(cost)
        reading = read(draft, reply)
        answer = {"reply": reply, "reading": reading, "cost_usd": cost, "seconds": time.monotonic() - began}
        return draft.model_copy(update=answer), question.labelled

    def _provider(self, judge: str) -> Provider:
        with self._lock:
            if judge not in self._providers:
                self._providers[judge] = open_provider(self._profiles[judge])
            return self._providers[judge]


def asking(question: Question, template: Template, profile: ModelProfile) -> Asking:
    """A question as it is sent for the first time."""
    sheet = question.sheet
    request, flags = prompt.request(sheet, template, profile, prompt.request_seed(sheet.id, sheet.seed))
    draft = Judgment(
        id=sheet.id,
        purpose=sheet.purpose,
        mode=sheet.mode,
        judge=question.judge,
        task=sheet.task.id,
        repeat=question.repeat,
        part=question.part,
        rubric=template.name,
        seed=sheet.seed,
        labels=sheet.labels,
        flags=flags,
        request=request.model_dump(mode="json"),
    )
    return Asking(draft, request, question.labelled)


def asking_again(judgment: Judgment, labelled: tuple[Labelled, ...], profile: ModelProfile) -> Asking:
    """The question once more: the stored prompt with its labels, another seed, the judge's sampling as it is now."""
    before = Request.model_validate(judgment.request)
    seed = prompt.request_seed(judgment.id, before.sampling.seed or 0)
    request = before.model_copy(update={"sampling": profile.sampling.model_copy(update={"seed": seed})})
    cleared = {"reply": None, "reading": None, "error": "", "cost_usd": None, "seconds": 0.0}
    draft = judgment.model_copy(update={**cleared, "request": request.model_dump(mode="json")})
    return Asking(draft, request, labelled)
