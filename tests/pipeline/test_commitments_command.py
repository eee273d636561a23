"""`pertoken commitments`: what was bought is what was used, went unused, or is left."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

from pertoken.pipeline.commitments import CHECKS, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer

    Cli = Callable[..., Answer]

ID = "/providers/microsoft.capacity/reservationorders/o1/reservations/r1"


def committed(month: str, effective: str, status: str = "Used", **changes: object) -> dict:
    """Hours of provisioned throughput that a reservation covers, or leaves unused."""
    values = {
        "CommitmentDiscountId": ID, "CommitmentDiscountName": "PTU", "BilledCost": "0",
        "CommitmentDiscountType": "Reservation", "CommitmentDiscountStatus": status,
        "EffectiveCost": effective, "PricingCategory": "Committed", "PricingQuantity": "10",
        "SkuMeter": "Provisioned Managed Global Unit", "PricingUnit": "1 Hour",
    }  # fmt: skip
    return charge(month=month, **(values | changes))


def bought(month: str, cost: str) -> dict:
    """The purchase of the same reservation."""
    changes = {"BilledCost": cost, "ChargeCategory": "Purchase", "PricingQuantity": "1"}
    return committed(month, "0", None, **changes)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A reservation of 300 over three months, one of them half unused."""
    months = {
        "2026-01": [bought("2026-01", "300"), committed("2026-01", "100")],
        "2026-02": [committed("2026-02", "50"), committed("2026-02", "50", "Unused")],
        "2026-03": [committed("2026-03", "100.000000000000000001")],
    }
    months["2026-03"] += [committed("2026-03", "-0.000000000000000001", day=2)]
    for month, rows in months.items():
        write_export(
            tmp_path / "in", rows, month=month, version="1.2", submitted="2026-04-02T06:00:00Z"
        )
    return tmp_path / "in"


def test_use_and_unused_sum_to_the_purchase_to_the_last_decimal(cli: Cli, source: Path) -> None:
    cli("ingest", source)
    answer = cli("commitments")
    assert answer.code == 0
    assert list(answer.rows[0]) == list(COLUMNS)
    total = {
        name: sum(Decimal(row[name]) for row in answer.rows)
        for name in ("PurchasedCost", "UsedCost", "UnusedCost")
    }
    assert total == {"PurchasedCost": 300, "UsedCost": 250, "UnusedCost": 50}
    shown = [(Decimal(row["BalanceCost"]), row["Check"], row["Utilisation"]) for row in answer.rows]
    assert [(balance, check) for balance, check, _ in shown] == [
        (200, "prepaid"), (100, "prepaid"), (0, "amortised"),
    ]  # fmt: skip
    assert [Decimal(share) for _, _, share in shown] == [1, Decimal("0.5"), 1]


def test_more_than_was_bought_is_a_finding(cli: Cli, tmp_path: Path) -> None:
    rows = [bought("2026-01", "10"), committed("2026-01", "12.5")]
    write_export(tmp_path / "in", rows, version="1.2")
    cli("ingest", tmp_path / "in")
    answer = cli("commitments")
    assert (answer.code, answer.rows[0]["Check"]) == (2, "ahead")
    assert (
        "PTU: 2.5 USD more became effective until 2026-01 than is known to be bought." in answer.err
    )


def test_a_hub_without_commitments_has_no_row(cli: Cli, tmp_path: Path) -> None:
    write_export(tmp_path / "in", [charge()])
    cli("ingest", tmp_path / "in")
    assert (cli("commitments").code, cli("commitments").rows) == (0, [])


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_in_the_reference(check: str) -> None:
    from pathlib import Path  # noqa: PLC0415

    reference = (Path(__file__).parents[2] / "docs" / "reference.md").read_text("utf-8")
    assert f"| {check} |" in reference
