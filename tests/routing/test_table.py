"""Routing tables as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.routing.table import dump_table, read_table
from harness.types.routes import Evidence, Route, RoutingTable

TABLE = RoutingTable(
    metric="pass",
    alpha=0.05,
    runs=("one", "two"),
    models=("a", "b: c #d"),
    default=Route(primary="b: c #d", fallback="a", basis="none", reason="no evidence: cheapest"),
    routes={
        "yes": Route(
            primary="a", fallback="b: c #d", basis="category", reason="best",
            evidence=Evidence(n=20, against="b: c #d", difference=0.3, low=0.1, high=0.5, adjusted_p=1e-7),
        )
    },
)  # fmt: skip


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(dump_table(TABLE), encoding="utf-8")
    assert read_table(path) == TABLE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no YAML"),
        ("just a text", "the table"),
        (dump_table(TABLE).replace("primary: a", "primary: z"), "not one of the table's models"),
        (dump_table(TABLE).replace("metric: pass", "metrik: pass"), "metri"),
        (dump_table(TABLE).replace("basis: category", "basis: a feeling"), "routes.yes.basis"),
        (dump_table(TABLE).replace("n: 20", "n: -1"), "routes.yes.evidence.n"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_table(path)


def test_a_missing_or_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is no YAML"):
        read_table(tmp_path / "binary.yaml")
