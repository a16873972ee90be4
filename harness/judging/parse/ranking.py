"""A ranking of candidates: a list best first, with ties as inner lists; `A > B = C`; or a number for each."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from harness.judging.parse.codes import Problem, shown
from harness.judging.parse.values import Labels, one_of, stated, whole


def ranking_of(given: Any, labels: Labels) -> dict[str, int]:
    """Label -> rank, 1 the best; equals share one, and the next is one more than the number of those before it.

    Raises Problem: every label must stand in it once.
    """
    if isinstance(given, dict):
        return _of_mapping(given, labels)
    if isinstance(given, str):
        labels.normalised = True
        given = [given] if len(labels.all) == 1 and labels.find(given) else _of_text(given)
    if not isinstance(given, list):
        raise Problem("wrong_type", f"ranking: {shown(given)} where a list should be")
    if given and all(isinstance(item, dict) for item in given):
        numbers = _of_rows(given, labels)
        if any(number is not None for number in numbers.values()):
            return ranks_of_numbers(numbers, labels)
        given = list(numbers)
    groups: list[list[str]] = []
    for item in given:
        if isinstance(item, str) and _torn(item):
            raise Problem("wrong_type", f"ranking: {shown(item)} where a label should be")
        if isinstance(item, str) and "=" in item:
            labels.normalised = True
            item = item.split("=")
        if isinstance(item, list) and not item:
            raise Problem("wrong_type", "ranking: an empty place")
        groups.append([labels.need(one, "ranking") for one in (item if isinstance(item, list) else [item])])
    return _ranks(groups, labels)


def ranking_beside(given: Any, labels: Labels) -> dict[str, int] | None:
    """As `ranking_of`, of what stands beside a verdict; None for text or a number that is no ranking: `"clear"`."""
    if isinstance(given, dict | list):
        return ranking_of(given, labels)
    normalised = labels.normalised
    try:
        return ranking_of(given, labels)
    except Problem:
        labels.normalised = normalised
        return None


def order_of_scores(given: Any, labels: Labels) -> dict[str, int] | None:
    """The order of numbers for each label that are no ranks, such as 9.0 and 4.0: every ranking has a first place.

    It is no ranking, but may go against one.
    """
    if not isinstance(given, dict):
        return None
    by_label = {labels.find(key): number for key, number in given.items()}
    numbers = [one for one in by_label.values() if isinstance(one, int | float) and not isinstance(one, bool)]
    if set(by_label) != set(labels.all) or len(numbers) < len(given):
        return None
    # 2 and 3 of two may be ranks that are counted wrongly.
    if not (min(numbers) > 1 and len(numbers) + 1 < max(numbers) < math.inf):
        return None
    return {label: 1 + sum(other > by_label[label] for other in numbers) for label in labels.all}


def _ranks(groups: list[list[str]], labels: Labels) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for group in groups:
        rank = len(ranks) + 1
        for label in group:
            if label in ranks:
                raise Problem("duplicate_rank", f"ranking: {label} stands in it twice")
            ranks[label] = rank
    _all(ranks, labels)
    return ranks


def _all(ranks: Mapping[str, Any], labels: Labels) -> None:
    missing = [label for label in labels.all if label not in ranks]
    if missing:
        raise Problem("missing_model", f"ranking: without {', '.join(missing[:12])}")


def _of_text(text: str) -> Any:
    """`A > B = C`, `A = B` and `B, A`; anything else as it is."""
    if len(text) > 2000 or not re.search("[>,=]", text):
        return text
    whole_order = re.fullmatch(r"\s*[(\[]([^()\[\]]*)[)\]]\s*", text) if ">" in text else None
    text = whole_order[1] if whole_order else text
    parts = re.split(r"\s*>\s*", text) if ">" in text else re.split(r"\s*,\s*", text)
    if any(map(_torn, parts)):
        return text
    return [part.split("=") if "=" in part else part for part in parts]


def _torn(part: str) -> bool:
    """Brackets open in it that close in another: `(A, B), C` has a tie, and no order of the first two."""
    return len(re.findall(r"[(\[{]", part)) > len(re.findall(r"[)\]}]", part))


def _of_mapping(given: dict[str, Any], labels: Labels) -> dict[str, int]:
    """{"A": 2, "B": 1} or {"1": "B", "2": "A"}."""
    labels.normalised = True
    by_label: dict[str, Any] = {}
    for key, value in given.items():
        label = labels.find(key)
        if label is None:
            label, value = labels.need(value if key.strip().isdecimal() else key, "ranking"), key
        if label in by_label:
            raise Problem("duplicate_rank", f"ranking: {label} stands in it twice")
        by_label[label] = value
    return ranks_of_numbers(by_label, labels)


def _of_rows(given: list[dict[str, Any]], labels: Labels) -> dict[str, Any]:
    """[{"model": "B", "rank": 1}, ...]; None for each where the order says it."""
    labels.normalised = True
    by_label: dict[str, Any] = {}
    for row in given:
        label = labels.need(one_of(row, "model", "label", "candidate", "name"), "ranking")
        if label in by_label:
            raise Problem("duplicate_rank", f"ranking: {label} stands in it twice")
        by_label[label] = one_of(row, "rank", "position")
    return by_label


def ranks_of_numbers(by_label: Mapping[str, Any], labels: Labels) -> dict[str, int]:
    """Label -> rank from a number for each, which must be 1, 2, 3, ...

    Two with the same number are an error, not a tie: a judge is asked to write ties as an inner list.
    """
    _all(by_label, labels)
    count = len(labels.all)
    ranks = {label: whole(by_label[label], f"rank of {label}", 1, count)[0] for label in labels.all}
    if len(set(ranks.values())) != count:
        raise Problem("duplicate_rank", "ranking: two candidates have the same number")
    return ranks


def agree(numbers: Mapping[str, Any], ranks: dict[str, int], labels: Labels) -> bool:
    """What stands for the ranks of some goes not against the ranks of all. Raises Problem where it is no rank."""
    count = len(labels.all)
    told = {
        label: rank if type(rank) in (int, float) else whole(rank, f"rank of {label}", 1, count)[0]
        for label, rank in numbers.items()
        if stated(rank)
    }
    return _order(told) == _order({label: ranks[label] for label in told})


def _order(ranks: dict[str, Any]) -> dict[str, int]:
    """The ranks without gaps: what two ways of counting ties have in common."""
    places = {rank: place for place, rank in enumerate(sorted(set(ranks.values())))}
    return {label: places[rank] for label, rank in ranks.items()}
