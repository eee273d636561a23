// A finding as the page reads it: its row of the API, its cell in words, and what was said of it.
import type { Cell, TableAnswer } from '../../lib/api';
import { addDays, scopeName } from '../../lib/format';
import { anomaliesText as words } from '../../text/anomalies';

export type Finding = Record<string, Cell>;
export type State = keyof typeof words.states;

/** Columns of a cell that charges have, too. */
const OF_CHARGES = [
  'BillingAccountId',
  'ResourceId',
  'x_ModelId',
  'x_DeploymentScope',
  'x_ServiceTier',
  'SkuMeter',
];

export function findingsOf(table: TableAnswer | undefined): Finding[] {
  if (!table) return [];
  return table.rows.map((cells) =>
    Object.fromEntries(table.columns.map((column, at) => [column.name, cells[at] ?? null])),
  );
}

export function textAt(finding: Finding, name: string): string | null {
  const cell = finding[name];
  return cell === null || cell === undefined ? null : String(cell);
}

/** What was last said of it, as long as it holds. */
export function stateOf(finding: Finding): State {
  if (textAt(finding, 'Muted') !== null)
    return textAt(finding, 'Mark') === 'expected' ? 'expected' : 'muted';
  return textAt(finding, 'Mark') === 'unexpected' ? 'unexpected' : 'unjudged';
}

/** What the event is confined to, in short. */
export function cellName(finding: Finding): string {
  const resource = textAt(finding, 'ResourceId')?.split('/').at(-1);
  const parts = [
    textAt(finding, 'x_ModelId'),
    resource ?? textAt(finding, 'x_DeploymentScope'),
    textAt(finding, 'Team'),
  ].filter(Boolean);
  if (parts.length > 0) return parts.join(' · ');
  const account = textAt(finding, 'BillingAccountId');
  return account === null ? words.wholeHub : scopeName(account);
}

/** The dearest first, within the currencies in their order. */
export function byCost(currencies: readonly string[]) {
  const place = (each: Finding) => {
    const at = currencies.indexOf(textAt(each, 'BillingCurrency') ?? '');
    return at < 0 ? currencies.length : at;
  };
  const cost = (each: Finding) => Number(textAt(each, 'ExtraCost') ?? 0);
  return (one: Finding, other: Finding) => place(one) - place(other) || cost(other) - cost(one);
}

/** The usage charges of its cell: columns, and their values. */
export function chargesOf(finding: Finding): { by: string[]; labels: (string | null)[] } {
  const by = OF_CHARGES.filter((name) => textAt(finding, name) !== null);
  return {
    by: [...by, 'ChargeCategory', 'ChargeClass'],
    labels: [...by.map((name) => textAt(finding, name)), 'Usage', null],
  };
}

/** Its days; `to` is exclusive. */
export function daysOf(finding: Finding): { from: string; to: string } {
  return {
    from: textAt(finding, 'Start') ?? '',
    to: addDays(textAt(finding, 'End') ?? '', 1),
  };
}
