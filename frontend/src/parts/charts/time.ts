// Figures over time, stacked or as lines.
import { frame, timeAxes, tipElement, type Ink } from './ink';

export interface Series {
  name: string;
  colour: string;
  values: readonly (number | null)[];
}

export interface TimeContent {
  kind: 'stack' | 'line';
  buckets: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  axis: (value: number) => string;
  open: ReadonlySet<string>;
}

const MOST_ROWS = 14;

export function timeOptions(content: TimeContent, ink: Ink) {
  const { buckets, series, open } = content;
  return {
    ...frame(ink, (at) => tipElement(buckets[at] ?? '', tipRows(content, at))),
    ...timeAxes(ink, buckets, content.axis),
    series: series.map((each) =>
      content.kind === 'stack'
        ? {
            type: 'bar' as const,
            name: each.name,
            stack: 'all',
            barCategoryGap: '18%',
            itemStyle: { color: each.colour },
            emphasis: { disabled: true },
            data: each.values.map((value, at) => ({
              value,
              itemStyle: open.has(buckets[at] ?? '') ? { opacity: 0.55 } : {},
            })),
          }
        : lineOf(each, buckets.length),
    ),
  };
}

/** A line that is broken where there is no data. */
export function lineOf(series: Series, buckets: number) {
  return {
    type: 'line' as const,
    name: series.name,
    symbol: 'circle',
    symbolSize: buckets > 40 ? 0 : 4,
    lineStyle: { width: 1.5, color: series.colour },
    itemStyle: { color: series.colour },
    emphasis: { disabled: true },
    connectNulls: false,
    data: [...series.values],
    z: 3,
  };
}

function tipRows(content: TimeContent, at: number) {
  return content.series
    .map((each) => ({ each, value: each.values[at] }))
    .filter((row): row is { each: Series; value: number } => typeof row.value === 'number')
    .sort((one, other) => other.value - one.value)
    .slice(0, MOST_ROWS)
    .map(({ each, value }) => ({
      name: each.name,
      colour: each.colour,
      figure: content.format(value),
    }));
}
