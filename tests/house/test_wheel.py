"""The wheel, installed elsewhere, gives the same demo."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_installed_elsewhere_gives_the_same_demo(tmp_path: Path) -> None:
    """Its requirements are those of this environment, put on the path: no registry is needed."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(
        name.endswith("demo/northwind/costexports/prices-ea") or "/northwind/" in name
        for name in names
    )
    assert "pertoken/py.typed" in names
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True
    )
    [site] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # Everything but pertoken itself comes from the environment that runs the tests.
    (site / "others.pth").write_text(
        next(path for path in sys.path if path.endswith("site-packages"))
    )
    outputs = []
    for interpreter, place in ((python, "wheel"), (Path(sys.executable), "source")):
        done = subprocess.run(
            [
                interpreter,
                "-m",
                "pertoken",
                "demo",
                "--no-serve",
                "-f",
                "csv",
                "--hub",
                tmp_path / place,
            ],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    where = subprocess.run(
        [python, "-c", "import pertoken; print(pertoken.__file__)"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert str(tmp_path) in where.stdout
