// What every chart has in common: the page's ink, its tooltip, and what does not move.

export interface Ink {
  paper: string;
  ink: string;
  quiet: string;
  line: string;
  strong: string;
  accent: string;
  font: string;
  still: boolean;
}

/** The colours and the font of the page where the chart stands. */
export function inkOf(box: HTMLElement): Ink {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    paper: colour('--paper'),
    ink: colour('--ink'),
    quiet: colour('--quiet'),
    line: colour('--line'),
    strong: colour('--line-strong'),
    accent: colour('--accent'),
    font: style.fontFamily,
    still: window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
}

/** The options of every chart, with a tooltip by the place of the category axis. */
export function frame(ink: Ink, tooltip: (at: number) => HTMLElement | string) {
  return {
    animation: !ink.still,
    animationDuration: 120,
    animationDurationUpdate: 120,
    textStyle: { fontFamily: ink.font, fontSize: 12, color: ink.quiet },
    grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'axis' as const,
      confine: true,
      className: 'chart-tip',
      transitionDuration: 0,
      backgroundColor: ink.paper,
      borderColor: ink.strong,
      textStyle: { color: ink.ink, fontSize: 12, fontFamily: ink.font },
      formatter: (points: unknown) => {
        const list = (Array.isArray(points) ? points : [points]) as { dataIndex: number }[];
        return tooltip(list[0]?.dataIndex ?? -1);
      },
    },
  };
}

/** The buckets below, figures at the left. */
export function timeAxes(ink: Ink, buckets: readonly string[], axis: (value: number) => string) {
  return {
    xAxis: {
      type: 'category' as const,
      data: [...buckets],
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ink.strong } },
      axisLabel: { color: ink.quiet, hideOverlap: true, formatter: shortBucket },
    },
    yAxis: {
      type: 'value' as const,
      splitNumber: 4,
      splitLine: { lineStyle: { color: ink.line } },
      axisLabel: { color: ink.quiet, formatter: axis },
    },
  };
}

function shortBucket(bucket: string): string {
  return bucket.length === 10 ? bucket.slice(5) : bucket;
}

/** A tooltip as elements: the page allows no inline style in markup. */
export function tipElement(
  title: string,
  rows: readonly { name: string; colour: string; figure: string }[],
): HTMLElement {
  const root = document.createElement('div');
  const head = document.createElement('strong');
  head.textContent = title;
  root.append(head);
  for (const each of rows) {
    const row = document.createElement('div');
    row.className = 'chart-tip-row';
    const mark = document.createElement('i');
    mark.style.background = each.colour;
    const name = document.createElement('span');
    name.textContent = each.name;
    const figure = document.createElement('b');
    figure.textContent = each.figure;
    row.append(mark, name, figure);
    root.append(row);
  }
  return root;
}
