"""Monotone rational-quadratic splines whose parameters a network gives, in PyTorch.

Reference: Durkan, Bekasov, Murray, Papamakarios: Neural spline flows. NeurIPS 2019, equations 4 to 8.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional

#: Splines of pixels map [−BOUND, BOUND] to itself.
BOUND = 4.0
#: Bounds of the bins and of the slopes, as in `tfgen.bijectors.elementwise_spline`.
SMALLEST_WIDTH, SMALLEST_SLOPE = 1e-3, 0.05
SMALLEST_RATIO, LARGEST_RATIO = 1 / 3, 3 / 2


class Bin(NamedTuple):
    """The bin of each value: position, size, mean slope and slopes at both knots."""

    outside: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    width: torch.Tensor
    height: torch.Tensor
    slope: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor


def spline_and_log_slope(x, parameters, bins: int, bound: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return z = spline(x) and log dz/dx for values [...] and unconstrained parameters [..., 3 bins − 1]."""
    widths, heights, ratios = constrained(parameters, bins, bound)
    found = find_bins(x, widths, widths, heights, ratios, bound)
    xi = (x - found.x) / found.width
    curve = found.slope + (found.right + found.left - 2 * found.slope) * xi * (1 - xi)
    z = found.y + found.height * (found.slope * xi**2 + found.left * xi * (1 - xi)) / curve
    return torch.where(found.outside, x, z), log_slope(xi, found)


def inverse_and_log_slope(z, parameters, bins: int, bound: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x = spline⁻¹(z) and log dx/dz."""
    widths, heights, ratios = constrained(parameters, bins, bound)
    found = find_bins(z, heights, widths, heights, ratios, bound)
    above = torch.where(found.outside, 0.0, z - found.y)
    term = above * (found.right + found.left - 2 * found.slope)
    a = found.height * (found.slope - found.left) + term
    b = found.height * found.left - term
    c = -found.slope * above
    root = 2 * c / (-b - torch.sqrt(b**2 - 4 * a * c))
    xi = torch.where(above == 0, 0.0, root)
    return torch.where(found.outside, z, xi * found.width + found.x), -log_slope(xi, found)


def constrained(parameters, bins: int, bound: float):
    """Return widths and heights [..., bins] and relative slopes at the inner knots [..., bins − 1]."""
    widths, heights, slopes = parameters.split((bins, bins, bins - 1), dim=-1)
    widths = 2 * bound * (SMALLEST_WIDTH + (1 - bins * SMALLEST_WIDTH) * functional.softmax(widths, dim=-1))
    heights = SMALLEST_SLOPE * widths + (1 - SMALLEST_SLOPE) * 2 * bound * functional.softmax(heights, dim=-1)
    at_zero = (1 - SMALLEST_RATIO) / (LARGEST_RATIO - SMALLEST_RATIO)
    offset = math.log(at_zero / (1 - at_zero))
    return widths, heights, SMALLEST_RATIO + (LARGEST_RATIO - SMALLEST_RATIO) * torch.sigmoid(slopes + offset)


def find_bins(values, searched, widths, heights, ratios, bound: float) -> Bin:
    """Return the bin of each value; `searched` are the widths to search by x, the heights to search by y."""
    count = widths.shape[-1]
    ends = searched.detach().cumsum(dim=-1) - bound
    outside = (values <= -bound) | (values >= ends[..., -1])
    inner = torch.where(outside, -bound, values)
    k = (inner[..., None] >= ends).sum(dim=-1, keepdim=True)
    before = (torch.arange(count) < k).to(values.dtype)
    neighbours = torch.cat([(k - 1).clamp(min=0), k, (k + 1).clamp(max=count - 1)], dim=-1)
    width, height = widths.gather(-1, neighbours), heights.gather(-1, neighbours)
    slope_left, slope, slope_right = (height / width).unbind(dim=-1)
    knots = torch.cat([(k - 1).clamp(min=0), k.clamp(max=count - 2)], dim=-1)
    ratio_left, ratio_right = ratios.gather(-1, knots).unbind(dim=-1)
    k = k[..., 0]
    return Bin(
        outside,
        (before * widths).sum(dim=-1) - bound,
        (before * heights).sum(dim=-1) - bound,
        width[..., 1],
        height[..., 1],
        slope,
        torch.where(k == 0, slope, knot_slope(ratio_left, slope_left, slope)),
        torch.where(k == count - 1, slope, knot_slope(ratio_right, slope, slope_right)),
    )


def knot_slope(ratio, left, right):
    """Return the slope at a knot between bins of the mean slopes `left` and `right`."""
    return ratio * 2 * left * right / (left + right)


def log_slope(xi, found: Bin):
    """Return log dy/dx at the position ξ in a bin, 0 outside of the interval."""
    xi = torch.where(found.outside, 0.5, xi)
    curve = (found.right + found.left - 2 * found.slope) * xi * (1 - xi) + found.slope
    slopes = found.right * xi**2 + 2 * found.slope * xi * (1 - xi) + found.left * (1 - xi) ** 2
    return torch.where(found.outside, 0.0, 2 * found.slope.log() + slopes.log() - 2 * curve.log())
