// The matrix as the page reads it: lines with subtotals from the API, put into a tree.
import type { Cell } from './api';

export interface Amounts {
  EffectiveCost: string | null;
  BilledCost: string | null;
  x_TokenCost: string | null;
  x_TokenQuantity: string | null;
  x_UnitCost: string | null;
}

export interface Line extends Amounts {
  BillingCurrency: string;
  labels: Cell[];
  mixed: boolean;
  leaf: boolean;
  share: string | null;
  before: Amounts | null;
  costChange: string | null;
  unitCostChange: string | null;
  units: string[];
  read: boolean;
}

export interface HierarchyAnswer {
  commit?: string;
  by: string[];
  per: string;
  compare: { from: string; to: string } | null;
  lines: Line[];
}

export interface TreeLine extends Line {
  key: string;
  below: TreeLine[];
}

export interface SparkAnswer {
  buckets: string[];
  lines: { BillingCurrency: string; labels: Cell[]; values: (number | null)[] }[];
}

export function keyOf(currency: string, labels: readonly Cell[]): string {
  return JSON.stringify([currency, ...labels]);
}

/** Lines in reading order as a tree, and the totals of the currencies. */
export function treeOf(lines: readonly Line[]): { rows: TreeLine[]; totals: TreeLine[] } {
  const rows: TreeLine[] = [];
  const totals: TreeLine[] = [];
  const path: TreeLine[] = [];
  for (const line of lines) {
    const node: TreeLine = { ...line, key: keyOf(line.BillingCurrency, line.labels), below: [] };
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

export const below = (row: TreeLine) => row.below;
