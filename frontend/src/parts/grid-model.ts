// The rows of a table: found, sorted and opened. It changes when these do, never by scrolling.
import {
  createExpandedRowModel,
  createSortedRowModel,
  rowExpandingFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
  type ExpandedState,
  type Row,
} from '@tanstack/react-table';
import { useCallback, useMemo, useState } from 'react';
import type { GridColumn, GridProps, SubRows } from './grid-types';

const features = tableFeatures({
  rowExpandingFeature,
  rowSortingFeature,
  expandedRowModel: createExpandedRowModel(),
  sortedRowModel: createSortedRowModel(),
});
type Features = typeof features;
export type GridLine<R> = Row<Features, R & object>;

const LETTER = 7.4;

export interface GridModel<R> {
  lines: readonly GridLine<R>[];
  isOpen: (line: GridLine<R>) => boolean;
  toggle: (id: string, open: boolean) => void;
  /** Rows without rows below them: all, and those that the search leaves. */
  count: number;
  found: number;
}

/** Take the rows through search, sort and what is open. */
export function useGridModel<R extends object>(
  props: GridProps<R>,
  query: string,
  sort: string,
): GridModel<R> {
  const { columns, rows, subRows, levels = 1 } = props;
  const kept = useMemo(
    () => (query ? matching(rows, query, columns, subRows) : rows),
    [rows, query, columns, subRows],
  );
  const [toggled, setToggled] = useState<{ levels: number; rows: Record<string, boolean> }>({
    levels,
    rows: {},
  });
  const toggle = useCallback(
    (id: string, open: boolean) =>
      setToggled((former) => ({
        levels,
        rows: { ...(former.levels === levels ? former.rows : {}), [id]: open },
      })),
    [levels],
  );
  const isOpen = useCallback(
    (line: GridLine<R>) =>
      query !== '' ||
      ((toggled.levels === levels ? toggled.rows[line.id] : undefined) ?? line.depth < levels),
    [query, toggled, levels],
  );
  const definitions = useMemo<ColumnDef<Features, R>[]>(
    () =>
      columns.map((each) => ({
        id: each.id,
        accessorFn: (row: R) => each.value(row) ?? undefined,
        sortUndefined: 'last' as const,
        sortFn: (one: Row<Features, R>, other: Row<Features, R>) =>
          compare(each.value(one.original), each.value(other.original), each.kind !== 'text'),
      })),
    [columns],
  );
  const sorting = useMemo(
    () => (sort ? [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }] : []),
    [sort],
  );
  // `isOpen` decides; the state is another one whenever it may decide otherwise
  const expanded = useMemo<ExpandedState>(() => ({ '': isOpen !== null }), [isOpen]);
  const table = useTable({
    features,
    columns: definitions,
    data: kept as R[],
    getRowId: props.rowKey,
    getSubRows: (row: R) => subRows?.(row) as R[] | undefined,
    getIsRowExpanded: isOpen,
    state: { sorting, expanded },
    onSortingChange: () => undefined,
    onExpandedChange: () => undefined,
  });
  const count = useMemo(() => leafCount(rows, subRows), [rows, subRows]);
  const found = useMemo(() => leafCount(kept, subRows), [kept, subRows]);
  return { lines: table.getRowModel().rows, isOpen, toggle, count, found };
}

export interface Layout {
  /** The tracks of every row: what is left over goes to all columns, more of it to the names. */
  template: string;
  /** The least width of a row. */
  least: string;
}

/** The columns' widths as tracks of a grid. */
export function layoutOf<R>(columns: readonly GridColumn<R>[], rows: readonly R[]): Layout {
  const widths = columns.map((each, at) =>
    each.auto ? fitted(each, rows, at === 0 ? 420 : 300) : each.width,
  );
  const names = `min(${widths[0] ?? 0}px, 46vw)`;
  const [first = 0, ...others] = widths;
  return {
    template: [
      `minmax(${names}, ${first * 1.5}fr)`,
      ...others.map((width) => `minmax(${width}px, ${width}fr)`),
    ].join(' '),
    least: `calc(${names} + ${others.reduce((sum, each) => sum + each, 0)}px)`,
  };
}

/** A width that holds a column's title and the texts of its first rows. */
function fitted<R>(column: GridColumn<R>, rows: readonly R[], most: number): number {
  const longest = rows
    .slice(0, 200)
    .reduce((length, row) => Math.max(length, column.text(row).length), 0);
  return Math.round(Math.min(most, Math.max(column.title.length + 4, longest + 3, 7) * LETTER + 8));
}

/** Order by exact decimals as numbers, else by text; the unknown stands last in both directions. */
function compare(one: string | number | null, other: string | number | null, numeric: boolean) {
  if (one === other) return 0;
  if (numeric) return Number(one) - Number(other);
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

function leafCount<R>(rows: readonly R[], subRows: SubRows<R> | undefined): number {
  if (!subRows) return rows.length;
  return rows.reduce((sum, row) => {
    const below = subRows(row);
    return sum + (below && below.length > 0 ? leafCount(below, subRows) : 1);
  }, 0);
}

/** The rows whose text holds every word, with the groups around them. */
function matching<R extends object>(
  rows: readonly R[],
  query: string,
  columns: readonly GridColumn<R>[],
  subRows: SubRows<R> | undefined,
): readonly R[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const texts = columns.filter((each) => each.kind === 'text');
  const holds = (row: R, above: string): boolean => {
    const own = `${above} ${texts.map((each) => each.text(row)).join(' ')}`.toLocaleLowerCase();
    return (
      words.every((word) => own.includes(word)) ||
      (subRows?.(row) ?? []).some((below) => holds(below, own))
    );
  };
  const narrowed = (list: readonly R[], above: string): R[] =>
    list
      .filter((row) => holds(row, above))
      .map((row) => {
        const below = subRows?.(row);
        if (!below || below.length === 0) return row;
        const own = `${above} ${texts.map((each) => each.text(row)).join(' ')}`;
        const copy = Object.create(row) as R & { below: readonly R[] };
        copy.below = narrowed(below, own);
        return copy;
      });
  return narrowed(rows, '');
}
