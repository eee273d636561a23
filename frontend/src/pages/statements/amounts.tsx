import { useMemo } from 'react';
import { Choice } from '../../parts/choice';
import { Grid } from '../../parts/grid';
import type { GridColumn } from '../../parts/grid-types';
import { Empty, Failure, Waiting } from '../../parts/states';
import { useApi, type Cell, type TableAnswer } from '../../lib/api';
import { gridColumns, tableRows, type TableRow } from '../../lib/columns';
import { sum } from '../../lib/decimal';
import { sourceOf, useHub } from '../../lib/hub';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';
import { statementText as words } from '../../text/statements';
import { viewUrl, WHOLE_HOUSE, type Row } from './answers';

const GROUPINGS = Object.keys(words.groupings);
const TOTAL = 'total';
const SUMMED = ['Amount', 'PreviousCost', 'Difference', 'x_TokenCost', 'x_TokenQuantity'];
const FIGURES = ['Amount', 'x_TokenQuantity', 'x_UnitCost', 'Difference', 'PreviousCost'];

/** What is charged, by line, model, application, token kind or correction, with its sum. */
export function Amounts(props: {
  statement: Row;
  lines: TableAnswer | undefined;
  onLine?: (line: string) => void;
}) {
  const { statement, onLine } = props;
  const { params } = usePlace();
  const named = params.get('by') ?? '';
  const by = GROUPINGS.includes(named) ? named : 'lines';
  const number = statement.Statement ?? '';
  const summary = useApi<TableAnswer>(by === 'lines' ? null : viewUrl(number, by, 0));
  const table = by === 'lines' ? props.lines : summary.stale ? undefined : summary.data;
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.amounts}</h2>
        {by === 'lines' && onLine && <p className="quiet">{words.lineHelp}</p>}
      </header>
      {summary.error ? (
        <Failure error={summary.error} retry={summary.retry} />
      ) : !table ? (
        <Waiting lines={8} height={320} />
      ) : (
        <AmountGrid
          key={by}
          by={by}
          table={table}
          statement={statement}
          onLine={by === 'lines' ? onLine : undefined}
        />
      )}
    </section>
  );
}

function AmountGrid(props: {
  by: string;
  table: TableAnswer;
  statement: Row;
  onLine?: (line: string) => void;
}) {
  const { by, table, statement, onLine } = props;
  const hub = useHub();
  const house = statement.Team === WHOLE_HOUSE;
  const columns = useMemo(() => {
    const made = gridColumns(table.columns, {
      first: firstOf(by, house),
      source: sourceOf(hub),
      onOpen: onLine && ((row) => row.key !== TOTAL && onLine(String(row.cells[0]))),
    });
    return made.map((column, at) => summed(column, at, statement.BillingCurrency ?? ''));
  }, [table.columns, by, house, hub, onLine, statement.BillingCurrency]);
  const rows = useMemo(() => tableRows(table.rows), [table.rows]);
  const total = useMemo(() => totalOf(table, statement.Basis ?? ''), [table, statement.Basis]);
  const choice = (
    <Choice
      label={words.by}
      value={by}
      options={GROUPINGS.map((value) => ({ value, label: words.groupings[value] ?? value }))}
      onChoose={(value) => setParams({ by: value, lines_q: null, lines_sort: null })}
    />
  );
  if (rows.length === 0)
    return (
      <>
        <div className="tools">{choice}</div>
        <Empty title={words.noCorrections} help={words.noCorrectionsHelp} />
      </>
    );
  return (
    <Grid<TableRow>
      name="lines"
      label={words.amounts}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.key}
      totals={by === 'corrections' ? undefined : [total]}
      tools={choice}
    />
  );
}

function firstOf(by: string, house: boolean): string[] {
  switch (by) {
    case 'models':
      return ['x_ModelId', ...FIGURES];
    case 'applications':
      return [...(house ? ['Team'] : []), 'Application', ...FIGURES];
    case 'kinds':
      return ['x_TokenDirection', 'x_TokenCacheAction', 'x_MeterUse', ...FIGURES];
    case 'corrections':
      return ['CorrectsMonth', 'CorrectsStatement', 'Lines', 'MovedCost', 'Booked', 'Amount'];
    default:
      return [
        'Line',
        'Kind',
        ...(house ? ['Team'] : []),
        'x_ModelId',
        'x_TokenDirection',
        'x_TokenCacheAction',
        ...FIGURES,
        'Application',
        'x_MeterUse',
      ];
  }
}

/** A column that reads right in the row of the sum, too: it names itself and sums what adds up. */
function summed(column: GridColumn<TableRow>, at: number, currency: string): GridColumn<TableRow> {
  const isName = at === 0;
  const named = column.kind === 'number' ? words.sums.total : text.table.total(currency);
  return {
    ...column,
    text: (row) =>
      row.key !== TOTAL
        ? column.text(row)
        : isName
          ? named
          : column.value(row) !== null && column.kind === 'number'
            ? column.text(row)
            : '',
  };
}

/** The row of the sum: only what adds up is in it. */
function totalOf(table: TableAnswer, basis: string): TableRow {
  const cells = table.columns.map((column, at): Cell => {
    if (column.name === 'BillingCurrency') return table.rows[0]?.[at] ?? null;
    if (column.name !== basis && !SUMMED.includes(column.name)) return null;
    const known = table.rows.flatMap((row) => {
      const cell = row[at];
      return cell === null || cell === undefined ? [] : [String(cell)];
    });
    return known.length > 0 ? sum(known) : null;
  });
  return { cells, key: TOTAL };
}
