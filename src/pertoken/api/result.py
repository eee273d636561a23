"""What a method of the API gives: a table that converts, shows itself in a notebook, and plots."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from pertoken.reports import Table


class Result:
    """A table in the columns of the public contract; costs and tokens are exact decimals."""

    def __init__(
        self, table: Table, findings: tuple[str, ...] = (), notes: tuple[str, ...] = ()
    ) -> None:
        self.table = table
        self.notes = notes
        """What the figures are of, such as the days that are compared."""
        self.findings = findings
        """What a person should know of the figures, such as a cost that could not be converted."""

    def __len__(self) -> int:
        return len(self.table.rows)

    def __repr__(self) -> str:
        return f"<{self.table.name}: {len(self)} rows, columns {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """The first rows as a notebook shows them, with what a person should know below."""
        from pertoken.reports.html import table_html  # noqa: PLC0415 - for notebooks only

        return table_html(self.table, (*self.notes, *self.findings))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return self.table.column_names

    def to_dicts(self) -> list[dict[str, object]]:
        """One dict per row; Decimal for money and quantities, None for unknown."""
        return self.table.to_dicts()

    def to_arrow(self) -> pa.Table:
        """An Arrow table; DECIMAL(38,18) for money and quantities."""
        return self.table.to_arrow()

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is the user's own
        """A pandas DataFrame (pandas must be installed); decimals stay Decimal."""
        _installed("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:  # noqa: ANN401 - polars is the user's own
        """A polars DataFrame (polars must be installed); decimals stay exact."""
        return _installed("polars").from_arrow(self.to_arrow())

    def plot(self, y: str | None = None, *, x: str | None = None, colour: str | None = None) -> Any:  # noqa: ANN401 - altair is an extra
        """An altair chart: `y` over `x`, a colour for each value of `colour`.

        Takes:   y, a column of figures (EffectiveCost, else x_UnitCost); x, the first column of
                 dates, else of texts; colour, x_ModelFamily where it is there.
        Gives:   a chart with a panel for each BillingCurrency; costs are added where several rows
                 fall on one point, quotients never are. `.save("chart.png")` or `.svg` writes it.
        Raises:  ConfigError where the extra `notebook` is missing or the columns cannot be drawn.
        """
        from pertoken.reports.chart import chart  # noqa: PLC0415 - an extra

        return chart(self.table, y=y, x=x, colour=colour)


def _installed(name: str) -> Any:  # noqa: ANN401 - the user's own
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"{name} is not installed.",
            f"Expected {name}, which pertoken does not bring: the result is one of its frames.",
            f"Install it: pip install {name}; or take to_arrow() or to_dicts().",
        ) from error
