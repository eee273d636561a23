// Key figures of allocation as the page reads them: rows by the names of their columns.
import type { Cell, TableAnswer } from './api';

export type Kpi = Record<string, Cell>;

/** The last month of the period in the address, as far as the key figures have one. */
export function lastMonth(rows: readonly Kpi[], params: URLSearchParams): string | undefined {
  const to = params.get('to');
  const end = to?.slice(0, 7) ?? '';
  const isWhole = to === end || to?.endsWith('-01');
  const held = rows
    .map((each) => String(each.BillingMonth))
    .filter((month) => !to || month < end || (!isWhole && month === end));
  return held.sort().at(-1);
}

export function kpisOf(table: TableAnswer | undefined): Kpi[] {
  const names = table?.columns.map((each) => each.name) ?? [];
  return (table?.rows ?? []).map((row) =>
    Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])),
  );
}
