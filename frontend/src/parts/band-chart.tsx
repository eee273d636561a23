import { useMemo } from 'react';
import { Chart, Key } from './chart';
import type { Band, Series } from './echarts';

/** Lines over time within bands: a bucket without data is a gap in each. */
export function BandChart(props: {
  label: string;
  name: string;
  buckets: readonly string[];
  lines: readonly Series[];
  /** From the widest to the narrowest: each is drawn over the one before. */
  bands: readonly Band[];
  height: number;
  format: (value: number) => string;
  stale?: boolean;
}) {
  const { buckets, lines, bands, format } = props;
  const content = useMemo(
    () => ({ kind: 'band' as const, buckets, series: lines, bands, format, axis: format }),
    [buckets, lines, bands, format],
  );
  return (
    <Chart
      label={props.label}
      name={props.name}
      height={props.height}
      content={content}
      stale={props.stale}
      legend={[
        ...lines.map((each) => (
          <span key={each.name} className="legend-item">
            <Key name={each.name} colour={each.colour} />
          </span>
        )),
        ...bands.map((each) => (
          <span key={each.name} className="legend-item">
            <Key name={each.name} colour={each.colour} faint />
          </span>
        )),
      ]}
    />
  );
}
