"""Which kernels a compiled network consists of: they show the instruction set that really ran."""

from collections import Counter

import openvino as ov

NOT_RUN = ("Const", "Input", "Output")  # layers of the runtime graph that compute nothing
KIND, KERNEL = "layerType", "primitiveType"


def count_kernels(compiled: ov.CompiledModel) -> dict[str, int]:
    """Return how many layers run as each kernel, such as {"brgconv_avx512_f32": 28}, most frequent first.

    {} for a device whose plugin does not name its kernels.
    """
    counted: Counter[str] = Counter()
    for node in compiled.get_runtime_model().get_ordered_ops():
        told = node.get_rt_info()
        if KERNEL in told and (KIND not in told or str(told[KIND].astype(str)) not in NOT_RUN):
            counted[str(told[KERNEL].astype(str))] += 1
    return dict(counted.most_common())
