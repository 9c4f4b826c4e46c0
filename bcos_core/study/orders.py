"""Orders of n treatments that are balanced over their rows: Latin and Williams squares."""

from __future__ import annotations

from itertools import combinations

from bcos_core.errors import StudyError

Rows = tuple[tuple[int, ...], ...]


def latin_square(n: int) -> Rows:
    """`n` rows in which each of the treatments 0 … n−1 stands once at each position: row i is i, i + 1, … mod n.

    Raises:
        StudyError: fewer than one treatment.
    """
    _require_treatments(n)
    return tuple(tuple((row + column) % n for column in range(n)) for row in range(n))


def williams_rows(n: int) -> Rows:
    """Rows in which each treatment stands at each position, and follows each other one, equally often.

    Even n: one square, each ordered pair of neighbours once. Odd n: two squares, the second the first one
    backwards, each ordered pair twice.

    E. J. Williams (1949), Experimental designs balanced for the estimation of residual effects of treatments,
    Australian Journal of Scientific Research A 2, 149–168.

    Raises:
        StudyError: fewer than one treatment.
    """
    _require_treatments(n)
    # 0, n−1, 1, n−2, …: the differences of neighbours, mod n, are −1, 2, −3, 4, …. For even n they are all different;
    # for odd n each comes twice, or not at all, and not at all exactly where the reverse has it twice.
    first = [column // 2 if column % 2 == 0 else n - 1 - column // 2 for column in range(n)]
    square = tuple(tuple((treatment + row) % n for treatment in first) for row in range(n))
    return square if n % 2 == 0 or n == 1 else square + tuple(row[::-1] for row in square)


def ordered_sets(n: int, size: int) -> Rows:
    """Every `size` of the treatments 0 … n−1, each set in the orders of `williams_rows`: over them, every treatment
    stands at every place, and every two of them stand in one set, equally often. For two, all ordered pairs.

    Raises:
        StudyError: fewer than one treatment, or than one in a set.
    """
    _require_treatments(n)
    rows = williams_rows(size)
    return tuple(
        sorted(tuple(chosen[place] for place in row) for chosen in combinations(range(n), size) for row in rows)
    )


def _require_treatments(n: int) -> None:
    if n < 1:
        raise StudyError(f"An order of {n} treatments is not possible. Give at least one.")
