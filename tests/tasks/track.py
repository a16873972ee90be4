"""Makes tracks in Exercism's layout."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STUB = "def answer(n):\n    pass\n"
EXAMPLE = "def answer(n):\n    return 2 * n\n"
TESTS = """import unittest

from {module} import answer


class AnswerTest(unittest.TestCase):
    def test_one(self):
        self.assertEqual(answer(1), 2)

    def test_two(self):
        self.assertEqual(answer(2), 4)


if __name__ == "__main__":
    unittest.main()
"""


@dataclass
class Exercise:
    """An exercise as the track has most of them, with some files replaced or (None) left out."""

    slug: str = "plain-sums"
    files: dict[str, str | bytes | None] = field(default_factory=dict)
    config: dict[str, Any] | str | None = field(default_factory=dict)
    """Of .meta/config.json: keys beside those of most exercises, or the whole text; None leaves it out."""

    def write(self, shelf: Path) -> Path:
        home, snake = shelf / self.slug, self.slug.replace("-", "_")
        usual = {"solution": [f"{snake}.py"], "test": [f"{snake}_test.py"], "example": [".meta/example.py"]}
        content: dict[str, str | bytes | None] = {
            ".docs/instructions.md": "# Instructions\n\nDouble it.\n",
            ".meta/example.py": EXAMPLE,
            ".meta/tests.toml": "",
            ".meta/template.j2": "{% raw %}",
            ".approaches/config.json": "{broken",
            ".articles/fast/content.md": b"\xff",
            f"{snake}.py": STUB,
            f"{snake}_test.py": TESTS.format(module=snake),
            **self.files,
        }
        if isinstance(self.config, dict):
            files = {**usual, **self.config.get("files", {})}
            content[".meta/config.json"] = json.dumps({"authors": [], "blurb": "x", **self.config, "files": files})
        elif self.config is not None:
            content[".meta/config.json"] = self.config
        for name, text in content.items():
            if text is not None:
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                (home / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return home


TRACK = {
    "language": "Python",
    "slug": "python",
    "files": {
        "solution": ["%{snake_slug}.py"],
        "test": ["%{snake_slug}_test.py"],
        "example": [".meta/example.py"],
        "exemplar": [".meta/exemplar.py"],
    },
    "exercises": {
        "concept": [],
        "practice": [
            {"slug": "plain-sums", "name": "Plain Sums!", "difficulty": 3, "practices": ["loops"], "topics": None},
            {"slug": "old-sums", "name": "Old Sums", "difficulty": 1, "status": "deprecated", "topics": ["math", "x"]},
        ],
        "foregone": ["nothing"],
    },
}


def make(home: Path, *exercises: Exercise, config: dict[str, Any] | str | None = None) -> Path:
    """A track; without `config` it has no config.json."""
    shelf = home / "exercises" / "practice"
    shelf.mkdir(parents=True)
    for exercise in exercises:
        exercise.write(shelf)
    if config is not None:
        (home / "config.json").write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return home
