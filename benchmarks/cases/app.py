"""Response times of the app in a browser, headless Chromium on the same machine.

For each model: the milliseconds from a move of a slider in the tab "Explore latent space" to the new picture on the
screen.
"""

import argparse
import statistics
from typing import Any

from benchmarks.browser import opened_app
from benchmarks.summaries import significant

#: JavaScript that moves the slider, waits until another picture is loaded and decoded, and returns the milliseconds.
MOVE = """async (step) => {
    const picture = () => document.querySelector('#picture-at-point img');
    const before = picture()?.src;
    const input = document.querySelectorAll('#move-right input[type=range]')[0];
    const started = performance.now();
    input.value = Number(input.value) + step;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    while (!picture() || picture().src === before) await new Promise(requestAnimationFrame);
    await picture().decode();
    return performance.now() - started;
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        nargs="+",
        default=["mnist-vae", "mnist-gan"],
        help="Names of models in the app [mnist-vae mnist-gan].",
    )
    parser.add_argument("--moves", type=int, default=60, help="Number of moves of the slider for each model [60].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    with opened_app() as (page, seconds):
        results: dict[str, dict[str, Any]] = {"app": {"first picture, s": round(seconds, 2)}}
        page.get_by_role("tab", name="Explore latent space", exact=True).click()
        for model in options.models:
            results[model] = measure_moves(page, model, options.moves)
    return results


def measure_moves(page, model: str, moves: int) -> dict[str, float]:
    """Return statistics of the milliseconds from a move of the slider to the new picture."""
    page.locator("#model input").click()
    page.get_by_role("option", name=model, exact=True).click()
    page.wait_for_function(f"document.querySelector('#picture-at-point img')?.src.includes('{model}')")
    page.wait_for_timeout(1000)
    times = [page.evaluate(MOVE, 0.01 * (1 if i % 2 else -2)) for i in range(moves + 3)][3:]
    times.sort()
    return {
        "move to picture, median, ms": significant(statistics.median(times)),
        "95 %, ms": significant(times[int(0.95 * (len(times) - 1))]),
        "largest, ms": significant(times[-1]),
    }
