"""A session keeps to its memory, however many files one query reads."""

from pathlib import Path

from pertoken.engine import local_engine


def test_a_query_over_many_csv_files_needs_no_memory_for_each(tmp_path: Path) -> None:
    engine = local_engine(memory_limit="300MB", threads=2)
    names = [f"part_{index}" for index in range(3)]
    for index, name in enumerate(names):
        rows = (f"{row},{row + index}" for row in range(50_000))
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(["Row,Value", *rows]), encoding="utf-8")
        engine.view_csv(name, [str(path)])

    joined = " JOIN ".join([names[0], *(f"{name} USING (Row)" for name in names[1:])])
    answer = engine.rows(f"SELECT count(*) FROM {joined}")

    assert answer == [(50_000,)]


def test_a_cell_of_fifteen_mebibytes_is_read(tmp_path: Path) -> None:
    path, cell = tmp_path / "long.csv", "x" * (15 << 20)
    path.write_text(f"Row,Value\n1,{cell}\n", encoding="utf-8")
    engine = local_engine()
    engine.view_csv("long", [str(path)])

    answer = engine.rows("SELECT length(Value) FROM long")

    assert answer == [(15 << 20,)]
