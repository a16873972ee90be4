"""Diffs and SEARCH/REPLACE blocks: where a hunk fits, and when it does not."""

from __future__ import annotations

import pytest

from harness.grading.extract.patches import PatchError, apply_diff, parse_diff, parse_edits

FILE = "a\nb\nc\nd\ne\n"


def patched(text: str, diff: str) -> str:
    (file,) = parse_diff(f"--- a/x\n+++ b/x\n{diff}")
    return apply_diff(text, file.hunks)


FITS = {
    "right numbers": (FILE, "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n", "a\nb\nC\nd\ne\n"),
    "wrong line number": (FILE, "@@ -40,3 +40,3 @@\n b\n-c\n+C\n d\n", "a\nb\nC\nd\ne\n"),
    "counts too high": (FILE, "@@ -2,30 +2,30 @@\n b\n-c\n+C\n", "a\nb\nC\nd\ne\n"),
    "counts too low": (FILE, "@@ -2,1 +2,1 @@\n b\n-c\n+C\n d\n", "a\nb\nC\nd\ne\n"),
    "no numbers": (FILE, "@@\n b\n-c\n+C\n", "a\nb\nC\nd\ne\n"),
    "dots for numbers": (FILE, "@@ ... @@\n-c\n+C\n", "a\nb\nC\nd\ne\n"),
    "a section name": (FILE, "@@ -3 +3 @@ def f():\n-c\n+C\n", "a\nb\nC\nd\ne\n"),
    "two hunks": (FILE, "@@ -1 +1,2 @@\n a\n+A\n@@ -5 +6 @@\n-e\n+E\n", "a\nA\nb\nc\nd\nE\n"),
    "blanks at line ends": ("a \nb\t\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "a \nB\nc\n"),
    "the file's own blanks are kept": ("a  \nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+B\n", "a  \nB\n"),
    "lost leading spaces": (FILE, "@@ -2,3 +2,3 @@\nb\n-c\n+C\nd\n", "a\nb\nC\nd\ne\n"),
    "an empty context line": ("a\n\nb\n", "@@ -1,3 +1,3 @@\n a\n\n-b\n+B\n", "a\n\nB\n"),
    "a blank line too many": (FILE, "@@ -4,2 +4,2 @@\n d\n-e\n+E\n\n\n", "a\nb\nc\nd\nE\n"),
    "the same lines twice, numbered": ("x\ny\nx\ny\n", "@@ -3,2 +3,2 @@\n-x\n+X\n y\n", "x\ny\nX\ny\n"),
    "the same lines twice, after a hunk": ("x\ny\nz\nx\n", "@@\n x\n-y\n+Y\n@@\n-x\n+X\n", "x\nY\nz\nX\n"),
    "numbers count from the change before": (
        "x\nx\nx\n",
        "@@ -1 +1,2 @@\n x\n+n\n@@ -3 +4 @@\n-x\n+X\n",
        "x\nn\nx\nX\n",
    ),
    "no line break at the end, added": ("a\nb", "@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n", "a\nb\n"),
    "no line break at the end, taken away": ("a\nb\n", "@@ -2 +2 @@\n-b\n+b2\n\\ No newline at end of file\n", "a\nb2"),
    "no line break elsewhere": ("a\nb", "@@ -1 +1 @@\n-a\n+A\n", "A\nb"),
    "CRLF in the file": ("a\r\nb\r\n", "@@ -1,2 +1,3 @@\n a\n+n\n b\n", "a\r\nn\r\nb\r\n"),
    "everything removed": ("a\n", "@@ -1 +0,0 @@\n-a\n", ""),
    "into an empty file": ("", "@@ -0,0 +1 @@\n+a\n", "a\n"),
    "a removed line like a header": ("-- x\nb\n", "@@ -1,2 +1,1 @@\n--- x\n b\n", "b\n"),
    "a hunk that changes nothing": (FILE, "@@ -9 +9 @@\n q\n@@ -1 +1 @@\n-a\n+A\n", "A\nb\nc\nd\ne\n"),
}


@pytest.mark.parametrize("case", FITS)
def test_a_hunk_goes_where_its_text_is(case: str) -> None:
    text, diff, expected = FITS[case]
    assert patched(text, diff) == expected


@pytest.mark.parametrize(
    "text, diff, reason",
    [
        (FILE, "@@ -1,2 +1,2 @@\n a\n-x\n+y\n", "hunk 1 does not match the file"),
        (FILE, "@@ -1 +1 @@\n-a\n+A\n@@ -9 +9 @@\n-x\n+y\n", "hunk 2 does not match the file"),
        ("x\ny\nx\n", "@@ -7 +7 @@\n-x\n+X\n", "hunk 1 fits in 2 places"),
        ("x\n" * 300, "@@\n-x\n+X\n", "hunk 1 fits in 100+ places"),
        (FILE, "@@ -3,0 +4 @@\n+n\n", "hunk 1 has no line of the file to place it by"),
        ("  a\n", "@@ -1 +1 @@\n-a\n+b\n", "hunk 1 does not match the file"),
    ],
)
def test_a_hunk_that_does_not_fit_one_place_is_an_error(text: str, diff: str, reason: str) -> None:
    with pytest.raises(PatchError, match=f"^{reason.replace('+', '[+]')}$"):
        patched(text, diff)


def test_prose_after_a_diff_ends_it_only_where_it_stands_in_prose() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+A\nThat is all.\n"
    assert parse_diff(diff, strict=True)[0].hunks[0].old == ["a"]
    assert parse_diff(diff)[0].hunks[0].old == ["a", "That is all."]


@pytest.mark.parametrize(
    "text", ["", "\n", "@@", "--- a\n+++ b", "diff --git ", "+++ b\n--- a", "@@ -1 +1 @@\n\\", "\\\n+a"]
)
def test_what_is_no_diff_has_no_hunks_with_changes(text: str) -> None:
    assert not any(file.hunks for file in parse_diff(text))


def test_edits_are_found_one_by_one_and_broken_ones_left_out() -> None:
    text = "p\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\nq\n<<<<<<< SEARCH\nc\n=======\n"
    (found,) = parse_edits(text)
    assert (found.before, found.search, found.replacement) == ("p\n", "a\n", "b\n")
