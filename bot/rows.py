"""Questions as rows of a sparse matrix: which features each of them has.

What is learnt at load is learnt from tens of thousands of questions with a hundred features
each. As sets of strings they would take half a gigabyte; as rows of column numbers a fiftieth.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rows:
    """A sparse matrix of zeros and ones; immutable.

    `names` maps a feature to its column. The columns of row `i` stand in `columns` from
    `starts[i]` to before `starts[i + 1]`, each once.
    """

    names: Mapping[str, int]
    starts: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def row_of(self) -> npt.NDArray[np.intp]:
        """The row of each entry of `columns`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def frequencies(self) -> npt.NDArray[np.intp]:
        """How many rows have each column."""
        return np.bincount(self.columns, minlength=len(self.names))

    def taken(self, which: npt.NDArray[np.bool_]) -> Rows:
        """Only some rows, with all columns."""
        lengths = np.diff(self.starts)[which]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        return Rows(self.names, starts, self.columns[which[self.row_of]])

    def beside(self, other: Rows) -> Rows:
        """The same rows with the columns of `other`, which has as many rows and other names."""
        first = np.arange(len(self.columns)) + np.repeat(other.starts[:-1], np.diff(self.starts))
        second = np.arange(len(other.columns)) + np.repeat(self.starts[1:], np.diff(other.starts))
        columns = np.empty(len(first) + len(second), dtype=np.intp)
        columns[first] = self.columns
        columns[second] = other.columns + len(self.names)
        names = {name: i + len(self.names) for name, i in other.names.items()}
        return Rows({**self.names, **names}, self.starts + other.starts, columns)

    def frequent(self, least: int) -> Rows:
        """All rows, with the columns alone that so many rows have."""
        keeps = self.frequencies() >= least
        new = np.cumsum(keeps) - 1
        names = {name: int(new[i]) for name, i in self.names.items() if keeps[i]}
        kept = keeps[self.columns]
        lengths = np.bincount(self.row_of[kept], minlength=len(self))
        starts = np.concatenate(([0], np.cumsum(lengths)))
        return Rows(names, starts, new[self.columns[kept]])


class RowsBuilder:
    """Collects rows one by one."""

    def __init__(self) -> None:
        self._names: defaultdict[str, int] = defaultdict(count().__next__)
        self._starts = array("q", [0])
        self._columns = array("i")

    def add(self, features: Iterable[str]) -> None:
        """Add a row; `features` name each column once."""
        self._columns.extend(map(self._names.__getitem__, features))
        self._starts.append(len(self._columns))

    def rows(self) -> Rows:
        """The rows so far, in the order in which they came."""
        return Rows(
            dict(self._names),
            np.array(self._starts, dtype=np.intp),
            np.array(self._columns, dtype=np.intp),
        )


def rows_of(questions: Iterable[Iterable[str]]) -> Rows:
    """Rows of questions whose features are given."""
    builder = RowsBuilder()
    for features in questions:
        builder.add(features)
    return builder.rows()


def known(features: Iterable[str], names: Mapping[str, int]) -> Sequence[int]:
    """The columns of those features that have one."""
    return [column for column in map(names.get, features) if column is not None]
