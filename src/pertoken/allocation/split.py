"""The split: what each meter costs on a day, to the deployments and callers that caused it.

Relation in, relation out, in whole units of 10^-18 of a currency, so that the parts of every bill
row are that row to the last decimal. A share is measured tokens over billed tokens of the kind;
what nobody measured stays, with its reason. Each stage is held as an Arrow table, for the stages
after it read it several times.

Source: docs/allocation.md; docs/decisions/0030-split-in-whole-units.md.
"""

from __future__ import annotations

from collections import defaultdict
from string import Template
from typing import TYPE_CHECKING

from pertoken.allocation.deployments import CAPACITY, Home, homes
from pertoken.engine import quoted, sql_file
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pertoken.allocation.deployments import Daily
    from pertoken.engine import Engine

BILL_COLUMNS = (
    "Bill", "BillingMonth", "ChargeDate", "BillingCurrency", "ResourceId", "ResourceName",
    "x_MeterKey", "x_TagsKey", "SubAccountId", "SubAccountName", "x_ResourceGroupName",
    "BillingAccountId", "x_ScopeKey", "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus",
    "RegionId", "Model", "Sku", "MeterUse", "Kind", "UnitHours", "Offering", "CostUnits",
    "TokenCostUnits", "QuantityUnits", "Tokens",
)  # fmt: skip
"""The columns that every bill has; others are columns of the charges that were asked for."""
USAGE_DIMENSIONS = (
    "Team", "Application", "Feature", "Customer", "Environment", "Product", "Client",
)  # fmt: skip
"""What a call can say of its caller."""


def view_split(
    engine: Engine, *, pooled: bool = False, costs: str = "token_costs", more: Sequence[str] = ()
) -> None:
    """Name what the bill is split into `caller_costs`, and what lies on the way to it.

    Takes:   an engine in which `token_costs`, `meters` and `usage` are named; pooled, whether
             capacity that shares a reservation pays one rate; costs, a relation in the place
             of `token_costs`; more, further columns of it that the bill is told apart by.
    Gives:   `bill` (one row per day, meter, resource and tags), `deployment_costs` (per bill row
             and deployment), `caller_costs` (per bill row, deployment and caller).
    Keeps:   the cost, token cost and tokens of every bill row, or of every pool.
    """
    _view_bill(engine, costs, more, pooled=pooled)
    view_used_days(engine)
    view_homes(engine)
    _hold(engine, "shares")
    _hold(engine, "deployment_costs")
    _hold(engine, "caller_costs")


def view_used_days(engine: Engine) -> None:
    """Name what was used by day: `deployment_days` of each deployment, `callers` of each caller.

    Takes:   an engine in which `usage` is named. Tokens only; no bill is needed.
    """
    _hold(engine, "used_days")
    _hold(engine, "deployment_days")
    engine.view("callers", "SELECT * FROM used_days WHERE Grain = 'caller'")


def view_parts(
    engine: Engine,
    *,
    by_usage: bool,
    pooled: bool = False,
    costs: str = "token_costs",
    more: Sequence[str] = (),
) -> None:
    """Name the parts of the bill `parts`: split by usage, or as billed where none is known.

    Takes:   pooled, costs and more, as `view_split`.
    Gives:   the columns of `bill`, Deployment, the dimensions of callers, IsSeen, Reason and
             CostUnits, TokenCostUnits, QuantityUnits; split parts have IdleUnits too.
    Raises:  ConfigError where capacity is to be pooled that states no unit hours.
    """
    if by_usage:
        view_split(engine, pooled=pooled, costs=costs, more=more)
        _hold(engine, "reasons")
        engine.view("parts", "SELECT * FROM reasons")
        return
    _view_bill(engine, costs, more, pooled=pooled)
    empty = ", ".join(
        f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in ("Deployment", *USAGE_DIMENSIONS)
    )
    engine.view(
        "parts",
        f"SELECT * EXCLUDE (UnitHours), {empty}, false AS IsSeen, false AS IsEstimated, "
        "false AS IsAssumed, false AS IsScaled, "
        "CASE WHEN Offering IS NULL THEN Kind ELSE 'NoTelemetry' END AS Reason "
        "FROM bill",
    )


def view_homes(engine: Engine) -> None:
    """Name the offerings that each deployment is billed by `deployment_homes`."""
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    found = list(_homes(engine))
    columns = {
        "BillingMonth": pa.array([home.month for home in found], pa.string()),
        "ResourceName": pa.array([home.resource for home in found], pa.string()),
        "Deployment": pa.array([home.deployment for home in found], pa.string()),
        "Offering": pa.array([home.offering for home in found], pa.string()),
        "IsProven": pa.array([home.is_proven for home in found], pa.bool_()),
    }
    engine.view_arrow("deployment_homes", pa.table(columns))


def _homes(engine: Engine) -> Iterable[Home]:
    offerings = _offerings(engine)
    provisioned, deployments = _deployments(engine)
    capacity = {key[:2] for key in offerings if key[2] == CAPACITY}
    for month, resource, deployment in sorted(provisioned):
        if (month, resource) in capacity:
            yield Home(month, resource, deployment, CAPACITY, is_proven=True)
    for (month, resource, model), daily in sorted(deployments.items()):
        left = {
            name: days for name, days in daily.items() if (month, resource, name) not in provisioned
        }
        fitting = offerings.get((month, resource, model), {})
        has_capacity = (month, resource) in capacity
        yield from homes(month, resource, left, fitting, has_capacity=has_capacity)


def _offerings(engine: Engine) -> dict[tuple[str, str, str], dict[str, Daily]]:
    """Billed input and output tokens by day of each offering, by month, resource and model."""
    rows = engine.rows(
        "SELECT strftime(ChargeDate, '%Y-%m') AS BillingMonth, ResourceName, "
        "CASE WHEN Kind = 'Capacity' THEN 'Capacity' ELSE Model END AS Model, Offering, "
        "ChargeDate, CAST(sum(CASE WHEN Kind <> 'Output' THEN Tokens ELSE 0 END) AS BIGINT), "
        "CAST(sum(CASE WHEN Kind = 'Output' THEN Tokens ELSE 0 END) AS BIGINT) "
        "FROM bill WHERE Offering IS NOT NULL AND ResourceName IS NOT NULL "
        "GROUP BY ChargeDate, ResourceName, CASE WHEN Kind = 'Capacity' THEN 'Capacity' "
        "ELSE Model END, Offering"
    )
    found: dict[tuple[str, str, str], dict[str, Daily]] = defaultdict(dict)
    for month, resource, model, offering, day, into, out in rows:
        found[month, resource, model].setdefault(offering, {})[day] = (into, out)
    return found


def _deployments(
    engine: Engine,
) -> tuple[set[tuple[str, str, str]], dict[tuple[str, str, str], dict[str, Daily]]]:
    """Deployments that state a utilisation, and measured tokens by day of every deployment."""
    rows = engine.rows(
        "SELECT strftime(ChargeDate, '%Y-%m') AS BillingMonth, ResourceName, Model, Deployment, "
        "ChargeDate, Prompt, Output, Utilisation FROM deployment_days"
    )
    provisioned: set[tuple[str, str, str]] = set()
    found: dict[tuple[str, str, str], dict[str, Daily]] = defaultdict(dict)
    for month, resource, model, deployment, day, into, out, utilisation in rows:
        found[month, resource, model].setdefault(deployment, {})[day] = (into, out)
        if utilisation is not None:
            provisioned.add((month, resource, deployment))
    return provisioned, found


def _view_bill(engine: Engine, costs: str, more: Sequence[str], *, pooled: bool) -> None:
    """Name the bill `bill`, as billed or with shared reservations at a pooled rate."""
    names = [quoted(name) for name in more]
    select = Template(sql_file("pertoken.allocation", "bill")).substitute(
        costs=quoted(costs),
        more="".join(f"\n        token_costs.{name} AS {name}," for name in names),
        more_keys="".join(f", token_costs.{name}" for name in names),
        more_order="".join(f", {name}" for name in names),
    )
    engine.view_arrow("bill", engine.arrow(select))
    if not pooled:
        return
    unknown = engine.rows(
        "SELECT ChargeDate, ResourceName FROM bill WHERE Kind = 'Capacity' AND UnitHours IS NULL "
        "ORDER BY ChargeDate, ResourceName LIMIT 1"
    )
    if unknown:
        day, resource = unknown[0]
        raise ConfigError(
            f"Capacity of {resource} on {day} states no unit hours, so it has no pooled rate.",
            "Expected unit hours of all used capacity: a pool's cost is divided by them.",
            "Take reservations as billed, or see the charges: `pertoken data set-aside`.",
        )
    engine.view_arrow("bill", engine.arrow(sql_file("pertoken.allocation", "pooled")))


def _hold(engine: Engine, name: str) -> None:
    """Name the answer of a query of this room, computed once."""
    engine.view(f"{name}_select", sql_file("pertoken.allocation", name))
    engine.view_arrow(name, engine.arrow(f"SELECT * FROM {quoted(name + '_select')}"))
