// Who caused a cost, as the page reads it: lines with subtotals from the API, put into a tree.
import type { Cell } from './api';

export interface AllocationLine {
  BillingCurrency: string;
  labels: Cell[];
  EffectiveCost: string;
  x_TokenCost: string | null;
  x_TokenQuantity: string | null;
  x_UnitCost: string | null;
  x_IdleCost: string | null;
  MeasuredShare: string | null;
  EstimatedShare: string | null;
  AssumedShare: string | null;
  UnattributedShare: string | null;
  ResidualReason: string | null;
  share: string | null;
  before: string | null;
  difference: string | null;
  costChange: string | null;
  unitCostChange: string | null;
}

export interface AllocationAnswer {
  by: string[];
  per: string;
  compare: { from: string; to: string } | null;
  lines: AllocationLine[];
}

export interface AllocationNode extends AllocationLine {
  key: string;
  below: AllocationNode[];
}

export const UNATTRIBUTED = 'Unattributed';
export const DEFAULT_BY = 'Team,Application,Feature,Customer,SkuMeter';

/** Lines in reading order as a tree, and the totals of the currencies. */
export function allocationTree(lines: readonly AllocationLine[]): {
  rows: AllocationNode[];
  totals: AllocationNode[];
} {
  const rows: AllocationNode[] = [];
  const totals: AllocationNode[] = [];
  const path: AllocationNode[] = [];
  for (const line of lines) {
    const key = JSON.stringify([line.BillingCurrency, ...line.labels]);
    const node: AllocationNode = { ...line, key, below: [] };
    const depth = line.labels.length;
    if (depth === 0) {
      totals.push(node);
      continue;
    }
    path.length = depth - 1;
    const above = path[depth - 2];
    if (above) above.below.push(node);
    else rows.push(node);
    path[depth - 1] = node;
  }
  return { rows, totals };
}

/** The levels that a line's labels stand for: Unattributed takes one, and its reason another. */
export function levelsOf(by: readonly string[], labels: readonly Cell[]): string[] {
  const at = labels.indexOf(UNATTRIBUTED);
  if (at < 0) return by.slice(0, labels.length);
  const facts = by.slice(at + 1).filter((each) => isFact(each));
  return [...by.slice(0, at), by[at] ?? '', 'ResidualReason', ...facts].slice(0, labels.length);
}

/** Whether a level is a fact of the charge, which is never in doubt. */
export function isFact(level: string): boolean {
  return /^(x_|Sku|Resource|SubAccount|Billing|Charge)/.test(level);
}

/** The levels of the question whose answer has a line's parts by one more level. */
export function partsBy(by: readonly string[], labels: readonly Cell[], level: string): string[] {
  const at = labels.indexOf(UNATTRIBUTED);
  const end = at < 0 ? labels.length : at + 1;
  const facts = by
    .slice(end)
    .filter((each) => isFact(each))
    .slice(0, at < 0 ? 0 : Math.max(0, labels.length - at - 2));
  const above = [...by.slice(0, end), ...facts, level];
  return [...above, ...by.filter((each) => !isFact(each) && !above.includes(each))];
}
