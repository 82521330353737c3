"""Labels: the name a column, row or objective had in its formulation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LabelIndex = tuple[Any, ...]


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A component of a formulation and the index inside it.

    Attributes:
        block: full name of the component, such as ``zone[office].temperature``.
        index: index tuple, empty for a scalar component.
    """

    block: str
    index: LabelIndex = ()

    def __str__(self) -> str:
        return f"{self.block}[{','.join(map(str, self.index))}]" if self.index else self.block


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of all columns or all rows, in order; built lazily because most runs never print them.

    Attributes:
        blocks: component name per position.
        indices: index tuple per position.
    """

    blocks: tuple[str, ...]
    indices: tuple[LabelIndex, ...]

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, position: int) -> Label:
        return Label(self.blocks[position], self.indices[position])

    def __iter__(self) -> Iterator[Label]:
        return map(Label, self.blocks, self.indices)

    def positions(self, block: str) -> dict[LabelIndex, int]:
        """Position of every index of one component."""
        return {
            index: k for k, (name, index) in enumerate(zip(self.blocks, self.indices, strict=True)) if name == block
        }
