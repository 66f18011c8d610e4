"""Matrix products and convolutions in bfloat16 on a CPU, while all other operations stay in float32."""

import contextlib
import os
import statistics
import time
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


def bfloat16_speedup(repeats: int = 5) -> float:
    """Measure how many times faster this CPU computes a matrix product and its gradients with factors in bfloat16.

    Without `INSTRUCTIONS`, nothing is measured and the answer is 1. With them, the answer may be less than 1:
    processors with AVX512-BF16 differ in how many of the instructions they complete in a cycle. The measurement takes
    about half a second. It includes the conversion of the factors.

    Args:
        repeats: number of measurements, each of float32 and of bfloat16 in turn. The answer is their median.
    """
    if not has_bfloat16_instructions():
        return 1.0
    import tensorflow as tf

    with tf.device("CPU:0"):
        rows, weights = tf.ones((4096, 256)), tf.ones((256, 256))

        @tf.function(autograph=False)
        def product_and_gradients():
            return tf.gradients(tf.tanh(rows @ weights), [rows, weights])

        def seconds(bfloat16: bool) -> float:
            start = time.perf_counter()
            with products_in_bfloat16(bfloat16):
                product_and_gradients()[1].numpy()
            return time.perf_counter() - start

        # The first call of each form compiles the form.
        ratios = [seconds(False) / seconds(True) for _ in range(1 + repeats)][1:]
    return statistics.median(ratios)


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
