"""The star: facts of token costs and attributed costs, and the dimensions they share.

Queries read the Delta tables by `DeltaLake.Table` as they are and rename nothing, so that a column
here is the column of docs/reference.md. Amounts are `double`: Power BI's fixed decimal has four
decimals, and a token costs less than that. Keys of dimensions are lower case, because Power BI
matches keys without regard to case and refuses a dimension that holds both spellings.
Source: https://learn.microsoft.com/powerquery-m/deltalake-table; docs/power-bi.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.integrations.powerbi.model import (
    Hierarchy,
    ModelColumn,
    ModelTable,
    Relationship,
    m_text,
    unique_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

COSTS, ATTRIBUTED, BUDGETS = "Token costs", "Attributed costs", "Budgets"
UNATTRIBUTED_KEY = "unattributed"
COST_SUMS = (
    "EffectiveCost", "BilledCost", "ListCost", "x_UnitQuantity", "x_ListQuantity",
    "x_ProvenEffectiveCost",
)  # fmt: skip
COST_TEXTS = (
    "BillingMonth", "ChargeCategory", "ChargeClass", "PricingCategory",
    "CommitmentDiscountStatus", "x_QuantityBasis",
)  # fmt: skip
ATTRIBUTED_SUMS = ("EffectiveCost", "x_TokenCost", "x_TokenQuantity", "x_IdleCost")
ATTRIBUTED_TEXTS = (
    "BillingMonth", "Application", "Feature", "Environment", "Deployment", "Evidence",
    "ResidualReason", "x_SpreadRule",
)  # fmt: skip
METER_TEXTS = (
    "x_SkuMeterCategory", "x_SkuMeterSubcategory", "SkuMeter", "x_ModelDeveloper",
    "x_ModelFamily", "x_ModelId", "x_ModelVersion", "x_TokenDirection", "x_TokenCacheAction",
    "x_Modality", "x_DeploymentScope", "x_ServiceTier", "x_ContextTier", "x_MeterUse", "Unit",
    "x_MeterStatus",
)  # fmt: skip
METER_COLUMNS = ("x_MeterKey", *METER_TEXTS)
"""What the table `meters` gives to a project; no column of it is a price."""
_RESOURCE_TEXTS = (
    "ResourceName", "x_ResourceGroupName", "SubAccountName", "SubAccountId", "RegionId",
)  # fmt: skip
_PERIOD_COLUMNS = (
    ModelColumn("BillingMonth", description="YYYY-MM."),
    ModelColumn("Scope", description="The manifest's scope in lower case, else BillingAccountId."),
    ModelColumn("BillingCurrency", hidden=True),
    ModelColumn("Rows", "int64", "Charges of the month, AI or not.", hidden=True),
    ModelColumn("BilledCost", "double", hidden=True),
    ModelColumn("EffectiveCost", "double", hidden=True),
    ModelColumn("FirstDay", "dateTime", "The first day with charges."),
    ModelColumn("LastDay", "dateTime", "The last day with charges."),
    ModelColumn("DaysWithCharges", "int64", "Days of the month that have charges."),
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def table_of(folder: str, table: str) -> str:
    """M: a Delta table of a folder, by the shared expression that lists the folder."""
    return f"DeltaLake.Table({folder}{{[Name = {m_text(table)}]}}[Content])"


def token_costs() -> ModelTable:
    """The mart, one row per day, currency, meter, tags, resource and charge kind."""
    kept = ("ChargeDate", "BillingCurrency", "x_MeterKey", "x_TagsKey", "ResourceKey", "Rows")
    return ModelTable(
        COSTS,
        "AI charges by day, currency, meter, tags and resource: the hub's table token_costs.",
        (
            *_fact_columns(("x_MeterKey", "x_TagsKey", "ResourceKey")),
            *(ModelColumn(name) for name in COST_TEXTS),
            ModelColumn("Rows", "int64", "Charges in the row.", hidden=True),
            *(ModelColumn(name, "double", hidden=True) for name in COST_SUMS),
        ),
        _query(
            ("Source", table_of("HubFiles", "token_costs")),
            ("Keyed", _with_key("Source", "ResourceId", "ResourceKey")),
            ("Kept", _select("Keyed", (*kept, *COST_TEXTS, *COST_SUMS))),
            ("Typed", _typed("Kept", (*kept[1:-1], *COST_TEXTS), COST_SUMS, ("Rows",))),
        ),
    )


def attributed_costs() -> ModelTable:
    """The attribution, one row per day, caller, meter, currency, evidence and reason."""
    kept = ("ChargeDate", "BillingCurrency", "x_MeterKey", "TeamKey")
    return ModelTable(
        ATTRIBUTED,
        "Cost by who caused it, with its evidence; what nothing proves has a ResidualReason.",
        (
            *_fact_columns(("x_MeterKey", "TeamKey")),
            *(ModelColumn(name) for name in ATTRIBUTED_TEXTS),
            *(ModelColumn(name, "double", hidden=True) for name in ATTRIBUTED_SUMS),
        ),
        _query(
            ("Source", table_of("TableFiles", "attributed_costs")),
            ("Keyed", _with_key("Source", "Team", "TeamKey")),
            ("Kept", _select("Keyed", (*kept, *ATTRIBUTED_TEXTS, *ATTRIBUTED_SUMS))),
            ("Typed", _typed("Kept", (*kept[1:], *ATTRIBUTED_TEXTS), ATTRIBUTED_SUMS, ())),
        ),
    )


def budgets() -> ModelTable:
    """What was planned for a month and what it cost, one row per budget and month."""
    texts = ("Budget", "BillingMonth", "BillingCurrency", "Owner", "Condition", "Reason", "TeamKey")
    sums = ("BudgetCost", "ActualCost")
    return ModelTable(
        BUDGETS,
        "Budgets by month and what their charges cost; those of a team hold its TeamKey.",
        (
            ModelColumn("Budget", description="Its name; one charge may be in several budgets."),
            ModelColumn("BillingMonth", description="YYYY-MM."),
            ModelColumn("Owner"),
            ModelColumn("Condition", description="Which charges it is of; all where blank."),
            ModelColumn("Reason", description="Why the cost of the month is not known."),
            ModelColumn("Through", "dateTime", "The last day that the cost holds."),
            *_fact_columns(("TeamKey",)),
            *(ModelColumn(name, "double", hidden=True) for name in sums),
        ),
        _query(
            ("Source", table_of("TableFiles", "budgets")),
            ("Keyed", _with_key("Source", "Team", "TeamKey")),
            ("Kept", _select("Keyed", ("ChargeDate", "Through", *texts, *sums))),
            ("Typed", _typed("Kept", texts, sums, ())),
        ),
    )


def dates(*facts: str) -> ModelTable:
    """Every day of the months in which the facts have rows."""
    names = ", ".join(m_text(name) for name in _MONTHS)
    columns = (
        ModelColumn("Date", "dateTime", "A UTC day, of ChargePeriodStart.", key=True),
        ModelColumn("Year", "int64"),
        ModelColumn("Month", description="YYYY-MM."),
        ModelColumn("Month name", sort_by="MonthNumber"),
        ModelColumn("MonthNumber", "int64", hidden=True),
    )
    row = (
        'each {_, Date.Year(_), Date.ToText(_, [Format = "yyyy-MM"]), '
        "MonthNames{Date.Month(_) - 1}, Date.Month(_)}"
    )
    kinds = '#"Month name" = text, MonthNumber = Int64.Type'
    return ModelTable(
        "Dates",
        "One row per day, whole months.",
        columns,
        _query(
            ("MonthNames", f"{{{names}}}"),
            ("Days", f"List.RemoveNulls({_of_all(facts, 'ChargeDate')})"),
            ("First", "Date.StartOfMonth(List.Min(Days))"),
            ("Last", "Date.EndOfMonth(List.Max(Days))"),
            ("All", "List.Dates(First, Duration.Days(Last - First) + 1, #duration(1, 0, 0, 0))"),
            (
                "Rows",
                "if List.IsEmpty(Days) then {} else List.Transform(All, " + row + ")",
            ),
            (
                "Calendar",
                f"#table(type table [Date = date, Year = Int64.Type, Month = text, {kinds}], Rows)",
            ),
        ),
        hierarchies=(
            Hierarchy("Calendar", ("Year", "Month", "Date"), "From the year to the day."),
        ),
        is_calendar=True,
    )


def meters(folder: str) -> ModelTable:
    """One row per meter, with its reading and its two drill paths."""
    return ModelTable(
        "Meters",
        "The meters of the bill and how each was read.",
        (
            ModelColumn("x_MeterKey", hidden=True, key=True),
            *(ModelColumn(name) for name in METER_TEXTS),
        ),
        _query(
            ("Source", table_of(folder, "meters")),
            ("Kept", _select("Source", METER_COLUMNS)),
            ("Typed", _typed("Kept", METER_COLUMNS, (), ())),
        ),
        hierarchies=(
            Hierarchy("SKU meter", METER_TEXTS[:3], "As the bill names it: category to meter."),
            Hierarchy("Model", METER_TEXTS[3:8], "As it was read: developer to direction."),
        ),
    )


def resources() -> ModelTable:
    """One row per resource of the mart."""
    groups = ", ".join(
        f"{{{m_text(name)}, each List.Max([{name}]), type text}}"
        for name in ("ResourceId", *_RESOURCE_TEXTS)
    )
    return ModelTable(
        "Resources",
        "The resources that AI charges are billed on.",
        (
            ModelColumn("ResourceKey", hidden=True, key=True),
            ModelColumn("ResourceId"),
            *(ModelColumn(name) for name in _RESOURCE_TEXTS),
        ),
        _query(
            ("Source", table_of("HubFiles", "token_costs")),
            ("Keyed", _with_key("Source", "ResourceId", "ResourceKey")),
            ("Known", "Table.SelectRows(Keyed, each [ResourceKey] <> null)"),
            ("Grouped", f'Table.Group(Known, {{"ResourceKey"}}, {{{groups}}})'),
        ),
    )


def tags(keys: Sequence[str]) -> ModelTable:
    """One row per set of tags, a column per tag key, whose spellings in either case are one."""
    spelling: dict[str, str] = {}
    for key in sorted(keys):
        spelling.setdefault(key.lower(), f"Tags.{key}")
    names = unique_names(spelling.values())
    folded = ", ".join(m_text(key) for key in spelling)
    renames = ", ".join(
        f"{{{m_text(key)}, {m_text(names[shown])}}}" for key, shown in spelling.items()
    )
    columns = tuple(ModelColumn(names[shown]) for shown in spelling.values())
    return ModelTable(
        "Tags",
        "The tags of charges, one column per key that an AI charge carries.",
        (ModelColumn("x_TagsKey", hidden=True, key=True), *columns),
        _query(
            ("Keys", f"{{{folded}}}"),
            ("Known", 'each if List.Contains(Keys, _) then _ else ""'),
            ("Source", table_of("HubFiles", "tags")),
            (
                "Folded",
                'Table.TransformColumns(Source, {{"TagKey", Text.Lower, type text}})',
            ),
            (
                "Marked",
                'Table.TransformColumns(Folded, {{"TagKey", Known, type text}})',
            ),
            (
                "Pivoted",
                'Table.Pivot(Marked, List.Combine({Keys, {""}}), "TagKey", "TagValue", List.Max)',
            ),
            ("Kept", 'Table.SelectColumns(Pivoted, List.Combine({{"x_TagsKey"}, Keys}))'),
            ("Renamed", f"Table.RenameColumns(Kept, {{{renames}}})"),
        ),
    )


def teams() -> ModelTable:
    """One row per team of the attribution."""
    return ModelTable(
        "Teams",
        "The teams that caused cost, and Unattributed.",
        (
            ModelColumn("TeamKey", hidden=True, key=True),
            ModelColumn("Team", description="Unattributed where nothing proves who caused a cost."),
        ),
        _query(
            ("Source", table_of("TableFiles", "attributed_costs")),
            ("Keyed", _with_key("Source", "Team", "TeamKey")),
            ("Known", "Table.SelectRows(Keyed, each [TeamKey] <> null)"),
            (
                "Grouped",
                'Table.Group(Known, {"TeamKey"}, {{"Team", each List.Max([Team]), type text}})',
            ),
        ),
    )


def team_members() -> ModelTable:
    """Who is in which team, out of the parameter TeamMembers."""
    cells = (
        'each {Text.Trim(Text.BeforeDelimiter(_, "=")), '
        'Text.Lower(Text.Trim(Text.AfterDelimiter(_, "=")))}'
    )
    return ModelTable(
        "Team members",
        "Who may see which team: the parameter TeamMembers, read.",
        (ModelColumn("UserPrincipalName"), ModelColumn("TeamKey")),
        _query(
            ("Parts", 'List.Transform(Text.Split(TeamMembers, ";"), Text.Trim)'),
            ("Pairs", 'List.Select(Parts, each _ <> "")'),
            ("Rows", f"List.Transform(Pairs, {cells})"),
            ("Members", "#table(type table [UserPrincipalName = text, TeamKey = text], Rows)"),
        ),
        hidden=True,
    )


def currencies(*facts: str) -> ModelTable:
    """One row per billing currency of the facts."""
    return ModelTable(
        "Currencies",
        "Billing currencies; costs in several are never added.",
        (ModelColumn("BillingCurrency", key=True),),
        _query(
            (
                "Codes",
                f"List.Sort(List.Distinct(List.RemoveNulls({_of_all(facts, 'BillingCurrency')})))",
            ),
            ("Rows", "List.Transform(Codes, each {_})"),
            ("Found", "#table(type table [BillingCurrency = text], Rows)"),
        ),
    )


def periods() -> ModelTable:
    """All charges of the hub by month, scope and currency."""
    names = tuple(each.name for each in _PERIOD_COLUMNS)
    return ModelTable(
        "Periods",
        "All charges, not only AI, by month, scope and currency: the hub's table periods.",
        _PERIOD_COLUMNS,
        _query(
            ("Source", table_of("HubFiles", "periods")),
            ("Kept", _select("Source", names)),
            ("Typed", _typed("Kept", names[:3], names[4:6], (names[3], names[8]))),
        ),
    )


def relationships(tables: Sequence[ModelTable]) -> tuple[Relationship, ...]:
    """Each fact to the dimensions that the model has."""
    keys = {
        "ChargeDate": ("Dates", "Date"), "BillingCurrency": ("Currencies", "BillingCurrency"),
        "x_MeterKey": ("Meters", "x_MeterKey"), "x_TagsKey": ("Tags", "x_TagsKey"),
        "ResourceKey": ("Resources", "ResourceKey"), "TeamKey": ("Teams", "TeamKey"),
    }  # fmt: skip
    held = {table.name for table in tables}
    return tuple(
        Relationship((table.name, column.name), keys[column.name])
        for table in tables
        if table.name in (COSTS, ATTRIBUTED, BUDGETS, "Periods")
        for column in table.columns
        if column.name in keys and keys[column.name][0] in held
    )


def _fact_columns(keys: Sequence[str]) -> tuple[ModelColumn, ...]:
    return (
        ModelColumn("ChargeDate", "dateTime", hidden=True),
        ModelColumn("BillingCurrency", hidden=True),
        *(ModelColumn(name, hidden=True) for name in keys),
    )


def _of_all(facts: Sequence[str], column: str) -> str:
    """M: a column of several tables as one list."""
    return " & ".join(f"#{m_text(fact)}[{column}]" for fact in facts)


def _with_key(source: str, column: str, key: str) -> str:
    return (
        f"Table.AddColumn({source}, {m_text(key)}, each if [{column}] = null then null "
        f"else Text.Lower(Text.Trim([{column}])), type text)"
    )


def _select(source: str, names: Sequence[str]) -> str:
    return f"Table.SelectColumns({source}, {{{', '.join(m_text(name) for name in names)}}})"


def _typed(source: str, texts: Sequence[str], numbers: Sequence[str], counts: Sequence[str]) -> str:
    kinds = [(name, "type text") for name in texts]
    kinds += [(name, "type number") for name in numbers]
    kinds += [(name, "Int64.Type") for name in counts]
    pairs = ", ".join(f"{{{m_text(name)}, {kind}}}" for name, kind in kinds)
    return f'Table.TransformColumnTypes({source}, {{{pairs}}}, "en-US")'


def _query(*steps: tuple[str, str]) -> str:
    """An M query of named steps; the last is its answer."""
    lines = ",\n".join(f"    {name} = {m}" for name, m in steps)
    return f"let\n{lines}\nin\n    {steps[-1][0]}"
