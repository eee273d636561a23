// ECharts, and only the parts that are used; `chart` loads this file when it draws.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { bandOptions, type BandContent } from './charts/band';
import { inkOf } from './charts/ink';
import { timeOptions, type TimeContent } from './charts/time';
import { waterfallOptions, type WaterfallContent } from './charts/waterfall';

export type { Band } from './charts/band';
export type { Series } from './charts/time';
export type { WaterfallStep } from './charts/waterfall';

export type ChartContent = TimeContent | BandContent | WaterfallContent;

export interface Drawing {
  show: (content: ChartContent) => void;
  picture: () => string;
  close: () => void;
}

register([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** A chart in a box; a click on a place of its category axis is told. */
export function drawing(box: HTMLElement, onPick: (at: number) => void): Drawing {
  const chart = init(box);
  const resize = new ResizeObserver(() => chart.resize());
  resize.observe(box);
  let isUpright = true;
  chart.getZr().on('click', (event) => {
    const at = placeAt(chart, event.offsetX, event.offsetY, isUpright);
    if (at >= 0) onPick(at);
  });
  return {
    show: (content) => {
      isUpright = content.kind !== 'waterfall';
      chart.setOption(options(content, box), { notMerge: true });
    },
    picture: () => chart.getDataURL({ pixelRatio: 2, backgroundColor: inkOf(box).paper }),
    close: () => {
      resize.disconnect();
      chart.dispose();
    },
  };
}

function options(content: ChartContent, box: HTMLElement) {
  const ink = inkOf(box);
  switch (content.kind) {
    case 'waterfall':
      return waterfallOptions(content, ink, box.clientWidth);
    case 'band':
      return bandOptions(content, ink);
    default:
      return timeOptions(content, ink);
  }
}

function placeAt(chart: ECharts, x: number, y: number, isUpright: boolean): number {
  if (!chart.containPixel('grid', [x, y])) return -1;
  const at = chart.convertFromPixel('grid', [x, y])[isUpright ? 0 : 1];
  return typeof at === 'number' ? Math.round(at) : -1;
}
