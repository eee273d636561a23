// Columns of a table of the API as columns of a grid: what a kind of value looks like.
import type { GridColumn } from '../parts/grid';
import { sentence, text, tipOf } from '../text';
import type { Cell, Column } from './api';
import {
  exact,
  money,
  number,
  scopeName,
  share,
  signedMoney,
  signedNumber,
  tokens,
  unitCost,
} from './format';

const WIDTHS: Record<string, number> = {
  money: 128,
  price: 120,
  quantity: 128,
  count: 88,
  share: 84,
  date: 104,
  time: 152,
  flag: 72,
  text: 160,
  json: 240,
};
const WIDE = /^(Reason|Path|Tags|ResourceId|ChargeDescription|x_SourceFile|Scope|SkuMeter)$/;

export interface TableRow {
  cells: Cell[];
  key: string;
}

export function tableRows(rows: readonly Cell[][], from = 0): TableRow[] {
  return rows.map((cells, at) => ({ cells, key: String(from + at) }));
}

export interface ColumnOptions {
  first?: readonly string[];
  hidden?: readonly string[];
  onOpen?: (row: TableRow) => void;
  source?: string;
}

/** Every column of a table; `first` are shown in that order, the others can be chosen. */
export function gridColumns(
  columns: readonly Column[],
  options: ColumnOptions = {},
): GridColumn<TableRow>[] {
  const names = columns.map((each) => each.name);
  const currency = names.indexOf('BillingCurrency');
  const made = columns.map((column, at) => gridColumn(column, at, currency, options));
  const first = options.first ?? names;
  const order = [
    ...first.filter((name) => names.includes(name)),
    ...names.filter((name) => !first.includes(name)),
  ];
  return order.flatMap((name) => {
    const column = made.find((each) => each.id === name);
    return column
      ? [{ ...column, hidden: !first.includes(name) || options.hidden?.includes(name) }]
      : [];
  });
}

function gridColumn(
  column: Column,
  at: number,
  currencyAt: number,
  options: ColumnOptions,
): GridColumn<TableRow> {
  const numeric = ['money', 'price', 'quantity', 'count', 'share'].includes(column.kind);
  const value = (row: TableRow) => {
    const cell = row.cells[at];
    return typeof cell === 'boolean' ? String(cell) : (cell ?? null);
  };
  const shown = (row: TableRow) => cellText(column, row.cells[at] ?? null, row.cells[currencyAt]);
  return {
    id: column.name,
    auto: true,
    title: column.name,
    kind: numeric ? 'number' : 'text',
    width: WIDE.test(column.name) ? 240 : (WIDTHS[column.kind] ?? 140),
    value,
    text: shown,
    tip: tipOf(column.name),
    cellTip: (row) => {
      const cell = row.cells[at];
      if (cell === null || cell === undefined || typeof cell === 'boolean') return '';
      if (!numeric) return String(cell).length > 18 ? String(cell) : '';
      return [sentence('exact', exact(cell)), options.source].filter(Boolean).join('\n');
    },
    onOpen: options.onOpen,
  };
}

function cellText(column: Column, cell: Cell, currency: Cell | undefined): string {
  if (cell === null) return text.unknown;
  const words = String(cell);
  const code = typeof currency === 'string' ? currency : null;
  if (column.name === 'Scope') return scopeName(words);
  switch (column.kind) {
    case 'money':
      return isChange(column.name) ? signedMoney(words, code) : money(words, code);
    case 'price':
      return unitCost(words, code);
    case 'quantity':
      return column.name === 'MASE' ? number(words, 3) : tokens(words);
    case 'count':
      return column.name.endsWith('Change') ? signedNumber(words) : number(words);
    case 'share':
      return share(words);
    case 'flag':
      return words === 'true' ? text.table.yes : text.table.no;
    case 'time':
      return `${words.slice(0, 10)} ${words.slice(11, 16)}Z`;
    default:
      return words;
  }
}

function isChange(name: string): boolean {
  return name === 'Difference' || name.endsWith('Change');
}
