"""One attempt of an agent: container, session at the gateway, tries, files out, record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from harness.errors import BudgetExceeded, SandboxError
from harness.sandbox import BoxLost, BoxSilent
from harness.solvers import Solved
from harness.solvers.agents.container import AgentContainer, Launch, Stopped, new_uids
from harness.solvers.agents.feedback import failures_text, task_text
from harness.solvers.agents.files import Taken, given, take, unified_diff
from harness.solvers.agents.recorder import Recorder
from harness.types import (
    AgentEnding,
    AgentRecord,
    AttemptKey,
    Extraction,
    Frozen,
    Message,
    Outcome,
    Reply,
    Request,
    Task,
    Try,
    Usage,
)
from harness.words import plural

if TYPE_CHECKING:
    from harness.routing.gateway import Session
    from harness.sandbox.image import Recipe
    from harness.solvers import Workplace

REFUSALS = 20
"""An agent that goes on asking after so many refusals is stopped."""
WORTH = {
    AgentEnding.timeout: Outcome.timeout,
    AgentEnding.crash: Outcome.crash,
}
"""What an agent's ending is worth where it left no candidate; the others are no candidate."""
TOLD = {
    AgentEnding.no_edit: "the agent ended and had changed no file of the answer",
    AgentEnding.timeout: "the agent was stopped at its time limit, and had changed no file of the answer",
    AgentEnding.crash: "the agent crashed, and had changed no file of the answer",
    AgentEnding.refused: "the gateway refused the agent's calls, and it had changed no file of the answer",
    AgentEnding.context_exhausted: "the model's window was exhausted, and no file of the answer was changed",
}


class Brief(Frozen):
    """What an agent is started for."""

    task: Task
    message: str
    token: str
    socket: str
    """Path of the gateway's socket in the container."""
    uid: int
    tester: int
    porter: int
    number: int = 0
    """Of the try."""


class Agent(Protocol):
    """A program that edits files with the help of a model."""

    name: str
    """With its version, for reports."""
    by_port: bool
    """It is told an address, not a socket."""

    def image(self) -> str | Recipe:
        """Its image: a directory of `sandboxes/`, or what one is made of."""

    def launch(self, brief: Brief) -> Launch:
        """How it is started."""

    def again(self, brief: Brief) -> Mapping[str, Any]:
        """What its driver is told for a further try, or what is other in a new launch."""


class AgentAttempt:
    """Runs one agent once. `solve` is called once."""

    def __init__(self, agent: Agent, place: Workplace, task: Task, key: AttemptKey, seed: int) -> None:
        self._agent, self._place, self._task, self._key = agent, place, task, key
        self._seed = seed
        self._recorder = Recorder()
        self._earlier: list[Try] = []
        self._graded: tuple[Any, str] | None = None
        self._began = time.monotonic()
        self._running = self._began

    def solve(self) -> Solved:
        """The candidate and the record. Raises ProviderError, BudgetExceeded (of the run), SandboxError."""
        from harness.routing.gateway import Allowance, Served, Session

        place, settings = self._place, self._place.settings
        containers = place.means.containers(self._agent.image())
        # The first of a run may have built the image.
        self._began = time.monotonic()
        served = Served(place.profile, place.provider)
        session = Session(
            {"gw": served, place.profile.name: served},
            allowance=Allowance(
                calls=settings.calls,
                tokens=settings.tokens,
                cost_usd=settings.budget_usd,
                seconds=None,
            ),
            attempt=self._key,
            task=self._task,
            sampling=place.profile.sampling.model_copy(update={"seed": self._seed}),
            on_call=place.record,
            stopped=place.stopped,
        )
        from harness.sandbox.agents import new_door
        from harness.sandbox.profile import GATEWAY

        uid, tester, porter = new_uids()
        with ExitStack() as held:
            held.callback(session.end)
            door = held.enter_context(new_door())
            # Only whoever speaks to the socket itself gets to it.
            own = porter if self._agent.by_port else uid
            owner = None if containers.private_users else own
            socket = held.enter_context(place.means.gateway().open_socket(door, session, uid=owner))
            box = containers.open(settings.memory_mb, door)
            held.callback(box.close)
            container = AgentContainer(box, self._recorder)
            brief = Brief(
                task=self._task,
                message=task_text(self._task),
                token=session.token,
                socket=f"{GATEWAY}/{socket.name}",
                uid=uid,
                tester=tester,
                porter=porter,
            )
            try:
                taken, ending = self._tries(container, session, brief, containers.image.tag)
            except (BoxLost, BoxSilent) as error:
                raise SandboxError(f"the agent's container was lost: {error.message}") from error
            if not socket.is_socket():
                # Nobody in the container can do that, and its calls may have failed for it.
                raise SandboxError("the gateway's socket was removed while an agent used it")
        return self._solved(session, taken, ending, brief.message)

    def _tries(
        self, container: AgentContainer, session: Session, brief: Brief, image: str
    ) -> tuple[Taken, tuple[AgentEnding, str]]:
        settings, task = self._place.settings, self._task
        self._image = image
        container.start(self._agent.launch(brief), given(task), task.visible_tests)
        self._running = time.monotonic()
        end = self._running + settings.timeout_s
        tries = settings.tries if task.feedback == "hidden" else 1
        while True:
            began = time.monotonic()
            done = container.until_done(end, lambda: self._interrupted(session))
            seconds = time.monotonic() - began
            self._check(session)
            taken = take(task, container)
            ending = _ending(done, container.stopped, session, taken, self._recorder.counts)
            last = len(self._earlier) + 1 >= tries or ending[0] in (AgentEnding.timeout, AgentEnding.refused)
            if last or (ending[0] is AgentEnding.crash) or taken.rejected:
                return taken, ending
            asked = time.monotonic()
            self._graded = verdict, _ = self._place.grade(task, _extraction(taken, ending[0]))
            if verdict.passed or verdict.outcome is Outcome.infra_error:
                self._graded = self._graded if verdict.passed else None
                return taken, ending
            told = failures_text(verdict, bool(taken.changed))
            self._earlier.append(Try(candidate=taken.candidate, verdict=verdict, told=told, seconds=seconds))
            self._graded = None
            pause = time.monotonic() - asked
            end += pause
            brief = brief.model_copy(update={"message": told, "number": brief.number + 1})
            container.again(self._agent.again(brief), pause)

    def _interrupted(self, session: Session) -> bool:
        """Whether to stop the agent, which asks and asks. What ends the attempt is raised at once: its container, which
        may be in the middle of a long test run, is removed, not asked to stop."""
        self._check(session)
        return len(session.refusals) >= REFUSALS

    def _check(self, session: Session) -> None:
        if session.broken is not None:
            raise session.broken
        if session.failure is not None:
            raise session.failure
        stopped = self._place.stopped()
        if stopped:
            raise BudgetExceeded(stopped)

    def _solved(self, session: Session, taken: Taken, ending: tuple[AgentEnding, str], message: str) -> Solved:
        spent = session.spent()
        usage = Usage(
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            cached_tokens=spent.cached_tokens,
        )
        transcript = self._recorder.transcript()
        first = session.first_call_at
        record = AgentRecord(
            agent=self._agent.name,
            image=self._image,
            session=session.name,
            ending=ending[0],
            detail=ending[1],
            earlier=tuple(self._earlier),
            calls=spent.calls,
            refused=spent.refused,
            counts=dict(sorted(self._recorder.counts.items())),
            transcript=transcript,
            diff=_diff(self._task, taken),
            left=taken.left,
            start_s=self._running - self._began,
            first_call_s=None if first is None else first - self._began,
            wall_s=time.monotonic() - self._began,
        )
        reply = Reply(
            text="",
            finish_reason=ending[0].value,
            usage=usage,
            seconds=spent.seconds,
            model=self._place.profile.model,
        )
        request = Request(
            messages=(Message(role="user", content=message),),
            sampling=self._place.profile.sampling.model_copy(update={"seed": self._seed}),
            repeat=self._key.repeat,
            attempt=self._key.attempt,
        )
        return Solved(
            request=request,
            reply=reply,
            extraction=_extraction(taken, ending[0]),
            graded=self._graded,
            agent=record,
            cost_usd=spent.cost_usd,
        )


def _ending(
    done: Mapping[str, Any] | None,
    stopped: Stopped | None,
    session: Session,
    taken: Taken,
    counts: Mapping[str, int],
) -> tuple[AgentEnding, str]:
    """Why the agent stopped, worst reason first, and a word of detail."""
    if stopped is not None and stopped.why == "timeout":
        return AgentEnding.timeout, "its time was over"
    if "budget_exceeded" in session.refusals:
        return AgentEnding.refused, "a budget of the attempt was spent"
    if stopped is not None and (stopped.why in ("oom", "flood") or (stopped.why == "exit" and stopped.code != 0)):
        how = {"oom": "out of memory", "flood": "its driver said too much"}.get(
            stopped.why, f"exit code {stopped.code}"
        )
        return AgentEnding.crash, how
    if done is None and stopped is not None and stopped.why == "stopped":
        return AgentEnding.refused, f"stopped after {len(session.refusals)} refused calls"
    if counts.get("exhausted") and not taken.changed:
        return AgentEnding.context_exhausted, ""
    return (AgentEnding.finished if taken.changed or taken.rejected else AgentEnding.no_edit), ""


def _extraction(taken: Taken, ending: AgentEnding) -> Extraction:
    if taken.candidate is not None:
        named = ", ".join(taken.changed[:5]) + (f" and {len(taken.changed) - 5} more" if len(taken.changed) > 5 else "")
        choice = f"{plural(len(taken.changed), 'file')} changed by the agent: {named}"
        return Extraction(candidate=taken.candidate, choice=choice, rejected=taken.left, handed_over=True)
    if taken.rejected:
        return Extraction(
            candidate=None,
            choice=f"files that may not be taken out: {'; '.join(taken.rejected[:5])}",
            rejected=(*taken.rejected, *taken.left),
            counts_as=Outcome.artifact_rejected,
            handed_over=True,
        )
    return Extraction(
        candidate=None,
        choice=TOLD.get(ending, TOLD[AgentEnding.no_edit]),
        rejected=taken.left,
        counts_as=WORTH.get(ending, Outcome.no_candidate),
        handed_over=True,
    )


def _diff(task: Task, taken: Taken) -> str:
    if taken.candidate is None:
        return ""
    before = {path: text for path, text in given(task).items() if path not in task.visible_tests}
    return unified_diff(before, taken.candidate.files)
