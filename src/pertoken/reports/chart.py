"""A table as a chart: one column over another, a colour for each group, a panel for each currency.

Amounts that fall on one point are added exactly, before anything is drawn; costs in several
currencies never are: each has its own panel and scale. A quotient is drawn as it stands and never
added or stacked. What is unknown is not drawn as 0 but counted in the subtitle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives
from pertoken.reports.html import unit_of
from pertoken.reports.numbers import UNKNOWN, decimal_of
from pertoken.reports.palette import UNATTRIBUTED, colours

if TYPE_CHECKING:
    from pertoken.reports.table import Column, Table

ADDED = frozenset({"money", "quantity", "count"})
QUOTIENTS = frozenset({"price", "share"})
MOST_PLACES, MOST_GROUPS = 400, 10
_POINTS, _WIDTH = 40, 480
_PREFERRED = ("EffectiveCost", "x_UnitCost")
_CURRENCY = "BillingCurrency"
_PAPER = {
    "view": {"stroke": None},
    "axis": {
        "gridColor": "#e6e4e0", "domainColor": "#c9c6c0", "tickColor": "#c9c6c0",
        "labelColor": "#62605b", "titleColor": "#62605b", "titleFontWeight": "normal",
    },
    "legend": {"labelColor": "#62605b", "titleColor": "#62605b", "titleFontWeight": "normal"},
    "header": {"labelColor": "#1a1a19", "title": None},
    "title": {"anchor": "start", "color": "#1a1a19", "subtitleColor": "#62605b"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: the columns, and one value per place, group and currency."""

    x: Column
    y: Column
    group: Column | None
    points: dict[tuple[Any, str | None, str | None], Decimal]
    unknown: int


def drawing(
    table: Table, *, y: str | None = None, x: str | None = None, colour: str | None = None
) -> Drawing:
    """The values of a chart, added exactly.

    Takes:   y, a column of figures (EffectiveCost, else x_UnitCost, else the first); x, any column
             (the first of dates or months, else the first text); colour, a text column
             (x_ModelFamily, else none).
    Raises:  ConfigError for an unknown column, a column of no figures, several values of a quotient
             on one point, or more places or groups than can be told apart.
    """
    table = table.without_hints()
    across = _column(table, x) if x else _first_place(table)
    figure = _column(table, y) if y else _first_figure(table)
    if figure.kind not in ADDED | QUOTIENTS:
        raise ConfigError(
            f"{figure.name} holds {figure.kind}, which cannot be drawn as a height.",
            "Expected a column of costs, quantities, counts, prices or shares for y.",
            f"Give one of {', '.join(each.name for each in table.columns if _drawn(each))}.",
        )
    group = _column(table, colour) if colour else _family(table, across)
    names = table.column_names
    at = [names.index(each.name) for each in (across, figure)]
    group_at = names.index(group.name) if group else None
    currency_at = names.index(_CURRENCY) if _CURRENCY in names else None
    points: dict[tuple[Any, str | None, str | None], Decimal] = {}
    unknown = 0
    for row in table.rows:
        if row[at[1]] is None or row[at[0]] is None:
            unknown += 1
            continue
        each = None if group_at is None or row[group_at] is None else str(row[group_at])
        currency = None if currency_at is None else str(row[currency_at])
        key = (row[at[0]], each, currency)
        if key in points and figure.kind in QUOTIENTS:
            raise ConfigError(
                f"{figure.name} has several values at {across.name} {row[at[0]]}.",
                "Expected one value a point: a quotient is never added.",
                "Ask for a table by fewer columns, or name another x or colour.",
            )
        points[key] = points.get(key, Decimal(0)) + decimal_of(row[at[1]])
    _check_counts(across, group, points)
    return Drawing(across, figure, group, points, unknown)


def chart(
    table: Table, *, y: str | None = None, x: str | None = None, colour: str | None = None
) -> Any:  # noqa: ANN401 - altair is an extra
    """An altair chart of a table; see `drawing` for what the columns may be.

    Raises:  ConfigError, also where altair is not installed.
    """
    drawn = drawing(table, y=y, x=x, colour=colour)
    alt = _altair()
    groups = sorted({group for _, group, _ in drawn.points}, key=_place_of_group)
    currencies = sorted({currency for _, _, currency in drawn.points if currency is not None})
    values = [
        {
            "x": place.isoformat() if isinstance(place, date) else str(place),
            "y": float(value),
            "group": UNKNOWN if group is None else group,
            "currency": currency,
        }
        for (place, group, currency), value in sorted(drawn.points.items(), key=_order)
    ]
    unit = unit_of(table, drawn.y)
    is_month, is_time = drawn.x.name.endswith("Month"), _is_time(drawn.x)
    is_line = is_time and (drawn.y.kind in QUOTIENTS or not is_month)
    across = {"title": None if is_time else drawn.x.name}
    up = {
        "title": drawn.y.name + (f", {unit}" if unit else ""),
        "stack": drawn.y.kind in ADDED or None,
    }
    base = alt.Chart(alt.Data(values=values))
    if is_line:
        few = len({place for place, _, _ in drawn.points}) <= _POINTS
        base, up["stack"] = base.mark_line(point=few), None
    else:
        base = base.mark_point(filled=True, size=60) if not up["stack"] else base.mark_bar()
    if is_time:
        channels = {
            "x": alt.X("x:O" if is_month else "utcyearmonthdate(x):T", **across),
            "y": alt.Y("y:Q", **up),
        }
    else:
        channels = {"y": alt.Y("x:N", sort="-x", **across), "x": alt.X("y:Q", **up)}
    if drawn.group is not None:
        names = [UNKNOWN if each is None else each for each in groups]
        scale = alt.Scale(domain=names, range=colours(drawn.group.name, groups))
        channels["color"] = alt.Color("group:N", title=drawn.group.name, scale=scale)
    else:
        base = base.encode(color=alt.value(colours("", [""])[0]))
    if len(currencies) > 1:
        channels["row"] = alt.Row("currency:N")
    made = base.encode(**channels).properties(title=_title(table, drawn), width=_WIDTH)
    if len(currencies) > 1:
        made = made.resolve_scale(x="shared" if is_time else "independent", y="independent")
    return made.configure(**_PAPER)


def _title(table: Table, drawn: Drawing) -> dict[str, Any]:
    text = f"{table.name}: {drawn.y.name} by {drawn.x.name}"
    said = f"{drawn.unknown} of {len(table.rows)} rows are unknown and not drawn"
    return {"text": text, "subtitle": said if drawn.unknown else ""}


def _is_time(column: Column) -> bool:
    return column.kind in {"date", "time"} or column.name.endswith(("Month", "Date"))


def _place_of_group(group: str | None) -> tuple[bool, str]:
    """By name, what is unknown or nobody's last."""
    return (group is None or group == UNATTRIBUTED, (group or "").casefold())


def _order(point: tuple[tuple[Any, str | None, str | None], Decimal]) -> tuple[str, str, str]:
    place, group, currency = point[0]
    return (str(place), group or "", currency or "")


def _column(table: Table, name: str) -> Column:
    for column in table.columns:
        if column.name == name:
            return column
    raise ConfigError(
        f"{table.name} has no column '{name}'.",
        "Expected a column of the table.",
        f"Nearest: {alternatives(name, table.column_names)}.",
    )


def _drawn(column: Column) -> bool:
    return column.kind in ADDED | QUOTIENTS


def _first_place(table: Table) -> Column:
    texts = [each for each in table.columns if each.kind == "text" and each.name != _CURRENCY]
    dates = [each for each in table.columns if _is_time(each)]
    for column in [*dates, *texts]:
        return column
    raise _nothing(table, "a column of dates or texts to draw over", "x")


def _first_figure(table: Table) -> Column:
    figures = [each for each in table.columns if _drawn(each)]
    for name in _PREFERRED:
        for column in figures:
            if column.name == name:
                return column
    for column in figures:
        return column
    raise _nothing(table, "a column of figures", "y")


def _nothing(table: Table, what: str, option: str) -> ConfigError:
    return ConfigError(
        f"{table.name} has no column for {option}.",
        f"Expected {what}.",
        "Ask for a table that has one.",
    )


def _family(table: Table, across: Column) -> Column | None:
    found = (each for each in table.columns if each.name == "x_ModelFamily")
    return next((each for each in found if each != across), None)


def _check_counts(
    across: Column,
    group: Column | None,
    points: dict[tuple[Any, str | None, str | None], Decimal],
) -> None:
    places, groups = {each[0] for each in points}, {each[1] for each in points}
    for column, count, most in (
        (across, len(places), MOST_PLACES), (group, len(groups), MOST_GROUPS)
    ):  # fmt: skip
        if column is not None and count > most and column.name != "x_ModelFamily":
            raise ConfigError(
                f"{column.name} has {count} values.",
                f"Expected at most {most}, which a chart can tell apart.",
                "Narrow the table, or draw another column.",
            )


def _altair() -> Any:  # noqa: ANN401 - an extra
    try:
        import altair as alt  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "altair is not installed, and charts are drawn by it.",
            "Expected the extra `notebook`.",
            "Install it: pip install 'pertoken[notebook]'",
        ) from error
    return alt
