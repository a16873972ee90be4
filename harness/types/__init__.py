"""The nouns of harness as frozen types: what travels from a task directory to a report.

Suite -> Task -> Case                          what is asked            tasks
Request -> Reply                               what a model answered    models
Extraction -> Candidate                        what was found in it     answers
Job -> Evidence                                what a sandbox saw       sandbox
Verdict -> CaseResult                          what that is worth       verdicts, outcomes
ModelCall, AgentRecord                         what an agent did        agents
Attempt, Selection                             what the store keeps     attempts
Judgment -> Reading -> Mark                    what judges said         judgments
RoutingTable -> Route -> Evidence              which model for what     routes
What all of them are: base. What is said in conversations: messages.
"""

from __future__ import annotations

from harness.types.agents import AgentEnding, AgentRecord, AttemptKey, ModelCall, Try
from harness.types.answers import Candidate, Extraction
from harness.types.attempts import Attempt, Selection
from harness.types.base import Frozen
from harness.types.judgments import (
    DIMENSIONS,
    JUDGE_CASE,
    JudgeMode,
    Judgment,
    Labelled,
    Mark,
    Marked,
    Purpose,
    Reading,
)
from harness.types.messages import Message, Picture
from harness.types.models import Reply, Request, Sampling, Usage
from harness.types.outcomes import Outcome
from harness.types.sandbox import (
    CallInput,
    CaseEvidence,
    Ending,
    Evidence,
    ExecInput,
    Job,
    JobInput,
    PytestInput,
    SandboxLevel,
)
from harness.types.tasks import (
    Answer,
    CallCase,
    Case,
    Kind,
    Limits,
    MutantCase,
    ProgramCase,
    PytestCase,
    Raises,
    Returns,
    Suite,
    Task,
    TextCase,
)
from harness.types.verdicts import Assurance, CaseResult, IsolationLevel, Verdict

__all__ = [
    "DIMENSIONS",
    "JUDGE_CASE",
    "AgentEnding",
    "AgentRecord",
    "Answer",
    "Assurance",
    "Attempt",
    "AttemptKey",
    "CallCase",
    "CallInput",
    "Candidate",
    "Case",
    "CaseEvidence",
    "CaseResult",
    "Ending",
    "Evidence",
    "ExecInput",
    "Extraction",
    "Frozen",
    "IsolationLevel",
    "Job",
    "JobInput",
    "JudgeMode",
    "Judgment",
    "Kind",
    "Labelled",
    "Limits",
    "Mark",
    "Marked",
    "Message",
    "ModelCall",
    "MutantCase",
    "Outcome",
    "Picture",
    "ProgramCase",
    "Purpose",
    "PytestCase",
    "PytestInput",
    "Raises",
    "Reading",
    "Reply",
    "Request",
    "Returns",
    "Sampling",
    "SandboxLevel",
    "Selection",
    "Suite",
    "Task",
    "TextCase",
    "Try",
    "Usage",
    "Verdict",
]
