// Rows of the matrix as lines over time. Figures become floats here, for drawing only.
import type { Series } from '../parts/echarts';
import { text } from '../text';
import type { Cell, TableAnswer } from './api';
import { addDays, addMonths, dayOf } from './format';

interface Wanted {
  bucket: 'ChargeDate' | 'BillingMonth';
  measure: string;
  groups: number;
  name: (row: Cell[]) => string;
  colour: (name: string, at: number) => string;
  /** What stands together in the legend and the stack, the largest first. */
  family?: (name: string) => string;
  /** The end of the period; buckets up to it are drawn, as gaps where there is no data. */
  until?: string | null;
}

/** The buckets of a period without holes, and one series per group: the largest, then the rest. */
export function timeSeries(
  table: TableAnswer,
  wanted: Wanted,
): { buckets: string[]; series: Series[]; rest: number } {
  const names = table.columns.map((each) => each.name);
  const at = names.indexOf(wanted.bucket);
  const measure = names.indexOf(wanted.measure);
  const held = new Set(table.rows.map((row) => String(row[at])));
  const buckets = allBuckets(held, wanted);
  const place = new Map(buckets.map((each, index) => [each, index]));
  const sums = new Map<string, { values: (number | null)[]; whole: number }>();
  const summed = wanted.measure !== 'x_UnitCost';
  for (const row of table.rows) {
    const name = wanted.name(row);
    let own = sums.get(name);
    if (!own) {
      own = {
        values: buckets.map((each) => (summed && held.has(each) ? 0 : null)),
        whole: 0,
      };
      sums.set(name, own);
    }
    const value = row[measure];
    if (value === null || value === undefined) continue;
    const index = place.get(String(row[at]));
    if (index === undefined) continue;
    own.values[index] = (own.values[index] ?? 0) + Number(value);
    own.whole += Number(value);
  }
  const ranked = [...sums].sort(([, one], [, other]) => other.whole - one.whole);
  const shown = together(ranked.slice(0, wanted.groups), wanted.family);
  const rest = ranked.slice(wanted.groups);
  const series = shown.map(([name, each], index) => ({
    name,
    colour: wanted.colour(name, index),
    values: each.values,
  }));
  if (rest.length > 0 && summed)
    series.push({
      name: text.trends.other(rest.length),
      colour: '#8B8B88',
      values: buckets.map((each, index) =>
        held.has(each) ? rest.reduce((sum, [, one]) => sum + (one.values[index] ?? 0), 0) : null,
      ),
    });
  return { buckets, series, rest: rest.length };
}

type Sum = [string, { values: (number | null)[]; whole: number }];

function together(sums: Sum[], family?: (name: string) => string): Sum[] {
  if (!family) return sums;
  const whole = new Map<string, number>();
  for (const [name, each] of sums)
    whole.set(family(name), (whole.get(family(name)) ?? 0) + each.whole);
  return [...sums].sort(
    ([one, a], [other, b]) =>
      (whole.get(family(other)) ?? 0) - (whole.get(family(one)) ?? 0) || b.whole - a.whole,
  );
}

function allBuckets(held: ReadonlySet<string>, wanted: Wanted): string[] {
  const sorted = [...held].sort();
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const end =
    wanted.until && dayOf(wanted.until) <= addDays(last, 1) ? addDays(wanted.until, -1) : last;
  const buckets: string[] = [];
  const next = (each: string) =>
    wanted.bucket === 'ChargeDate' ? addDays(each, 1) : addMonths(each, 1);
  const stop = wanted.bucket === 'ChargeDate' ? end : last;
  for (let each = first; each <= stop && buckets.length < 5000; each = next(each))
    buckets.push(each);
  return buckets;
}
