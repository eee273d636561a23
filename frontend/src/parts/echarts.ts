// ECharts, and only the parts that are used; `time-chart` loads this file when it draws.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

export interface Series {
  name: string;
  colour: string;
  values: readonly (number | null)[];
}

export interface ChartContent {
  buckets: readonly string[];
  series: readonly Series[];
  kind: 'stack' | 'line';
  format: (value: number) => string;
  axis: (value: number) => string;
  open: ReadonlySet<string>;
  dark: boolean;
}

export interface Drawing {
  show: (content: ChartContent) => void;
  picture: () => string;
  close: () => void;
}

register([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** A chart in a box; a click on a bucket is told. */
export function drawing(box: HTMLElement, onPick: (bucket: string) => void): Drawing {
  const chart = init(box);
  const resize = new ResizeObserver(() => chart.resize());
  resize.observe(box);
  let content: ChartContent | undefined;
  chart.getZr().on('click', (event) => {
    const bucket = content?.buckets[bucketAt(chart, event.offsetX, event.offsetY)];
    if (bucket) onPick(bucket);
  });
  return {
    show: (next) => {
      content = next;
      chart.setOption(options(next, box), { notMerge: true });
    },
    picture: () => chart.getDataURL({ pixelRatio: 2, backgroundColor: colour(box, '--paper') }),
    close: () => {
      resize.disconnect();
      chart.dispose();
    },
  };
}

function bucketAt(chart: ECharts, x: number, y: number): number {
  if (!chart.containPixel('grid', [x, y])) return -1;
  const at = chart.convertFromPixel('grid', [x, y])[0];
  return typeof at === 'number' ? Math.round(at) : -1;
}

function colour(box: HTMLElement, name: string): string {
  return getComputedStyle(box).getPropertyValue(name).trim();
}

function options(content: ChartContent, box: HTMLElement) {
  const { buckets, series } = content;
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const quiet = colour(box, '--quiet');
  const font = getComputedStyle(box).fontFamily;
  return {
    animation: !still,
    animationDuration: 120,
    animationDurationUpdate: 120,
    textStyle: { fontFamily: font, fontSize: 12, color: quiet },
    grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'axis' as const,
      confine: true,
      className: 'chart-tip',
      transitionDuration: 0,
      backgroundColor: colour(box, '--paper'),
      borderColor: colour(box, '--line-strong'),
      textStyle: { color: colour(box, '--ink'), fontSize: 12, fontFamily: font },
      formatter: (points: unknown) => tooltip(points, content),
    },
    xAxis: {
      type: 'category' as const,
      data: [...buckets],
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour(box, '--line-strong') } },
      axisLabel: { color: quiet, hideOverlap: true, formatter: shortBucket },
    },
    yAxis: {
      type: 'value' as const,
      splitNumber: 4,
      splitLine: { lineStyle: { color: colour(box, '--line') } },
      axisLabel: { color: quiet, formatter: (value: number) => content.axis(value) },
    },
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
              itemStyle: content.open.has(buckets[at] ?? '') ? { opacity: 0.55 } : {},
            })),
          }
        : {
            type: 'line' as const,
            name: each.name,
            symbol: 'circle',
            symbolSize: buckets.length > 40 ? 0 : 4,
            lineStyle: { width: 1.5, color: each.colour },
            itemStyle: { color: each.colour },
            emphasis: { disabled: true },
            connectNulls: false,
            data: [...each.values],
          },
    ),
  };
}

function shortBucket(bucket: string): string {
  return bucket.length === 10 ? bucket.slice(5) : bucket;
}

/** The tooltip as elements: the page allows no inline style in markup. */
function tooltip(points: unknown, content: ChartContent): HTMLElement {
  const list = (Array.isArray(points) ? points : [points]) as {
    axisValue: string;
    dataIndex: number;
  }[];
  const at = list[0]?.dataIndex ?? -1;
  const root = document.createElement('div');
  const title = document.createElement('strong');
  title.textContent = content.buckets[at] ?? '';
  root.append(title);
  const rows = content.series
    .map((each) => ({ each, value: each.values[at] }))
    .filter((row): row is { each: Series; value: number } => typeof row.value === 'number')
    .sort((one, other) => other.value - one.value);
  for (const { each, value } of rows.slice(0, 14)) {
    const row = document.createElement('div');
    row.className = 'chart-tip-row';
    const mark = document.createElement('i');
    mark.style.background = each.colour;
    const name = document.createElement('span');
    name.textContent = each.name;
    const figure = document.createElement('b');
    figure.textContent = content.format(value);
    row.append(mark, name, figure);
    root.append(row);
  }
  return root;
}
