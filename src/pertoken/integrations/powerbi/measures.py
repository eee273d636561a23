"""The measures, in DAX.

A cost is BLANK where the rows in sight hold more than one BillingCurrency: costs in several are
never added. A unit cost is always the quotient of the sums, of usage with proven tokens only.
Source: docs/reference.md, "Columns of ours"; docs/decisions/0005-which-charges-count.md.
"""

from __future__ import annotations

from pertoken.integrations.powerbi.model import FINE_MONEY, MONEY, SHARE, WHOLE, Measure, dax_name
from pertoken.integrations.powerbi.star import ATTRIBUTED, BUDGETS, COSTS, UNATTRIBUTED_KEY

_TOKENS = 'KEEPFILTERS(Meters[Unit] = "Tokens")'
_RULE = "BLANK over several currencies."
UNIT_COST = "Unit cost per million tokens"
TEAM_UNIT_COST = "Attributed unit cost per million tokens"


def _sum(table: str, column: str, *filters: str) -> str:
    total = f"SUM({dax_name(table, column)})"
    return f"CALCULATE({', '.join((total, *filters))})" if filters else total


def _cost(table: str, column: str, *filters: str) -> str:
    """The sum of a cost in one currency, else BLANK."""
    currency = dax_name(table, "BillingCurrency")
    return f"IF(HASONEVALUE({currency}), {_sum(table, column, *filters)})"


def _where(table: str, column: str, value: str) -> str:
    return f'KEEPFILTERS({dax_name(table, column)} = "{value}")'


def _per_million(cost: str, tokens: str) -> str:
    return f"DIVIDE([{cost}] * 1000000, [{tokens}])"


def _before(measure: str, table: str) -> str:
    """A measure one month earlier, of the currency in sight only."""
    currency = dax_name(table, "BillingCurrency")
    return (
        f"VAR OneCurrency = SELECTEDVALUE({currency})\n"
        "RETURN IF(NOT ISBLANK(OneCurrency), CALCULATE("
        f"[{measure}], DATEADD(Dates[Date], -1, MONTH), KEEPFILTERS({currency} = OneCurrency)))"
    )


def _change(measure: str, before: str) -> str:
    return (
        f"VAR InSight = [{measure}]\nVAR MonthBefore = [{before}]\n"
        "RETURN IF(NOT ISBLANK(InSight) && NOT ISBLANK(MonthBefore), "
        "DIVIDE(InSight - MonthBefore, MonthBefore))"
    )


def _priced() -> str:
    """A condition on rows of the mart: usage whose list cost is known of all its charges."""
    list_cost, status = dax_name(COSTS, "ListCost"), dax_name(COSTS, "CommitmentDiscountStatus")
    priced, units = dax_name(COSTS, "x_ListQuantity"), dax_name(COSTS, "x_UnitQuantity")
    return (
        f'{dax_name(COSTS, "ChargeCategory")} = "Usage" && NOT ISBLANK({list_cost}) && '
        f'({status} = "Unused" || NOT ISBLANK({units}) && {priced} = {units})'
    )


def _sum_of_rows(condition: str, value: str) -> str:
    currency = dax_name(COSTS, "BillingCurrency")
    rows = f"FILTER({dax_name(COSTS)}, {condition})"
    return f"IF(HASONEVALUE({currency}), SUMX({rows}, {value}))"


def cost_measures() -> tuple[Measure, ...]:
    """The measures of the bill."""
    usage = f'{dax_name(COSTS, "ChargeCategory")} = "Usage"'
    effective, billed = dax_name(COSTS, "EffectiveCost"), dax_name(COSTS, "ListCost")
    read_input = (
        _where("Meters", "x_TokenDirection", "Input"),
        _where("Meters", "x_TokenCacheAction", "Read"),
    )
    capacity = _where("Meters", "x_MeterUse", "Capacity")
    return (
        Measure("EffectiveCost", _cost(COSTS, "EffectiveCost"), MONEY, "Cost",
                f"Cost of AI charges after discounts, commitments spread over their use. {_RULE}"),
        Measure("BilledCost", _cost(COSTS, "BilledCost"), MONEY, "Cost",
                f"What is invoiced for AI charges. {_RULE}"),
        Measure("EffectiveCost of the month before", _before("EffectiveCost", COSTS), MONEY, "Cost",
                f"EffectiveCost of the same days one month earlier, in the same currency. {_RULE}"),
        Measure("EffectiveCost month over month",
                _change("EffectiveCost", "EffectiveCost of the month before"), SHARE, "Cost",
                "Change of EffectiveCost against the month before, as a share of it."),
        Measure("x_TokenCost", _cost(COSTS, "x_ProvenEffectiveCost", _TOKENS), MONEY, "Unit cost",
                f"EffectiveCost of usage with proven tokens, and of nothing else. {_RULE}"),
        Measure("x_TokenQuantity", _sum(COSTS, "x_UnitQuantity", _TOKENS), WHOLE, "Unit cost",
                "Tokens of charges with a proven quantity and a meter that counts tokens."),
        Measure(UNIT_COST, _per_million("x_TokenCost", "x_TokenQuantity"), FINE_MONEY, "Unit cost",
                f"x_TokenCost / x_TokenQuantity per million tokens, the quotient of sums. {_RULE}"),
        Measure("Unit cost of the month before", _before(UNIT_COST, COSTS), FINE_MONEY,
                "Unit cost", "Unit cost of the same days one month earlier."),
        Measure("Unit cost month over month", _change(UNIT_COST, "Unit cost of the month before"),
                SHARE, "Unit cost", "Change of the unit cost against the month before."),
        Measure("Input tokens",
                _sum(COSTS, "x_UnitQuantity", _TOKENS, read_input[0]), WHOLE, "Tokens",
                "Tokens sent to models, cached or not."),
        Measure("Output tokens",
                _sum(COSTS, "x_UnitQuantity", _TOKENS,
                     _where("Meters", "x_TokenDirection", "Output")), WHOLE, "Tokens",
                "Tokens that models gave."),
        Measure("Cached input tokens", _sum(COSTS, "x_UnitQuantity", _TOKENS, *read_input), WHOLE,
                "Tokens", "Input tokens read from a cache."),
        Measure("Cached share", "DIVIDE([Cached input tokens], [Input tokens])", SHARE, "Tokens",
                "Input tokens read from a cache, as a share of input tokens."),
        Measure("Savings against list", _sum_of_rows(_priced(), f"{billed} - {effective}"), MONEY,
                "Savings", "ListCost less EffectiveCost of usage whose list cost is known; unused "
                f"commitments count as a loss. {_RULE}"),
        Measure("List cost of what savings count", _sum_of_rows(_priced(), billed), MONEY,
                "Savings", f"ListCost of the usage that Savings against list counts. {_RULE}"),
        Measure("Savings share",
                "DIVIDE([Savings against list], [List cost of what savings count])", SHARE,
                "Savings", "Savings against list as a share of that list cost."),
        Measure("EffectiveCost without list cost",
                _sum_of_rows(f"{usage} && NOT ({_priced()})", effective), MONEY, "Savings",
                f"EffectiveCost of usage whose list cost is not known: no savings. {_RULE}"),
        Measure("Capacity cost", _cost(COSTS, "EffectiveCost", capacity), MONEY,
                "Provisioned throughput", f"EffectiveCost of provisioned capacity. {_RULE}"),
        Measure("Capacity unit hours",
                _sum(COSTS, "x_UnitQuantity", capacity,
                     _where(COSTS, "ChargeCategory", "Usage")), WHOLE,
                "Provisioned throughput", "Hours of provisioned units that were charged."),
        Measure("Unused commitment cost",
                _cost(COSTS, "EffectiveCost", _where(COSTS, "CommitmentDiscountStatus", "Unused")),
                MONEY, "Provisioned throughput",
                f"EffectiveCost of commitments that no usage took. {_RULE}"),
        Measure("Capacity cost per unit hour", "DIVIDE([Capacity cost], [Capacity unit hours])",
                FINE_MONEY, "Provisioned throughput", "Capacity cost / capacity unit hours."),
        Measure("Charges", _sum(COSTS, "Rows"), WHOLE, "Data quality", "Charges of AI services."),
        Measure("Share of cost read",
                'DIVIDE(CALCULATE([EffectiveCost], KEEPFILTERS(Meters[x_MeterStatus] = '
                '"recognised")), [EffectiveCost])', SHARE, "Data quality",
                "EffectiveCost of recognised meters as a share of EffectiveCost."),
        Measure("Cost set aside",
                _cost(COSTS, "EffectiveCost", _TOKENS,
                      f"KEEPFILTERS({dax_name(COSTS, 'x_QuantityBasis')} IN "
                      '{"unproven", "contradictory"})'), MONEY, "Data quality",
                f"EffectiveCost of token usage whose quantity fits no rule. {_RULE}"),
        Measure("BilledCost of all charges", _cost("Periods", "BilledCost"), MONEY, "Data quality",
                f"What is invoiced for all charges, AI or not. {_RULE}"),
        Measure("EffectiveCost of all charges", _cost("Periods", "EffectiveCost"), MONEY,
                "Data quality", f"EffectiveCost of all charges, AI or not. {_RULE}"),
        Measure("Charges of the bill", _sum("Periods", "Rows"), WHOLE, "Data quality",
                "All charges, AI or not."),
    )  # fmt: skip


def budget_measures() -> tuple[Measure, ...]:
    """The measures of budgets: of one budget at a time, for a charge may be in several."""
    known = f"KEEPFILTERS(NOT ISBLANK({dax_name(BUDGETS, 'ActualCost')}))"
    folder, rule = "Budgets", "BLANK over several budgets or currencies."

    def of_one(*filters: str, column: str = "BudgetCost") -> str:
        name = dax_name(BUDGETS, "Budget")
        return f"IF(HASONEVALUE({name}), {_cost(BUDGETS, column, *filters)})"

    return (
        Measure("Budget", of_one(), MONEY, folder,
                f"What was planned for the months in sight. {rule}"),
        Measure("Cost against budget", of_one(column="ActualCost"), MONEY, folder,
                f"EffectiveCost of the charges of the budget, through its last day. {rule}"),
        Measure("Budget of known months", of_one(known), MONEY, folder,
                f"The budget of the months whose cost is known. {rule}"),
        Measure("Variance to budget",
                "IF(NOT ISBLANK([Cost against budget]), "
                "[Cost against budget] - [Budget of known months])", MONEY, folder,
                "Cost less budget of the months whose cost is known; above 0 is over. "
                f"{rule}"),
        Measure("Budget used", "DIVIDE([Cost against budget], [Budget of known months])", SHARE,
                folder, f"Cost against budget as a share of it. {rule}"),
    )  # fmt: skip


def attributed_measures() -> tuple[Measure, ...]:
    """The measures of the attribution."""
    team = dax_name(ATTRIBUTED, "TeamKey")
    known = f'KEEPFILTERS(NOT ISBLANK({team}) && {team} <> "{UNATTRIBUTED_KEY}")'
    seen = (known, _where(ATTRIBUTED, "Evidence", "measured"))
    folder = "Allocation"
    return (
        Measure("Cost by cause", _cost(ATTRIBUTED, "EffectiveCost"), MONEY, folder,
                f"EffectiveCost of all rows, Unattributed ones too. {_RULE}"),
        Measure("Attributed cost", _cost(ATTRIBUTED, "EffectiveCost", known), MONEY, folder,
                f"EffectiveCost whose team is known. {_RULE}"),
        Measure("Attributed share", "DIVIDE([Attributed cost], [Cost by cause])", SHARE, folder,
                "Attributed cost as a share of cost by cause."),
        Measure("Measured share",
                f"DIVIDE({_cost(ATTRIBUTED, 'EffectiveCost', *seen)}, [Cost by cause])", SHARE,
                folder, "Cost that telemetry measured, as a share of cost by cause."),
        Measure("Attributed token cost", _cost(ATTRIBUTED, "x_TokenCost", known), MONEY, folder,
                f"Attributed cost of usage with proven tokens. {_RULE}"),
        Measure("Attributed tokens", _sum(ATTRIBUTED, "x_TokenQuantity", known), WHOLE, folder,
                "Tokens whose team is known."),
        Measure(TEAM_UNIT_COST, _per_million("Attributed token cost", "Attributed tokens"),
                FINE_MONEY, folder,
                f"Attributed token cost / attributed tokens per million. {_RULE}"),
        Measure("Attributed cost of the month before", _before("Attributed cost", ATTRIBUTED),
                MONEY, folder, f"Attributed cost of the same days one month earlier. {_RULE}"),
        Measure("Attributed cost month over month",
                _change("Attributed cost", "Attributed cost of the month before"), SHARE, folder,
                "Change of attributed cost against the month before."),
        Measure("Idle cost", _cost(ATTRIBUTED, "x_IdleCost"), MONEY, folder,
                f"The idle part of provisioned capacity inside the cost by cause. {_RULE}"),
    )  # fmt: skip
