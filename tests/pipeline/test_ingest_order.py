"""Decisions and charges are a function of the runs known, not of the order in which they came."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest
from builders import ACCOUNT, SUBSCRIPTION, charge, edit_manifest, parts_of, write_export

from pertoken.api import Hub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer

ELSEWHERE = "/subscriptions/99999999-0000-0000-0000-000000000009"
EXPECTED = {
    "jan to date": "superseded", "jan": "superseded", "jan again": "applied",
    "jan copy": "duplicate", "jan subscription": "overlapping", "jan spoilt": "refused",
    "feb": "superseded", "feb cleared": "empty", "feb subscription": "applied",
    "mar": "applied", "mar some days empty": "empty",
    "apr": "applied", "apr subscription": "overlapping",
    "may": "superseded", "may wider": "applied", "may subscription": "overlapping",
    "jun": "applied", "jun subscription": "applied",
}  # fmt: skip
COSTS = [
    ("2026-01", ACCOUNT, "0.005"),
    ("2026-02", SUBSCRIPTION, "0.01"),
    ("2026-03", ACCOUNT, "0.0125"),
    ("2026-04", ACCOUNT, "0.015"),
    ("2026-05", ACCOUNT, "0.0225"),
    ("2026-06", ACCOUNT, "0.025"),
    ("2026-06", SUBSCRIPTION, "0.0275"),
]


def write_tenant(folder: Path) -> dict[str, Path]:
    """Eighteen runs, each below a folder of its own; run ids are their names."""

    def run(run_id: str, month: str, submitted: str, *tokens: int, **options: object) -> Path:
        sub_account = options.pop("sub_account", SUBSCRIPTION)
        rows = [charge(month=month, tokens=each, SubAccountId=sub_account) for each in tokens]
        return write_export(
            folder / run_id, rows, month=month, submitted=f"{submitted}T06:00:00Z", run_id=run_id,
            **options,  # type: ignore[arg-type]
        )  # fmt: skip

    narrow = {"scope": SUBSCRIPTION, "version": "1.2", "file_format": "parquet"}
    elsewhere = {"sub_account": ELSEWHERE}
    runs = {
        "jan to date": run("jan to date", "2026-01", "2026-01-11", 500, end="2026-01-10"),
        "jan": run("jan", "2026-01", "2026-02-02", 1000),
        "jan again": run("jan again", "2026-01", "2026-02-05", 1500, 500),
        "jan copy": run("jan copy", "2026-01", "2026-02-06", 1500, 500, name="weekly"),
        "jan subscription": run("jan subscription", "2026-01", "2026-02-09", 1000, **narrow),
        "jan spoilt": run("jan spoilt", "2026-01", "2026-02-11", 9000),
        "feb": run("feb", "2026-02", "2026-03-02", 3000),
        "feb cleared": run("feb cleared", "2026-02", "2026-03-05"),
        "feb subscription": run("feb subscription", "2026-02", "2026-03-03", 4000, **narrow),
        "mar": run("mar", "2026-03", "2026-04-02", 5000, version="1.2", file_format="parquet"),
        "mar some days empty": run(
            "mar some days empty", "2026-03", "2026-04-05", end="2026-03-05"
        ),
        "apr subscription": run("apr subscription", "2026-04", "2026-05-02", 5500, **narrow),
        "apr": run("apr", "2026-04", "2026-05-03", 6000),
        "may": run("may", "2026-05", "2026-06-02", 7000, **elsewhere),
        "may subscription": run("may subscription", "2026-05", "2026-06-03", 8000, **narrow),
        "may wider": run("may wider", "2026-05", "2026-06-05", 9000),
        "jun": run("jun", "2026-06", "2026-07-02", 10_000, **elsewhere),
        "jun subscription": run("jun subscription", "2026-06", "2026-07-02", 11_000, **narrow),
    }
    parts_of(runs["jan spoilt"])[0].unlink()
    return runs


def decisions(hub: Path) -> dict[str, tuple[object, object]]:
    """RunId -> status and reason."""
    return {str(run["RunId"]): (run["Status"], run["Reason"]) for run in Hub(hub).runs().to_dicts()}


def costs(hub: Path) -> list[tuple[str, str, str]]:
    """Month, scope and EffectiveCost of every period."""
    return [
        (str(row["BillingMonth"]), str(row["Scope"]), f"{row['EffectiveCost']:f}".rstrip("0"))
        for row in Hub(hub).periods().to_dicts()
    ]


def charges(hub: Path) -> list[dict[str, object]]:
    """The charges themselves, as a matrix of all of them and of AI charges from the mart."""
    by = ["BillingMonth", "SubAccountId", "ChargeDate"]
    return [
        *Hub(hub).matrix([*by, "x_RunId"], all_charges=True).to_dicts(),
        *Hub(hub).matrix(by).to_dicts(),
    ]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The runs, and a hub that was given all of them at once."""
    folder = tmp_path_factory.mktemp("tenant")
    runs = write_tenant(folder / "exports")
    Hub(folder / "hub").ingest(folder / "exports")
    return folder, runs


def test_runs_handed_over_together_are_decided_as_they_should_be(
    tenant: tuple[Path, dict[str, Path]],
) -> None:
    folder, _ = tenant
    found = {run: status for run, (status, _) in decisions(folder / "hub").items()}
    assert found == EXPECTED
    assert costs(folder / "hub") == COSTS


def assert_any_order(tenant: tuple[Path, dict[str, Path]], hub: Path, seed: int) -> None:
    """Hand the runs over in a random order and in random batches, some of them twice."""
    folder, runs = tenant
    chance = random.Random(seed)  # noqa: S311 - orders, no secrets
    names = [*runs, *chance.sample(sorted(runs), 3)]
    chance.shuffle(names)
    while names:
        size = chance.randint(1, 7)
        batch, names = names[:size], names[size:]
        Hub(hub).ingest(*(runs[name] for name in batch))
    assert decisions(hub) == decisions(folder / "hub")
    assert costs(hub) == COSTS
    assert charges(hub) == charges(folder / "hub")


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_batches_give_the_same_hub(
    tmp_path: Path, tenant: tuple[Path, dict[str, Path]], seed: int
) -> None:
    assert_any_order(tenant, tmp_path / "hub", seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_forty_more_orders_give_the_same_hub(
    tmp_path: Path, tenant: tuple[Path, dict[str, Path]], seed: int
) -> None:
    assert_any_order(tenant, tmp_path / "hub", seed)


def test_one_run_at_a_time_from_the_last_to_the_first_gives_the_same_hub(
    tmp_path: Path, tenant: tuple[Path, dict[str, Path]]
) -> None:
    folder, runs = tenant
    for run in reversed(runs.values()):
        Hub(tmp_path / "hub").ingest(run)
    assert decisions(tmp_path / "hub") == decisions(folder / "hub")
    assert charges(tmp_path / "hub") == charges(folder / "hub")


def test_the_same_tenant_again_commits_nothing(
    tmp_path: Path, tenant: tuple[Path, dict[str, Path]]
) -> None:
    folder, _ = tenant
    Hub(tmp_path / "hub").ingest(folder / "exports")
    assert Hub(tmp_path / "hub").ingest(folder / "exports").report.commit_id == ""


@pytest.fixture
def forgotten(tmp_path: Path, cli: Callable[..., Answer]) -> Path:
    """A subscription's run that lies inside an account's, so that its charges are not held."""
    inner = write_export(tmp_path / "inner", [charge(tokens=4000)], scope=SUBSCRIPTION)
    write_export(tmp_path / "outer", [charge(tokens=9000)])
    answer = cli("ingest", tmp_path / "inner", tmp_path / "outer")
    assert sorted(row["Status"] for row in answer.rows) == ["applied", "overlapping"]
    return inner


def clear_the_outer(tmp_path: Path, cli: Callable[..., Answer]) -> Answer:
    """Restate the account's month to nothing: now the subscription's run stands alone."""
    write_export(tmp_path / "cleared", [], submitted="2026-02-20T06:00:00Z")
    return cli("ingest", tmp_path / "cleared")


def test_a_run_that_stands_again_is_read_from_where_it_was(
    tmp_path: Path, cli: Callable[..., Answer], forgotten: Path
) -> None:
    assert forgotten.exists()
    assert clear_the_outer(tmp_path, cli).code == 0
    assert [row["EffectiveCost"] for row in cli("periods").rows] == ["0.01"]


def gone(run: Path) -> None:
    shutil.rmtree(run)


def without_its_part(run: Path) -> None:
    parts_of(run)[0].unlink()


def with_other_bytes_of_equal_size(run: Path) -> None:
    part = parts_of(run)[0]
    part.write_bytes(part.read_bytes().replace(b"4000", b"5000"))


def with_another_manifest(run: Path) -> None:
    edit_manifest(run, lambda manifest: manifest.update(dataRowCount=2))


@pytest.mark.parametrize(
    "lose",
    [gone, without_its_part, with_other_bytes_of_equal_size, with_another_manifest],
    ids=lambda lose: lose.__name__,
)
def test_a_run_that_stands_again_without_its_files_is_refused_until_it_is_handed_over(
    tmp_path: Path, cli: Callable[..., Answer], forgotten: Path, lose: Callable[[Path], None]
) -> None:
    shutil.copytree(forgotten, tmp_path / "kept")
    lose(forgotten)
    clear_the_outer(tmp_path, cli)
    inner = next(row for row in cli("runs").rows if row["Scope"] == SUBSCRIPTION)
    assert inner["Status"] == "refused"
    assert "stands for its month again, but its files are gone or changed" in inner["Reason"]
    assert "hand the run over again" in inner["Reason"]
    answer = cli("ingest", tmp_path / "kept")
    assert (answer.code, answer.rows[0]["Status"]) == (0, "applied")
    assert [row["EffectiveCost"] for row in cli("periods").rows] == ["0.01"]


def test_a_broken_copy_handed_over_with_the_run_that_clears_the_month_is_refused(
    tmp_path: Path, cli: Callable[..., Answer], forgotten: Path
) -> None:
    """Its manifest is known, so it is not read; that its part is gone is seen when it is needed."""
    without_its_part(forgotten)
    write_export(tmp_path / "cleared", [], submitted="2026-02-20T06:00:00Z")
    answer = cli("ingest", tmp_path / "cleared", forgotten)
    assert (answer.code, sorted(row["Status"] for row in answer.rows)) == (2, ["empty", "refused"])
