import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useState, type KeyboardEvent } from 'react';
import type { GridModel, Layout } from './grid-model';
import { GridRow } from './grid-row';
import type { GridColumn } from './grid-types';

const ROW_HEIGHT = 28;
const OVERSCAN = 16;
const PAGE = 12;

/** The rows that are in sight, and the keys that move through all of them. */
export function GridBody<R extends object>(props: {
  model: GridModel<R>;
  columns: readonly GridColumn<R>[];
  layout: Layout;
  scroller: HTMLElement | null;
  isTree: boolean;
  rowClass?: (row: R) => string | undefined;
  empty: string;
}) {
  const { columns, scroller } = props;
  const { lines, isOpen, toggle } = props.model;
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const [active, setActive] = useState<[number, number]>([0, 0]);
  const open = useCallback(
    (index: number, column: number) => {
      setActive([index, column]);
      const line = lines[index];
      if (!line) return;
      if (column === 0 && line.getCanExpand()) toggle(line.id, !isOpen(line));
      else columns[column]?.onOpen?.(line.original);
    },
    [lines, columns, isOpen, toggle],
  );
  const focusCell = (row: number, column: number) => {
    setActive([row, column]);
    virtual.scrollToIndex(row);
    requestAnimationFrame(() =>
      scroller
        ?.querySelector<HTMLElement>(`[data-cell="${row}:${column}"]`)
        ?.focus({ preventScroll: true }),
    );
  };
  const keys = (event: KeyboardEvent) => {
    const cell = event.target instanceof HTMLElement ? event.target.dataset.cell : undefined;
    if (!cell) return;
    const [row = 0, column = 0] = cell.split(':').map(Number);
    const line = lines[row];
    if (!line) return;
    const step = stepOf(event.key, row, column, columns.length);
    const folds = column === 0 && line.getCanExpand();
    if (event.key === 'Enter' || event.key === ' ') open(row, column);
    else if (event.key === 'ArrowRight' && folds && !isOpen(line)) toggle(line.id, true);
    else if (event.key === 'ArrowLeft' && folds && isOpen(line)) toggle(line.id, false);
    else if (step)
      focusCell(
        Math.min(lines.length - 1, Math.max(0, step[0])),
        Math.min(columns.length - 1, Math.max(0, step[1])),
      );
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="rowgroup"
      className="grid-body"
      style={{
        height: Math.max(virtual.getTotalSize(), ROW_HEIGHT),
        minWidth: props.layout.least,
      }}
      onKeyDown={keys}
    >
      {lines.length === 0 && (
        <div role="row" className="grid-row">
          <div role="gridcell" className="cell quiet">
            {props.empty}
          </div>
        </div>
      )}
      {virtual.getVirtualItems().map((item) => {
        const line = lines[item.index];
        if (!line) return null;
        const expands = line.getCanExpand();
        return (
          <GridRow<R>
            key={line.id}
            row={line.original}
            index={item.index}
            depth={line.depth}
            start={item.start}
            columns={columns}
            template={props.layout.template}
            isTree={props.isTree}
            expands={expands}
            isExpanded={expands && isOpen(line)}
            active={active[0] === item.index ? active[1] : -1}
            extra={props.rowClass?.(line.original) ?? ''}
            onOpen={open}
          />
        );
      })}
    </div>
  );
}

function stepOf(
  key: string,
  row: number,
  column: number,
  columns: number,
): [number, number] | undefined {
  switch (key) {
    case 'ArrowDown':
      return [row + 1, column];
    case 'ArrowUp':
      return [row - 1, column];
    case 'ArrowRight':
      return [row, column + 1];
    case 'ArrowLeft':
      return [row, column - 1];
    case 'PageDown':
      return [row + PAGE, column];
    case 'PageUp':
      return [row - PAGE, column];
    case 'Home':
      return [row, 0];
    case 'End':
      return [row, columns - 1];
    default:
      return undefined;
  }
}
