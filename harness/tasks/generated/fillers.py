"""What the lines of each kind of generated document are made of.

A template's slots are `{name}`, a word of `words.WORDS`, or `{low..high}`, a whole number. Only logs and ledgers hold
digits in their lines; elsewhere digits stand in headings only, so that a planted number is unmistakable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from harness.tasks.generated.spec import Draws
from harness.tasks.generated.words import DAYS, MONTHS, WORDS

_SLOT = re.compile(r"\{(?:(\w+)|(\d+)\.\.(\d+))\}")
_START = datetime(2031, 3, 3, 6, 0, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True)
class Filler:
    """How a kind of document looks."""

    templates: tuple[str, ...]
    """Of its lines or sentences."""
    flowing: bool = False
    """Sentences of a paragraph; otherwise lines."""
    group: tuple[int, int] | None = None
    """Fewest and most lines below one heading; None for a document without headings."""
    headings: tuple[str, ...] = ()
    stamp: str = ""
    """What every line starts with, planted ones too: `log` or `ledger`."""


def fill(template: str, draws: Draws, extra: Mapping[str, tuple[str, ...]]) -> str:
    """A template with its slots filled, no word twice; the first letter of a sentence is a capital."""
    used: list[str] = []

    def slot(match: re.Match[str]) -> str:
        if not match[1]:
            return str(draws.whole(int(match[2]), int(match[3])))
        words = extra.get(match[1]) or WORDS[match[1]]
        word = draws.pick([word for word in words if word not in used] or words)
        used.append(word)
        return word

    text = _SLOT.sub(slot, template)
    return text[:1].upper() + text[1:]


class Stamps:
    """Dates and numbers in the order in which they appear: of headings and of lines."""

    def __init__(self, draws: Draws, days: tuple[int, int]) -> None:
        self._draws = draws
        self._days = days
        self._moment = _START
        self._number = 0
        self._chapter, self._section, self._sections = 1, 0, 4

    def line(self, style: str) -> str:
        """The start of a line."""
        self._number += 1
        if style == "log":
            self._moment += timedelta(seconds=self._draws.whole(1, 40))
            return f"{self._moment:%Y-%m-%d %H:%M:%S} "
        if style == "ledger":
            self._moment += timedelta(days=int(self._draws.real() < 0.3))
            return f"{self._number:05d}; {self._moment:%Y-%m-%d}; "
        return ""

    def heading(self, text: str) -> str:
        """A heading with its date or number in place of `DATE`, `DAY` and `SECTION`."""
        if "SECTION" in text:
            self._section += 1
            if self._section > self._sections:
                self._chapter, self._section, self._sections = self._chapter + 1, 1, self._draws.whole(3, 6)
            return text.replace("SECTION", f"{self._chapter}.{self._section}")
        date = f"{self._moment.day} {MONTHS[self._moment.month - 1]} {self._moment.year}"
        found = text.replace("DATE", date).replace("DAY", DAYS[self._moment.weekday()])
        self._moment += timedelta(days=self._draws.whole(*self._days))
        return found


_LOG = (
    "INFO {service}: GET {route} answered in {12..480} ms on {host}",
    "INFO {service}: POST {route} accepted for req-{10000..89999} after {12..480} ms",
    "INFO {service}: request req-{10000..89999} finished on {host}, {200..9000} bytes sent",
    "INFO {service}: {job} finished, {100..900} records in {12..480} ms",
    "INFO {service}: {job} started on {host} by the scheduler",
    "INFO {service}: new session for {person} on {host}",
    "INFO {service}: session of {person} closed after {2..58} minutes",
    "INFO {service}: worker {2..48} on {host} is ready again",
    "DEBUG {service}: cache of {cache} refreshed, {100..900} entries kept",
    "DEBUG {service}: cache miss in {cache} for req-{10000..89999}",
    "DEBUG {service}: queue holds {2..58} jobs, {2..48} workers idle",
    "DEBUG {service}: heartbeat from {host} received, delay {12..480} ms",
    "DEBUG {service}: connection pool on {host} has {2..48} free slots",
    "DEBUG {service}: retry of req-{10000..89999} was not needed",
    "WARN {service}: slow answer for {route}, {500..990} ms on {host}",
    "WARN {service}: {job} delayed by {2..58} seconds, {host} is busy",
    "WARN {service}: clock of {host} differs by {12..480} ms",
    "WARN {service}: memory of {host} at {61..79} percent",
)

_DIARY = (
    "{part_of_day} I walked to {place} in {weather}.",
    "{person} came {part_of_day} and we talked about {subject}.",
    "We had {dish} for supper, which {person} praised more than it deserved.",
    "I spent an hour looking for {thing} and found it at {place}.",
    "{animal} came right up to the window {part_of_day}.",
    "There was {weather} {part_of_day}, so the path to {place} was empty.",
    "{person} has borrowed {thing} and promises to bring it back to {place}.",
    "I wrote {few} letters {part_of_day} and burned one of them.",
    "I felt {feeling} {part_of_day} and went to bed early.",
    "{person} says that {person} means to give up {place}, but nobody believes it.",
    "At {place} they were all arguing about {subject}.",
    "I mended {thing} with string and was {feeling} about it.",
    "We waited {few} hours at {place} for {person}, who had forgotten us.",
    "I read aloud {part_of_day} while {person} peeled apples.",
    "{person} dreamed of {animal} and told us all about it over {dish}.",
    "A parcel came for {person}; it held {thing} and nothing else.",
    "The walk from {place} to {place} took longer than usual because of {weather}.",
    "I tried to draw {animal}, with no success, and had {dish} instead.",
    "{person} sang {part_of_day}, and even {person} listened.",
    "Nothing can be done at {place} until there is an end to {weather}.",
    "I gave {thing} to {person}, who looked {feeling}.",
    "We counted {few} boats from {place} {part_of_day}.",
    "{person} asked me about {subject}, and I had no answer.",
    "They have put {thing} on the wall at {place}, of all places.",
)

_MANUAL = (
    "Check the {part} {duty} and clean it with {tool}.",
    "If the {part} is {state}, it must be replaced by {who}.",
    "Never touch the {part} while the {part} is moving.",
    "Loosen the {part} with {tool} and lift it away from the {part}.",
    "A {state} {part} is the usual cause of {risk}.",
    "The {part} is to be inspected {duty} by {who}.",
    "Turn the {part} by hand {few} times and listen for an unusual noise.",
    "After work on the {part}, close the safety cover before the machine is started.",
    "Use {tool} to remove deposits from the {part}; anything harder leads to {risk}.",
    "The {part} carries the {part} and must be level {duty}.",
    "Should the {part} feel {state}, stop the machine and call {who}.",
    "Fit the {part} in the reverse order and tighten it by hand.",
    "Do not store {tool} near the {part}.",
    "When the {part} has been changed, the {part} has to be adjusted again by {who}.",
    "The arrow on the {part} points towards the {part}.",
    "Neglect of the {part} may lead to {risk}.",
    "Wipe the {part} with {tool} {duty} and let it dry.",
    "It takes {who} to align the {part} with the {part}.",
    "The {part} is held by {few} screws, which are part of the supplied set.",
    "Write down in the machine's book whether the {part} was {state}.",
)

_MINUTES = (
    "{person} reported on {topic} and handed in {document}.",
    "{person} thought {topic} was {opinion}; {person} disagreed.",
    "It was agreed that {person} would write to {body} about {topic}.",
    "{topic} had been held up by {cause}, as {person} explained.",
    "{person} asked for {document} from {body} before anything is decided.",
    "The matter of {topic} was put off until {body} has answered.",
    "{person} thanked {person} for the work on {topic}.",
    "{body} had sent {document}, which was read out by {person}.",
    "After some discussion {topic} was found to be {opinion}.",
    "{person} and {person} offered to look after {topic} for the time being.",
    "A complaint by {body} about {topic} was noted.",
    "{person} pointed out that {cause} would make {topic} harder this time.",
    "{person} moved to leave {topic} as it is; {person} seconded.",
    "Of those present, {few} were in favour of asking {body} for help with {topic}.",
    "{person} will bring {document} to the next meeting.",
    "{person} apologised for being late, because of {cause}.",
)

FILLERS: dict[str, Filler] = {
    "log": Filler(_LOG, stamp="log"),
    "ledger": Filler(
        ("{account}; {goods}; {20..899}.{10..99}", "{account}; {goods}, {reason}; {20..899}.{10..99}"), stamp="ledger"
    ),
    "diary": Filler(_DIARY, flowing=True, group=(4, 8), headings=("DAY, DATE",)),
    "manual": Filler(
        _MANUAL,
        flowing=True,
        group=(4, 9),
        headings=(
            "SECTION Care of the {part}",
            "SECTION The {part} and the {part}",
            "SECTION Replacing the {part}",
            "SECTION Faults of the {part}",
        ),
    ),
    "minutes": Filler(_MINUTES, group=(8, 14), headings=("Meeting of DATE, chair: {person}",)),
}
