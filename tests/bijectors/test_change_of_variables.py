"""The exercise: z is uniform on [a, b] and z = x³, so p_x(x) = 3x² / (b − a) on [a^⅓, b^⅓]."""

import numpy as np
import pytest
import tensorflow_probability as tfp

tfb = tfp.bijectors
tfd = tfp.distributions


@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (1.0, 8.0), (-8.0, 27.0)])
def test_the_cube_root_of_a_uniform(a, b):
    x = np.linspace(np.cbrt(a), np.cbrt(b), 20_002)[1:-1]
    cube_root = tfb.Invert(tfb.Power(np.float64(3.0)))
    density = tfd.TransformedDistribution(tfd.Uniform(np.float64(a), np.float64(b)), cube_root).prob(x).numpy()
    np.testing.assert_allclose(density, 3.0 * x**2 / (b - a), rtol=1e-9)
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=1e-3)
