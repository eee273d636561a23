import { useEffect, useRef, useState } from 'react';
import { saved } from '../lib/files';
import { useDark } from '../lib/theme';
import { text } from '../text';
import type { Drawing, Series } from './echarts';

export type { Series } from './echarts';

interface Props {
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
}

/** Figures over time; a bucket without data is a gap. The code that draws is loaded when needed. */
export function TimeChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const dark = useDark();
  const pick = useRef(props.onPick);
  useEffect(() => {
    pick.current = props.onPick;
  });
  const { buckets, series, kind, format, axis, open } = props;
  useEffect(() => {
    let wanted = true;
    void import('./echarts').then((parts) => {
      if (!wanted || !box.current) return;
      drawing.current ??= parts.drawing(box.current, (bucket) => pick.current?.(bucket));
      drawing.current.show({
        buckets,
        series: series.filter((each) => !hidden.has(each.name)),
        kind,
        format,
        axis: axis ?? format,
        open: open ?? new Set(),
        dark,
      });
    });
    return () => {
      wanted = false;
    };
  }, [buckets, series, kind, format, axis, open, dark, hidden]);
  useEffect(
    () => () => {
      drawing.current?.close();
      drawing.current = null;
    },
    [],
  );
  const toggle = (name: string) =>
    setHidden((former) => {
      const next = new Set(former);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  return (
    <figure className={props.stale ? 'chart stale' : 'chart'} aria-label={props.label}>
      <div ref={box} className="chart-box" style={{ height: props.height }} aria-hidden="true" />
      <figcaption className="legend">
        {series.map((each) => (
          <button
            key={each.name}
            type="button"
            aria-pressed={!hidden.has(each.name)}
            className={hidden.has(each.name) ? 'legend-item off' : 'legend-item'}
            onClick={() => toggle(each.name)}
          >
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" fill={each.colour} />
            </svg>
            {each.name}
          </button>
        ))}
        <button
          type="button"
          className="button png"
          onClick={() => {
            const url = drawing.current?.picture();
            if (url) saved(url, `pertoken-${props.name}.png`);
          }}
        >
          {text.table.png}
        </button>
      </figcaption>
    </figure>
  );
}
