"""napari-deconv beside its peers: speed, memory, quality, in one interleaved run.

    python benchmarks/peers [--rounds 3] [--threads 1 2] [--quick] [--out docs]

Peers are installed into environments of their own (``--envs``, by default in the user's cache folder) the first time,
which needs the network and about 6 GB; one that cannot be installed or run is a line of the table, with the reason.
Peers that need torch get its CPU build: ``--torch`` says what to ask pip for. Without ``--out`` the page is printed.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import data
import page
import psutil
import race
from contenders import CONTENDERS, DUCC0, ENVIRONMENTS, Contender
from environments import Ready, cache_folder, newer_python, prepare
from measurements import fit, places, quality, speeds

TORCH = "torch==2.13.0" if sys.platform == "darwin" else "torch==2.13.0+cpu"


def main() -> None:
    options = parsed()
    options.envs.mkdir(parents=True, exist_ok=True)
    kept = options.envs / ("quick.json" if options.quick else "results.json")
    if options.again:
        results = json.loads(kept.read_text(encoding="utf-8"))
        publish(results, kept, options.out, made("plots", options))
        return
    ready = {name: made(name, options) for name in ENVIRONMENTS if name != DUCC0 or options.ducc0}
    if options.install_only:
        for name, environment in ready.items():
            print(f"{name}: {environment.failure or 'ready'}")
        return
    begun = time.perf_counter()
    data.write(options.envs / "data", options.quick)
    results = measured(options, ready)
    results["minutes"] = (time.perf_counter() - begun) / 60
    kept.write_text(json.dumps(results, indent=1), encoding="utf-8")
    publish(results, kept, options.out, ready["plots"])


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--quick", action="store_true", help="small arrays, to see that everything works")
    parser.add_argument("--only", nargs="+", help="contenders with one of these words in their name")
    parser.add_argument("--load", type=float, default=0.1, help="cores that others may keep busy in a run that counts")
    parser.add_argument("--tries", type=int, default=3, help="runs at most until one counts")
    parser.add_argument("--out", type=Path, help="folder for performance.md and its pictures")
    parser.add_argument("--again", action="store_true", help="write the page from the last results, measure nothing")
    parser.add_argument("--envs", type=Path, default=cache_folder(), help="folder for environments, data and results")
    parser.add_argument("--install-only", action="store_true")
    parser.add_argument("--ducc0", action="store_true", help="also napari-deconv with ducc0 (GPL-2.0-or-later)")
    parser.add_argument("--python312", help="interpreter for peers that ask for Python >= 3.12")
    parser.add_argument("--torch", default=TORCH, help="what to ask pip for: the CPU build of torch (%(default)s)")
    options = parser.parse_args()
    options.python312 = newer_python(options.python312)
    return options


def made(name: str, options: argparse.Namespace) -> Ready:
    return prepare(name, ENVIRONMENTS[name], options.envs, options.torch, options.python312)


def measured(options: argparse.Namespace, ready: dict[str, Ready]) -> dict[str, Any]:
    """Everything that the page shows."""
    cases = data.QUICK if options.quick else data.CASES
    settings = {name: getattr(options, name) for name in ("rounds", "threads", "quick", "load", "tries")}
    results: dict[str, Any] = {"cases": cases, "settings": settings, "machine": machine(), "date": str(date.today())}
    results["command"] = f"--rounds {options.rounds} --threads {' '.join(map(str, options.threads))} --out docs"
    results["command"] += " --ducc0" * options.ducc0 + " --quick" * options.quick
    results |= {"samples": [], "failures": {}, "versions": {}, "quality": {case: {} for case in cases}, "places": {}}
    field = entrants(options.only, ready, results)
    folder = options.envs / "data"
    quality(field, folder, results)
    places(field, folder, results)
    speeds(field, folder, results)
    fit(field, folder, results)
    return results


def entrants(words: list[str] | None, ready: dict[str, Ready], results: dict[str, Any]) -> dict[Contender, str]:
    """Contenders with their interpreters; what could not be installed is noted."""
    field = {}
    for contender in CONTENDERS:
        wanted = contender.environment in ready and (not words or any(word in contender.label for word in words))
        if wanted and (failure := ready[contender.environment].failure):
            results["failures"][contender.label] = f"not installed: {failure}"
        elif wanted:
            field[contender] = ready[contender.environment].python
    return field


def machine() -> dict[str, Any]:
    return {
        "cpu": processor(),
        "cores": race.CORES,
        "memory": round(psutil.virtual_memory().total / 2**30),
        "system": system(),
        "python": platform.python_version(),
    }


def system() -> str:
    """The system's name and version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()


def processor() -> str:
    """The processor as the system calls it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        facts = [line.partition(":") for line in information.read_text(encoding="utf-8").splitlines()]
        found = {key.strip(): value.strip() for key, _, value in facts}
        if "model name" in found:
            numbers = [f"{key.removeprefix('cpu ')} {found[key]}" for key in ("cpu family", "model") if key in found]
            return f"{found['model name']} ({', '.join(numbers)})"
    return platform.processor() or platform.machine()


def publish(results: dict[str, Any], kept: Path, out: Path | None, plots: Ready) -> None:
    """The page, in a folder with its pictures or on the screen."""
    text = page.write(results)
    if out is None:
        print(text)
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / "performance.md").write_text(text, encoding="utf-8")
    if plots.failure:
        print(f"no pictures, matplotlib was not installed: {plots.failure}")
        return
    subprocess.run([plots.python, str(Path(__file__).parent / "plots.py"), str(kept), str(out)], check=True)
    print(f"wrote {out / 'performance.md'} and two pictures; the figures are in {kept}")


if __name__ == "__main__":
    main()
