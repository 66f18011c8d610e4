"""Measure the response times of the app: python benchmarks/app.py [--models mnist-vae mnist-gan] [--moves 60]

Prints one JSON object: the seconds from the start of the process to the first picture in a browser, and for each model
the milliseconds from a move of a slider in the tab "Explore latent space" to the new picture on the screen: median,
95th percentile and largest. The browser is headless Chromium on the same machine, which should be idle otherwise.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models",
        nargs="+",
        default=["mnist-vae", "mnist-gan"],
        help="Names of models in the app [mnist-vae mnist-gan].",
    )
    parser.add_argument("--moves", type=int, default=60, help="Number of moves of the slider for each model [60].")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        started = time.perf_counter()
        app = subprocess.Popen(
            [sys.executable, "app.py", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            address = re.search(r"http://\S+", app.stdout.readline()).group()
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector("#samples img")
            times = {"first picture, s": round(time.perf_counter() - started, 2)}
            page.get_by_role("tab", name="Explore latent space", exact=True).click()
            for model in options.models:
                times[model] = measure_moves(page, model, options.moves)
        finally:
            app.terminate()
            app.wait()
        browser.close()
    print(json.dumps(times, indent=2))


def measure_moves(page, model: str, moves: int) -> dict[str, float]:
    """Return statistics of the milliseconds from a move of the slider to the new picture."""
    page.locator("#model input").click()
    page.get_by_role("option", name=model, exact=True).click()
    page.wait_for_function(f"document.querySelector('#picture-at-point img')?.src.includes('{model}')")
    page.wait_for_timeout(1000)
    times = [page.evaluate(MOVE, 0.01 * (1 if i % 2 else -2)) for i in range(moves + 3)][3:]
    times.sort()
    return {
        "median, ms": round(statistics.median(times), 1),
        "95 %, ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "largest, ms": round(times[-1], 1),
    }


if __name__ == "__main__":
    main()
