"""The laptop class: a server's CPU limited to the instructions that laptops have (AVX2 and VNNI)."""

from collections.abc import Mapping

# Each library has its own switch; all are set for every process of a run, so that every row is limited alike.
LIMITS: Mapping[str, Mapping[str, str]] = {
    "native": {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2_VNNI",  # OpenVINO's CPU plugin, and oneDNN inside PyTorch
        "DNNL_MAX_CPU_ISA": "AVX2_VNNI",  # the older name, which some builds of PyTorch read
        "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own kernels
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch's matrix products
        "OPENBLAS_CORETYPE": "Haswell",  # NumPy's matrix products
    },
}
