import { useMemo } from 'react';
import { Chart } from './chart';
import type { WaterfallStep } from './echarts';

const ROW = 26;

/** From one total to the next, step by step: a step begins where the one before it ended. */
export function Waterfall(props: {
  label: string;
  name: string;
  steps: readonly WaterfallStep[];
  axis: (value: number) => string;
  /** What a click on a bar does, by its place. */
  onPick?: (at: number) => void;
}) {
  const { steps, axis } = props;
  const content = useMemo(() => ({ kind: 'waterfall' as const, steps, axis }), [steps, axis]);
  return (
    <Chart
      label={props.label}
      name={props.name}
      height={steps.length * ROW + 36}
      content={content}
      onPick={props.onPick}
    />
  );
}
