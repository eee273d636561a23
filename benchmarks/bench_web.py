"""The page: server start, page to data, API latency at 100k mart rows with 20 clients.

    .venv/bin/python benchmarks/bench_web.py

Prints one JSON object. The hub is the bundled tenant's with its daily mart repeated eight times
under other resources; the claim is for questions as a dashboard repeats them (`warm`), and `cold`
says what a question costs that nobody asked before.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import pertoken
from pertoken.cli.ingestion import demo_exports
from pertoken.engine import local_engine
from pertoken.hub import Hub

if TYPE_CHECKING:
    from playwright.sync_api import Page

CLIENTS, SECONDS, REPEATS = 20, 8.0, 8
PERIOD = "from=2026-09&to=2026-10&currency=USD"
BYS = (
    "x_ModelId",
    "ResourceName",
    "x_ModelFamily,x_TokenDirection",
    "ChargeDate,x_ModelFamily",
    "x_SkuMeterCategory,x_SkuMeterSubcategory,SkuMeter",
    "x_ResourceGroupName,x_ModelId",
)
ROWS = (
    "/unit-costs?from=2026-07&to=2026-10&currency=USD&matrix_levels=9"
    "&by=ResourceId,SkuMeter,BillingMonth"
)
FRAMES = 240
SCROLL = """frames => new Promise(done => {
  const box = document.querySelector('.grid');
  const took = [];
  let last = performance.now();
  const step = now => {
    took.push(now - last);
    last = now;
    box.scrollTop += 60;
    if (took.length > frames) done(took.slice(1));
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
VIEWS = [
    "/api/hub",
    "/api/periods",
    "/api/runs",
    "/api/meters",
    "/api/trust-card",
    f"/api/overview?{PERIOD}",
    *(f"/api/matrix?{PERIOD}&by={by}" for by in BYS),
    *(f"/api/hierarchy?{PERIOD}&by={by}&compare=previous" for by in BYS),
    f"/api/charges?{PERIOD}&where=x_ModelId%3Dgpt-4.1",
]


def large_hub(folder: Path) -> int:
    """A hub whose mart has more than 100k rows; gives its rows."""
    pertoken.open(folder).ingest(demo_exports())
    engine = local_engine()
    snapshot = Hub(folder).snapshot(engine)
    rows = 0
    for number, path in enumerate(snapshot.files("token_costs")):
        engine.view_parquet(f"part_{number}", [path])
        target = folder / "large.parquet"
        rows += engine.write_parquet(
            f"SELECT part.* REPLACE (concat(ResourceId, '/', n) AS ResourceId) "
            f"FROM part_{number} AS part CROSS JOIN range({REPEATS}) AS copies(n)",
            target,
        )
        target.replace(path)
    engine.close()
    return rows


def started(hub: Path) -> tuple[subprocess.Popen[str], str, float]:
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pertoken", "serve", "--hub", str(hub), "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    address = process.stdout.readline().strip() if process.stdout else ""
    return process, address, time.perf_counter() - begin


async def latencies(address: str, urls: list[str], *, seconds: float) -> list[float]:
    """The latency of every answer to 20 clients, each asking one question after another."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def client(first: int) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as http:
            at = first
            while time.perf_counter() < until:
                begin = time.perf_counter()
                answer = await http.get(urls[at % len(urls)])
                answer.raise_for_status()
                took.append(time.perf_counter() - begin)
                at += 7
                await asyncio.sleep(0.2)

    await asyncio.gather(*(client(number * 3) for number in range(CLIENTS)))
    return took


def percentile(values: list[float], share: float) -> float:
    return round(sorted(values)[int(len(values) * share)] * 1000, 1)


def scrolling(tab: Page, address: str) -> dict[str, float]:
    """Frames of an open matrix that is scrolled by 60 pixels in each."""
    tab.goto(f"{address}{ROWS}")
    grid = tab.get_by_role("treegrid")
    grid.wait_for()
    tab.wait_for_load_state("networkidle")
    took = tab.evaluate(SCROLL, FRAMES)
    return {
        "open_rows": int(grid.get_attribute("aria-rowcount") or 0),
        "frames": len(took),
        "frames_over_25_ms": sum(each > 25 for each in took),
    }


def page(address: str) -> dict[str, float]:
    """Seconds and bytes until the overview shows its figures, in a fresh browser context."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra of the tests

    path = shutil.which("chromium")
    if path is None:
        return {}
    times, sizes = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for _ in range(5):
            tab = browser.new_context().new_page()
            session = tab.context.new_cdp_session(tab)
            session.send("Network.enable")
            received: list[float] = []
            session.on(
                "Network.loadingFinished",
                lambda event, into=received: into.append(event["encodedDataLength"]),
            )
            begin = time.perf_counter()
            tab.goto(address)
            tab.wait_for_selector('[data-figure="cost"] .value')
            times.append(time.perf_counter() - begin)
            tab.wait_for_load_state("networkidle")
            sizes.append(sum(received))
            tab.context.close()
        scrolled = scrolling(browser.new_context().new_page(), address)
        browser.close()
    return {
        **scrolled,
        "page_to_data_median_s": round(sorted(times)[2], 3),
        "page_to_data_worst_s": round(max(times), 3),
        "page_kb": round(max(sizes) / 1000),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        hub = Path(name) / "hub"
        rows = large_hub(hub)
        starts = []
        for _ in range(3):
            process, address, took = started(hub)
            starts.append(took)
            process.terminate()
            process.wait()
        process, address, _ = started(hub)
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
                cold = []
                for url in VIEWS:
                    begin = time.perf_counter()
                    http.get(url).raise_for_status()
                    cold.append(time.perf_counter() - begin)
            warm = asyncio.run(latencies(address, VIEWS, seconds=SECONDS))
            figures = page(address)
        finally:
            process.terminate()
            process.wait()
    print(
        json.dumps({
            "mart_rows": rows, "cpus": os.cpu_count(), "load": os.getloadavg()[0],
            "start_median_s": round(sorted(starts)[1], 2),
            "cold_one_client_median_ms": percentile(cold, 0.5),
            "cold_one_client_worst_ms": round(max(cold) * 1000, 1),
            "cold_worst": VIEWS[cold.index(max(cold))],
            "warm_clients": CLIENTS, "warm_answers": len(warm),
            "warm_p50_ms": percentile(warm, 0.5), "warm_p95_ms": percentile(warm, 0.95),
            **figures,
        }, indent=1)
    )  # fmt: skip


if __name__ == "__main__":
    main()
