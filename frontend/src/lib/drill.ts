// From a number to the charges it is the sum of: pairs of column and value, kept in the address.
import type { Cell } from './api';
import { patched, pairsOf, setParams, type Patch } from './url';

/** Open the charges of a group; a pair replaces the filter bar's values of the same column. */
export function openCharges(
  by: readonly string[],
  labels: readonly Cell[],
  currency?: string | null,
  period?: { from: string; to: string },
): void {
  const patch: Patch = {
    charges: labels.map((label, at) => `${by[at]}=${label === null ? '' : String(label)}`),
    charges_currency: currency ?? null,
    charges_from: period?.from ?? null,
    charges_to: period?.to ?? null,
    charges_whole: null,
    meter: null,
  };
  if (labels.length === 0) patch.charges = 'all';
  setParams(patch);
}

/** Open charges of the whole bill: of AI or not, and whatever the filter bar holds. */
export function openWholeCharges(
  by: readonly string[],
  labels: readonly Cell[],
  currency: string,
  period?: { from: string; to: string },
): void {
  openCharges(by, labels, currency, period);
  setParams({ charges_whole: 'true' }, true);
}

export const CLOSED: Patch = {
  charges: null,
  charges_currency: null,
  charges_from: null,
  charges_to: null,
  charges_whole: null,
  charges_sort: null,
  charges_q: null,
  charges_columns: null,
};

/** The API's parameters for the charges that the address names. */
export function chargeFilters(filters: URLSearchParams, params: URLSearchParams): URLSearchParams {
  const own = params.getAll('charges').filter((each) => each !== 'all');
  const columns = own.map((each) => each.slice(0, each.indexOf('=')));
  const whole = params.has('charges_whole');
  const above = whole ? new URLSearchParams({ all_charges: 'true' }) : filters;
  const kept = pairsOf(above)
    .filter(([column]) => !columns.includes(column))
    .map(([column, value]) => `${column}=${value}`);
  const next = patched(above, { where: [...kept, ...own] });
  for (const name of ['currency', 'from', 'to']) {
    const value = params.get(`charges_${name}`);
    if (value) next.set(name, value);
  }
  return next;
}
