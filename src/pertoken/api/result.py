"""What a method of the API gives: a table that converts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:  # noqa: ANN401 - polars is the user's own
        """A polars DataFrame (polars must be installed); decimals stay exact."""
        import polars as pl  # noqa: PLC0415 - the user's own

        return pl.from_arrow(self.to_arrow())
