import { useEffect, useRef, type ReactNode } from 'react';
import { saved } from '../lib/files';
import { useDark } from '../lib/theme';
import { text } from '../text';
import type { ChartContent, Drawing } from './echarts';

/** A chart with its legend and its PNG. The code that draws is loaded when it is needed. */
export function Chart(props: {
  label: string;
  name: string;
  height: number;
  /** What is drawn; kept by its maker until it changes. */
  content: ChartContent;
  legend?: ReactNode;
  onPick?: (at: number) => void;
  stale?: boolean;
}) {
  const { content } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const pick = useRef(props.onPick);
  const dark = useDark();
  useEffect(() => {
    pick.current = props.onPick;
  });
  useEffect(() => {
    let wanted = true;
    void import('./echarts').then((parts) => {
      if (!wanted || !box.current) return;
      drawing.current ??= parts.drawing(box.current, (at) => pick.current?.(at));
      drawing.current.show(content);
    });
    return () => {
      wanted = false;
    };
  }, [content, dark]);
  useEffect(
    () => () => {
      drawing.current?.close();
      drawing.current = null;
    },
    [],
  );
  return (
    <figure className={props.stale ? 'chart stale' : 'chart'} aria-label={props.label}>
      <div ref={box} className="chart-box" style={{ height: props.height }} aria-hidden="true" />
      <figcaption className={props.legend ? 'legend' : 'legend short'}>
        {props.legend}
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

/** What a colour of a chart means. */
export function Key(props: { name: string; colour: string; faint?: boolean }) {
  return (
    <>
      <svg width="10" height="10" aria-hidden="true">
        <rect width="10" height="10" fill={props.colour} opacity={props.faint ? 0.28 : 1} />
      </svg>
      {props.name}
    </>
  );
}
