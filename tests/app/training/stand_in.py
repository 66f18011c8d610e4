"""A stand-in for `tfgen train` that writes the files and prints the lines of a training, without TensorFlow.

python stand_in.py HOW --resume RUN, where HOW is a behaviour or a file that contains its name
python stand_in.py HOW --model MODEL … --run RUN, which makes the run
"""

import json
import os
import signal
import sys
import time
import zipfile
from pathlib import Path

from PIL import Image

from tfgen.config.presets import run_config
from tfgen.runs.lock import run_lock
from tfgen.runs.run import Run

how, run = sys.argv[1], Path(sys.argv[-1])
if Path(how).is_file():
    how = Path(how).read_text()
if sys.argv[-2] == "--run":
    print(" ".join(sys.argv[2:]), flush=True)
    if how == "refused":
        print("error: Expected a picture of 5×6 pixels. Received: 9×7", file=sys.stderr)
        raise SystemExit(2)
    time.sleep(0.2)
    given = dict(zip(sys.argv[2:-2:2], sys.argv[3:-2:2], strict=False))
    Run.create_at(run, run_config(given["--model"], "auto", data=given["--data"], epochs=7))
epochs = json.loads((run / "config.json").read_text())["train"]["epochs"]
seconds = {"fast": 0.0, "slow": 0.1, "stubborn": 0.1}.get(how, 0.0)


def stop(*_):
    print(f"\nStopped; nothing is lost. Resume with: tfgen train --resume {run}", file=sys.stderr)
    raise SystemExit(130)


def draw(epoch):
    Image.new("L", (90, 90), 2 * epoch).save(run / "samples" / f"epoch-{epoch:04d}.png")


print("data       digits, 8×8×1, 17 levels")
if how == "refused":
    print("error: Expected a batch size of 1 to 1297. Received: 5000", file=sys.stderr)
    raise SystemExit(2)
if how == "broken":
    raise RuntimeError("the disk is full")
signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "stubborn" else stop)
lock = run_lock(run, "training")
lock.__enter__()  # held until the process ends
print(f"run        {run}", flush=True)
(run / "checkpoints").mkdir(exist_ok=True)
(run / "checkpoints" / "checkpoint").write_text("all_model_checkpoint_paths: none")
metrics = run / "metrics.jsonl"
done = len(metrics.read_text().splitlines()) if metrics.exists() else 0
if not done:
    draw(0)
for epoch in range(done + 1, epochs + 1):
    time.sleep(seconds)
    row = {
        "epoch": epoch,
        "step": 20 * epoch,
        "best": True,
        "loss": 9.0 / epoch,
        "val_loss": 10.0 / epoch,
        "seconds": 0.5,
    }
    draw(epoch)
    with open(metrics, "a") as file:
        file.write(json.dumps(row) + "\n")
    print(f"epoch {epoch}/{epochs}  loss {row['loss']:.4f}", flush=True)
    if how == "killed" and epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
with zipfile.ZipFile(run / "model.keras", "w") as archive:
    archive.writestr("metadata.json", "{}")
print(f"done       {run}: samples/, curves.png, metrics.jsonl, model.keras")
