"""Strict JSON: limits before parsing, exact numbers, no key twice, and never an exception of another kind."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schemas.documents import Document, ReadLimits, UnreadableError, parse, read_file, shown

LIMITS = ReadLimits(max_bytes=1_000, max_depth=4)


def test_numbers_are_exact() -> None:
    value = parse(b"[0.1, 1e2, 3, -0, 12345678901234567890.5, 1234567890123456789012]", LIMITS).value
    assert value == [
        Decimal("0.1"),
        Decimal("1E+2"),
        3,
        0,
        Decimal("12345678901234567890.5"),
        Decimal("1234567890123456789012"),
    ]
    assert [type(item) for item in value] == [Decimal, Decimal, int, int, Decimal, Decimal]


def test_what_json_does_not_know_as_a_number_is_left_for_the_schema_to_refuse() -> None:
    values = parse(b"[NaN, Infinity, -Infinity, 1e99999999999999999999]", LIMITS).value
    assert not any(value.is_finite() for value in values)


def test_keys_given_twice_are_found_where_they_are() -> None:
    document = parse(b'{"a": 1, "a": 2, "b": [{"c": 1, "d": 0, "c": 2}], "e": {"f": 1}}', LIMITS)
    assert [(f.rule, f.path) for f in document.findings] == [("field.repeated", "a"), ("field.repeated", "b[0].c")]
    assert document.value["a"] == 2


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b" " * 1_001, "document.size"),
        (b"[[[[[]]]]]", "document.depth"),
        (b'[{"a": [{"b": []}]}]', "document.depth"),
        (b"[" * 1_000, "document.depth"),
        (b"\xff", "document.encoding"),
        (b"\xef\xbb\xbf{}", "document.syntax"),
        (b'["\\ud800"]', "document.encoding"),
        (b'{"\\udfff": 1}', "document.encoding"),
        (b"", "document.syntax"),
        (b"{", "document.syntax"),
        (b"[1,]", "document.syntax"),
        (b"{'a': 1}", "document.syntax"),
        (b"01", "document.syntax"),
        (b'"\\', "document.syntax"),
        (b"{} {}", "document.syntax"),
        (b"// comment", "document.syntax"),
    ],
)
def test_what_cannot_be_read_is_refused_with_one_reason(data: bytes, rule: str) -> None:
    with pytest.raises(UnreadableError) as refusal:
        parse(data, LIMITS)
    assert refusal.value.finding.rule == rule
    assert refusal.value.too_large == (rule == "document.size")


def test_brackets_inside_texts_are_no_nesting() -> None:
    assert parse(b'["[[[[[[[[", "\\"[[[[[[[", "\\\\", [[[1]]]]', LIMITS).value[3] == [[[1]]]


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse(b'"\\ud83d\\ude00"', LIMITS).value == "\U0001f600"


JSON_VALUES = st.recursive(
    st.none() | st.integers(-(10**30), 10**30) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_ordinary_json_reads_the_same_as_everywhere(value: Any) -> None:
    data = json.dumps(value).encode()
    assert parse(data, ReadLimits(max_depth=50)).value == value


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\eE0123-.nulltrueNaI ', max_size=60).map(str.encode))
def test_anything_else_is_refused_and_nothing_falls_over(data: bytes) -> None:
    with suppress(UnreadableError):
        assert isinstance(parse(data, LIMITS), Document)


def test_a_file_above_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    class Counting(type(tmp_path)):  # type: ignore[misc]
        """A path that notes how much of its file was read."""

        read_bytes_so_far = 0

        def open(self, *args: Any, **options: Any) -> Any:
            file = super().open(*args, **options)
            inner = file.read

            def read(size: int = -1) -> bytes:
                data: bytes = inner(size)
                Counting.read_bytes_so_far += len(data)
                return data

            return _Reader(file, read)

    path = Counting(tmp_path / "junk.json")
    with (tmp_path / "junk.json").open("wb") as junk:
        junk.truncate(50_000_000)
    with pytest.raises(UnreadableError) as refusal:
        read_file(path, LIMITS)
    assert refusal.value.too_large
    assert Counting.read_bytes_so_far == LIMITS.max_bytes + 1


class _Reader:
    """A file whose reads are watched."""

    def __init__(self, file: Any, read: Any) -> None:
        self._file = file
        self.read = read

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read_file(tmp_path / "nothing.json", LIMITS)
    with pytest.raises(UnreadableError, match="directory"):
        read_file(tmp_path, LIMITS)


def test_long_values_are_shown_shortened() -> None:
    assert shown("x" * 100).endswith("…")
    assert len(shown(["x" * 100])) == 60
    assert shown(Decimal("1.50")) == "1.50"
    assert shown({"a": Decimal(1)}) == '{"a": "1"}'
