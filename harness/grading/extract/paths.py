"""Which paths an answer may name, and how it names them."""

from __future__ import annotations

import re

MAX_PATH = 255

_FORBIDDEN = {".git", "__pycache__"}
_ODD = re.compile(r"[\x00-\x1f\x7f:*?\"<>|]")


def shown(path: str) -> str:
    """A path for people: printable, of bounded length."""
    text = path if path.isprintable() else ascii(path)[1:-1]
    return text if len(text) <= 120 else f"{text[:117]}..."


def normal(path: str) -> str:
    """The path without a leading `./`."""
    while path.startswith("./"):
        path = path[2:]
    return path


def problem(path: str) -> str:
    """Why a path is not taken, whatever the task says; empty if it may be."""
    if not path:
        return "an empty path"
    if "\0" in path:
        return "a NUL in the path"
    if "\\" in path:
        return "a backslash in the path"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "not a relative path"
    if len(path.encode(errors="replace")) > MAX_PATH:
        return f"a path longer than {MAX_PATH} bytes"
    parts = path.split("/")
    if ".." in parts:
        return "a path with '..'"
    for part in parts:
        if part in ("", ".") or part != part.strip() or part.endswith(".") or _ODD.search(part):
            return "an odd component in the path"
        if part in _FORBIDDEN:
            return f"{part} is never part of an answer"
    return ""


_DECORATION = " \t*`\"'#:()[]<>,~"
_FILLERS = frozenset(
    {
        "file",
        "filename",
        "filepath",
        "path",
        "module",
        "code",
        "the",
        "of",
        "a",
        "new",
        "updated",
        "update",
        "modified",
        "changed",
        "edited",
        "edit",
        "full",
        "complete",
        "whole",
        "content",
        "contents",
        "version",
        "rewritten",
        "created",
        "create",
        "add",
        "added",
        "now",
        "in",
    }
)
_GONE = frozenset({"deleted", "delete", "remove", "removed"})
_GONE_FORM = re.compile(r"^[`_~*]{0,3}(?:deleted?|removed?)\b", re.IGNORECASE)
_GONE_NOTE = re.compile(r"[(\[][ \t]?(?:file )?(?:deleted?|removed?)[ \t]?[)\]]", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}[.)]?|[-+=\u2013\u2014/*]{0,3}")
_NAME = re.compile(r"[^\s`*\"'<>|(){}\[\],;]{1,300}")
_EXTENSION = re.compile(r"\.([A-Za-z][\w+-]{0,9})$", re.ASCII)
_COMMON = frozenset(
    {
        "py",
        "pyi",
        "md",
        "rst",
        "txt",
        "json",
        "toml",
        "yaml",
        "yml",
        "cfg",
        "ini",
        "csv",
        "html",
        "css",
        "js",
        "ts",
        "sh",
        "sql",
        "xml",
        "lock",
        "env",
        "in",
    }
)
_QUOTED = re.compile(r"`([^`\n]{1,300})`|\*\*([^*\n]{1,300})\*\*")
_MAX_LINE = 400


def looks_like_path(text: str, known: frozenset[str]) -> bool:
    """Whether a word names a file: one of the task's, a name with a common extension, or directories and any extension.

    Paths that will be refused (`/etc/passwd`, `..\\x.py`) look like paths too, so that the refusal is reported.
    """
    if normal(text) in known:
        return True
    if not _NAME.fullmatch(text) or "://" in text:
        return False
    extension = _EXTENSION.search(text)
    if "/" not in text and "\\" not in text:
        return extension is not None and extension[1].lower() in _COMMON
    return bool(extension) or text.startswith(("/", "../", "./"))


def heading(line: str, known: frozenset[str]) -> tuple[str, bool] | None:
    """The path a line consists of, beside decoration and words such as `File:`; and whether it says "deleted"."""
    if len(line) > _MAX_LINE:
        return None
    whole = normal(line.strip(_DECORATION))
    if whole in known:
        return whole, False
    words = [word.strip(_DECORATION) for word in line.replace("`", " ").replace("**", " ").split()]
    paths = [word for word in words if looks_like_path(word, known)]
    rest = [word.lower().rstrip(".:") for word in words if word not in paths]
    if len(paths) != 1 or not all(word in _FILLERS or word in _GONE or _NUMBER.fullmatch(word) for word in rest):
        return None
    gone = any(word in _GONE for word in rest)
    if gone and not _says_gone(line):
        return None
    return normal(paths[0]), gone


def _says_gone(line: str) -> bool:
    """Whether a title or a first word announces a deletion: `- src/a.py: removed` may speak of a line in the file."""
    text = line.lstrip(" \t-+>0123456789.")
    return text.startswith(("#", "*")) or bool(_GONE_FORM.search(text[:20]) or _GONE_NOTE.search(line))


def mention(line: str, known: frozenset[str]) -> str | None:
    """The one path a sentence that introduces a block quotes: "Here is the new `src/a.py`:"."""
    if len(line) > _MAX_LINE:
        return None
    names = {normal(a or b) for a, b in _QUOTED.findall(line) if looks_like_path(a or b, known)}
    return names.pop() if len(names) == 1 else None


_NAMED = re.compile(
    r"\b(?:title|file|filename|path|name)[ \t]?=[ \t]?(?:\"([^\"]{1,300})\"|'([^']{1,300})'|([^\s\"'}]{1,300}))"
)


def of_info(info: str, known: frozenset[str]) -> str | None:
    """The path in what follows a fence: `python src/a.py`, `python title="src/a.py"`, `python:src/a.py`, `src/a.py`."""
    if len(info) > _MAX_LINE:
        return None
    named = _NAMED.search(info)
    if named:
        return normal(named[1] or named[2] or named[3])
    for word in info.replace("{", " ").replace("}", " ").split()[:3]:
        path = word.strip(_DECORATION)
        label, _, rest = path.partition(":")
        for option in (rest if len(label) > 1 else "", path):
            if looks_like_path(option, known):
                return normal(option)
    return None


_COMMENT = ("#", "//", "--", "<!--", "/*", ";", '"""')


def of_comment(line: str, known: frozenset[str]) -> str | None:
    """The path in a comment that is the first line of a file: `# src/a.py`, `// File: src/a.py`."""
    if not line.startswith(_COMMENT):
        return None
    text = line.lstrip('#/-<!*;" ') if not line.startswith("//") else line[2:]
    named = heading(text.removesuffix("-->").removesuffix("*/").removesuffix('"""'), known)
    return named[0] if named and not named[1] else None
