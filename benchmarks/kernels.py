"""What the names of OpenVINO's kernels tell: whether it is a product, and how wide its instructions are."""

import re

from benchmarks.facts import at
from benchmarks.record import Record, Row

_PRODUCT = re.compile(r"(brgconv|brgemm|gemm|jit_gemm)|.*_(1x1|dw)(_|$)")
_WIDE = ("avx512", "amx")
IGNORES_THE_LIMIT = "gemm_mlas"  # takes the widest instructions there are, whatever the limit says


def is_product(name: str) -> bool:
    """Whether the kernel is one of matrix products or convolutions, where the time goes."""
    return _PRODUCT.match(name.lower()) is not None


def wide_products(record: Record, row: Row) -> list[str]:
    """Return the products and convolutions that ran instructions beyond AVX2."""
    features = at(record.environment, "cpu", "features")
    narrow = isinstance(features, list | tuple) and features and "avx512" not in " ".join(map(str, features))
    return [
        name
        for name in row.kernels or {}
        if is_product(name)
        and (_is_wide(name) or (name.lower().startswith(IGNORES_THE_LIMIT) and not narrow))
    ]


def wide_others(row: Row) -> int:
    """Return how many other layers ran instructions beyond AVX2: normalisation and resizing."""
    kernels = row.kernels or {}
    return sum(count for name, count in kernels.items() if _is_wide(name) and not is_product(name))


def _is_wide(name: str) -> bool:
    return any(wide in name.lower() for wide in _WIDE)
