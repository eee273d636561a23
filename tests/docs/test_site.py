"""The documentation as a site: it builds, every page has a place, no reader is sent elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]
PAGES = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}


def _places(nav: list[dict[str, object]]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for target in entry.values():
            found += _places(target) if isinstance(target, list) else [str(target)]
    return found


def test_every_page_has_one_place_in_the_navigation() -> None:
    places = _places(CONFIG["nav"])
    assert sorted(places) == sorted(PAGES)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    zensical = shutil.which("zensical") or str(ROOT / ".venv" / "bin" / "zensical")
    if not Path(zensical).exists():
        pytest.skip("the group docs is not installed")
    work = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", work / "docs")
    shutil.copy(ROOT / "zensical.toml", work)
    done = subprocess.run(
        [zensical, "build", "--strict"], cwd=work, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return work / "site"


def test_the_site_asks_no_other_host_for_anything(site: Path) -> None:
    asked = {
        address
        for page in site.rglob("*.html")
        for address in re.findall(
            r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(https?://[^"]+)',
            page.read_text("utf-8"),
        )
    }
    assert asked == set()
