"""Matrix products and convolutions in bfloat16 on a CPU, while all other operations stay in float32."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

#: Names by which Linux lists the processor's instructions for products of bfloat16.
INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
#: Operations that TensorFlow would compute in bfloat16 between two products. In float32, sums and logarithms of a
#: likelihood keep their digits, and a CPU is faster at them.
# fmt: off
KEPT_IN_FLOAT32 = (
    "Add", "AddN", "AddV2", "AvgPool", "AvgPoolGrad", "AvgPool3D", "AvgPool3DGrad", "BiasAdd", "BiasAddGrad",
    "BiasAddV1", "Elu", "EluGrad", "Erf", "FusedBatchNormV2", "FusedBatchNormGradV2", "FusedBatchNormV3",
    "FusedBatchNormGradV3", "_FusedBatchNormEx", "Inv", "LeakyRelu", "LeakyReluGrad", "Log", "Log1p",
    "LogSoftmax", "Mean", "Mul", "Prod", "RealDiv", "Reciprocal", "Rsqrt", "Selu", "SeluGrad", "Sigmoid",
    "SigmoidGrad", "Softmax", "SoftmaxGrad", "Softplus", "SoftplusGrad", "Softsign", "SoftsignGrad", "Sqrt",
    "Square", "SquaredDifference", "Sub", "Sum", "Tanh", "TanhGrad",
)
# fmt: on
_PASS = "auto_mixed_precision_onednn_bfloat16"
_KEPT = "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_INFERLIST_REMOVE"


def has_bfloat16_instructions(description: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor has instructions for products of bfloat16.

    Args:
        description: the processor as Linux describes it. Without this file, the answer is False.
    """
    try:
        return not INSTRUCTIONS.isdisjoint(description.read_text().split())
    except OSError:
        return False


@contextlib.contextmanager
def products_in_bfloat16(wanted: bool = True) -> Iterator[None]:
    """Let compiled functions that are called in the `with` block compute products in bfloat16 on a CPU.

    TensorFlow's graph optimizer converts the factors of each matrix product and each convolution to bfloat16, also
    those of the gradients. oneDNN adds the products in float32 and rounds each sum to bfloat16. Variables and all
    other operations stay in float32. A `tf.function` that is called in a block and outside of it has two compiled
    forms. The block changes nothing on a GPU, in functions that XLA compiles, and in operations that run eagerly.

    Args:
        wanted: False for a block that changes nothing.
    """
    import tensorflow as tf

    if not wanted:
        yield
        return
    environment = os.environ.get(_KEPT)
    before = tf.config.optimizer.get_experimental_options().get(_PASS, False)
    # The optimizer reads the variable when it compiles a function, at the first call.
    os.environ[_KEPT] = ",".join(KEPT_IN_FLOAT32)
    tf.config.optimizer.set_experimental_options({_PASS: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({_PASS: before})
        if environment is None:
            del os.environ[_KEPT]
        else:
            os.environ[_KEPT] = environment
