import { useMemo, useState } from 'react';
import { Chart, Key } from './chart';
import type { Series } from './echarts';

export type { Series } from './echarts';

/** Figures over time; a bucket without data is a gap. */
export function TimeChart(props: {
  label: string;
  name: string;
  buckets: readonly string[];
  series: readonly Series[];
  kind: 'stack' | 'line';
  height: number;
  format: (value: number) => string;
  /** How the axis writes a figure, where it differs. */
  axis?: (value: number) => string;
  /** Buckets of open months, which are drawn lighter. */
  open?: ReadonlySet<string>;
  onPick?: (bucket: string) => void;
  stale?: boolean;
}) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const { buckets, series, kind, format, axis, open, onPick } = props;
  const content = useMemo(
    () => ({
      kind,
      buckets,
      series: series.filter((each) => !hidden.has(each.name)),
      format,
      axis: axis ?? format,
      open: open ?? new Set<string>(),
    }),
    [kind, buckets, series, hidden, format, axis, open],
  );
  const toggle = (name: string) =>
    setHidden((former) => {
      const next = new Set(former);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  return (
    <Chart
      label={props.label}
      name={props.name}
      height={props.height}
      content={content}
      stale={props.stale}
      onPick={
        onPick &&
        ((at) => {
          const bucket = buckets[at];
          if (bucket) onPick(bucket);
        })
      }
      legend={series.map((each) => (
        <button
          key={each.name}
          type="button"
          aria-pressed={!hidden.has(each.name)}
          className={hidden.has(each.name) ? 'legend-item off' : 'legend-item'}
          onClick={() => toggle(each.name)}
        >
          <Key name={each.name} colour={each.colour} />
        </button>
      ))}
    />
  );
}
