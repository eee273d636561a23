// Lines over time within bands, each from a low to a high.
import { frame, timeAxes, tipElement, type Ink } from './ink';
import { lineOf, type Series } from './time';

export interface Band {
  name: string;
  colour: string;
  low: readonly (number | null)[];
  high: readonly (number | null)[];
}

export interface BandContent {
  kind: 'band';
  buckets: readonly string[];
  series: readonly Series[];
  bands: readonly Band[];
  format: (value: number) => string;
  axis: (value: number) => string;
}

export function bandOptions(content: BandContent, ink: Ink) {
  const { buckets } = content;
  return {
    ...frame(ink, (at) => tipElement(buckets[at] ?? '', tipRows(content, at))),
    ...timeAxes(ink, buckets, content.axis),
    series: [
      ...content.bands.flatMap((each, at) => areaOf(each, at)),
      ...content.series.map((each) => lineOf(each, buckets.length)),
    ],
  };
}

/** A band as an unseen line at its low and, stacked on it, an area as high as the band. */
function areaOf(band: Band, at: number) {
  const whole = band.low.map((low, index) => {
    const high = band.high[index];
    return typeof low === 'number' && typeof high === 'number' ? high - low : null;
  });
  const common = {
    type: 'line' as const,
    name: band.name,
    stack: `band ${at}`,
    stackStrategy: 'all' as const,
    symbol: 'none',
    emphasis: { disabled: true },
    connectNulls: false,
    silent: true,
  };
  return [
    {
      ...common,
      lineStyle: { width: 0 },
      data: band.low.map((low, index) => (whole[index] === null ? null : low)),
    },
    {
      ...common,
      lineStyle: { width: 0 },
      areaStyle: { color: band.colour, opacity: 0.28 },
      data: whole,
    },
  ];
}

function tipRows(content: BandContent, at: number) {
  const lines = content.series.flatMap((each) => {
    const value = each.values[at];
    return typeof value === 'number'
      ? [{ name: each.name, colour: each.colour, figure: content.format(value) }]
      : [];
  });
  const bands = content.bands.flatMap((each) => {
    const [low, high] = [each.low[at], each.high[at]];
    return typeof low === 'number' && typeof high === 'number'
      ? [
          {
            name: each.name,
            colour: each.colour,
            figure: `${content.format(low)} – ${content.format(high)}`,
          },
        ]
      : [];
  });
  return [...lines, ...bands];
}
