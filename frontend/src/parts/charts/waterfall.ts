// From total to total: every step a bar that begins where the one before it ended.
import { frame, tipElement, type Ink } from './ink';

export interface WaterfallStep {
  name: string;
  /** The height of a total, the movement of a step; a float, for drawing only. */
  value: number;
  /** What is read beside the bar, and all digits of it. */
  shown: string;
  exact: string;
  isTotal: boolean;
}

export interface WaterfallContent {
  kind: 'waterfall';
  steps: readonly WaterfallStep[];
  axis: (value: number) => string;
}

const NARROW = 520;
const LETTER = 6.8;

export function waterfallOptions(content: WaterfallContent, ink: Ink, width: number) {
  const { steps } = content;
  const spans = spansOf(steps);
  const room = LETTER * Math.max(...steps.map((each) => each.shown.length)) + 8;
  const common = {
    type: 'bar' as const,
    stack: 'all',
    barCategoryGap: '32%',
    emphasis: { disabled: true },
  };
  const labels = {
    type: 'category' as const,
    inverse: true,
    axisTick: { show: false },
    axisLine: { show: false },
  };
  const coloured = (at: number) => ({
    color: steps[at]?.isTotal ? ink.quiet : ink.accent,
    opacity: steps[at]?.isTotal || (steps[at]?.value ?? 0) >= 0 ? 1 : 0.5,
  });
  const bars = (values: readonly number[]) =>
    values.map((value, at) => ({ value, itemStyle: coloured(at) }));
  return {
    ...frame(ink, (at) => {
      const step = steps[at];
      if (!step) return '';
      const colour = step.isTotal ? ink.quiet : ink.accent;
      return tipElement(step.name, [{ name: '', colour, figure: step.exact }]);
    }),
    xAxis: {
      type: 'value' as const,
      splitNumber: width < NARROW ? 2 : 4,
      splitLine: { lineStyle: { color: ink.line } },
      axisLabel: { color: ink.quiet, formatter: content.axis, hideOverlap: true },
    },
    yAxis: [
      {
        ...labels,
        data: steps.map((each) => each.name),
        axisLabel: {
          color: (_: unknown, at = 0) => (steps[at]?.isTotal ? ink.ink : ink.quiet),
          interval: 0,
          ...(width < NARROW ? { width: 104, overflow: 'truncate' as const } : {}),
        },
      },
      {
        ...labels,
        position: 'right' as const,
        data: steps.map((each) => each.shown),
        axisLabel: { color: ink.ink, interval: 0, align: 'right' as const, margin: room },
      },
    ],
    series: [
      {
        ...common,
        silent: true,
        itemStyle: { color: 'transparent' },
        data: spans.map((each) => each.hidden),
      },
      { ...common, data: bars(spans.map((each) => each.above)) },
      { ...common, data: bars(spans.map((each) => each.below)) },
    ],
  };
}

/** Each bar as a hidden foot, and what of it is above and below zero. */
function spansOf(steps: readonly WaterfallStep[]) {
  let level = 0;
  return steps.map((each) => {
    const from = each.isTotal ? 0 : level;
    level = each.isTotal ? each.value : level + each.value;
    const [low, high] = [Math.min(from, level), Math.max(from, level)];
    return {
      hidden: low > 0 ? low : Math.min(high, 0),
      above: Math.max(high, 0) - Math.max(low, 0),
      below: Math.min(low, 0) - Math.min(high, 0),
    };
  });
}
