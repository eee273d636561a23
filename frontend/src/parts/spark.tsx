import { memo } from 'react';

const WIDTH = 96;
const HEIGHT = 20;

/** A line of a period, broken where the hub has no data at all. */
export const Spark = memo(function Spark(props: { values: readonly (number | null)[] }) {
  const known = props.values.filter((each): each is number => each !== null);
  if (known.length < 2) return null;
  const most = Math.max(...known, 0);
  const least = Math.min(...known, 0);
  const span = most - least || 1;
  const step = (WIDTH - 2) / Math.max(1, props.values.length - 1);
  let path = '';
  let drawing = false;
  props.values.forEach((value, at) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const x = (1 + at * step).toFixed(1);
    const y = (HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4)).toFixed(1);
    path += `${drawing ? 'L' : 'M'}${x} ${y}`;
    drawing = true;
  });
  return (
    <svg className="spark" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={path} />
    </svg>
  );
});
