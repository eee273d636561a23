"""One month from Azurite, and into a hub there, as ratios to the same ingest from a local folder.

    python benchmarks/bench_stores.py --rows 1000000

Azurite is installed by scripts/install-azurite.sh and listens on loopback; every ingest begins with
an empty cache. Azurite is a JavaScript server on the same cores: its CPU seconds are not counted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from generate import write_exports
from measure import MB, Process, against, in_turn, run_process, table, under

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "stores"))
from servers import azurite


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pertoken-bench-") as name:
        folder = Path(name)
        exports = folder / "exports"
        write_exports(exports, rows=options.rows)
        with azurite(folder / "azurite") as server:
            for bucket in ("bills", "hubs"):
                server.make_bucket(bucket)
            server.upload(exports, "bills")
            os.environ.update(server.environment, PERTOKEN_CACHE=str(folder / "cache"))
            size = sum(path.stat().st_size for path in exports.rglob("*.csv")) / MB
            print(figures(folder, options, size))


def figures(folder: Path, options: argparse.Namespace, size: float) -> str:
    """The table: the ingest from Azurite, its memory, and the same into a hub in Azurite."""
    made = iter(range(1_000_000))

    def ingest(source: str, hub: str) -> Process:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        command = [
            sys.executable,
            "-m",
            "pertoken",
            "ingest",
            source,
            "--hub",
            f"{hub}{next(made)}",
        ]
        return run_process(command)

    local, stored, hub = in_turn(
        options.times,
        lambda: ingest(str(folder / "exports"), str(folder / "hub-")),
        lambda: ingest("az://bills", str(folder / "hub-")),
        lambda: ingest(str(folder / "exports"), "az://hubs/hub-"),
    )
    return table(
        [
            *against(f"{options.rows:,} x 96 from Azurite, {size:,.0f} MB", stored, local, 1.5),
            under("its peak memory", stored.peak / MB, 1536, "MB", f"{local.peak / MB:.0f} MB"),
            *against("the same folder into a hub in Azurite", hub, local, 1.5),
        ]
    )


if __name__ == "__main__":
    main()
