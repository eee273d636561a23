// A table as a picture: what is seen, drawn on a canvas, for a slide or a message.

interface PictureColumn<R> {
  title: string;
  kind: string;
  width: number;
  text: (row: R) => string;
}

const ROW = 26;
const MOST_ROWS = 300;
const PADDING = 16;

export function tablePicture<R>(
  title: string,
  columns: readonly PictureColumn<R>[],
  rows: readonly { row: R; depth: number }[],
  totals: readonly R[],
): string {
  const shown = columns.filter((each) => each.kind !== 'picture');
  const widths = shown.map((each, at) => (at === 0 ? 360 : each.width + 16));
  const lines = [
    ...rows.slice(0, MOST_ROWS),
    ...totals.map((row) => ({ row, depth: 0, total: true })),
  ];
  const canvas = document.createElement('canvas');
  const width = widths.reduce((sum, each) => sum + each, 0) + 2 * PADDING;
  const height = (lines.length + 2) * ROW + 2 * PADDING;
  const scale = Math.min(2, 8000 / height);
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas.toDataURL();
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  pen.scale(scale, scale);
  pen.fillStyle = colour('--paper');
  pen.fillRect(0, 0, width, height);
  const font = getComputedStyle(document.body).fontFamily;
  const write = (words: string, at: number, y: number, indent: number, bold: boolean) => {
    const left = PADDING + widths.slice(0, at).reduce((sum, each) => sum + each, 0);
    const room = (widths[at] ?? 0) - 12 - indent;
    pen.font = `${bold ? 600 : 400} 13px ${font}`;
    const right = shown[at]?.kind !== 'text';
    pen.textAlign = right ? 'right' : 'left';
    pen.fillText(
      fitted(pen, words, room),
      right ? left + (widths[at] ?? 0) - 4 : left + indent,
      y + ROW * 0.66,
    );
  };
  pen.fillStyle = colour('--ink');
  pen.font = `600 14px ${font}`;
  pen.fillText(title, PADDING, PADDING + ROW * 0.6);
  let y = PADDING + ROW;
  shown.forEach((each, at) => write(each.title, at, y, 0, true));
  const rule = () => {
    pen.fillStyle = colour('--line-strong');
    pen.fillRect(PADDING, y, width - 2 * PADDING, 1);
    pen.fillStyle = colour('--ink');
  };
  y += ROW;
  rule();
  for (const line of lines) {
    const total = 'total' in line;
    if (total) rule();
    shown.forEach((each, at) =>
      write(each.text(line.row), at, y, at === 0 ? line.depth * 16 : 0, total),
    );
    y += ROW;
  }
  return canvas.toDataURL('image/png');
}

function fitted(pen: CanvasRenderingContext2D, words: string, room: number): string {
  if (pen.measureText(words).width <= room) return words;
  let cut = words;
  while (cut.length > 1 && pen.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}
