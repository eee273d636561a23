import {
  columnVisibilityFeature,
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
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { GridTools } from './grid-tools';

export interface GridColumn<R> {
  id: string;
  title: string;
  kind: 'text' | 'number' | 'picture';
  width: number;
  /** Whether the width follows what the column holds. */
  auto?: boolean;
  /** What is sorted, copied and exported: exact. */
  value: (row: R) => string | number | null;
  /** What is read. */
  text: (row: R) => string;
  cell?: (row: R) => ReactNode;
  tip?: string;
  cellTip?: (row: R) => string;
  tone?: (row: R) => string | undefined;
  onOpen?: (row: R) => void;
  hidden?: boolean;
}

export interface GridProps<R> {
  name: string;
  label: string;
  columns: readonly GridColumn<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  subRows?: (row: R) => readonly R[] | undefined;
  totals?: readonly R[];
  rowClass?: (row: R) => string | undefined;
  levels?: number;
  exports?: { csv: string; xlsx: string };
  tools?: ReactNode;
  stale?: boolean;
  count?: number;
  onEnd?: () => void;
  compact?: boolean;
}

const ROW_HEIGHT = 28;
const features = tableFeatures({
  columnVisibilityFeature,
  rowExpandingFeature,
  rowSortingFeature,
  expandedRowModel: createExpandedRowModel(),
  sortedRowModel: createSortedRowModel(),
});
type Features = typeof features;

/** Order by exact decimals as numbers, else by text; the unknown stands last in both directions. */
function compare(one: string | number | null, other: string | number | null, numeric: boolean) {
  if (one === other) return 0;
  if (numeric) return Number(one) - Number(other);
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

/** A table: sorted, searched, widened, copied, moved through by keys; its rows are virtual. */
export function Grid<R extends object>(props: GridProps<R>) {
  const { columns, rows, name, subRows, rowKey, levels = 1 } = props;
  const { params } = usePlace();
  const query = params.get(`${name}_q`) ?? '';
  const sort = params.get(`${name}_sort`) ?? '';
  const shownParam = params.get(`${name}_columns`);
  const visible = useMemo(() => {
    const wanted = shownParam?.split(',');
    return columns.filter((each, at) =>
      at === 0 ? true : wanted ? wanted.includes(each.id) : !each.hidden,
    );
  }, [columns, shownParam]);
  const found = useMemo(
    () => (query ? matching(rows, query, columns, subRows) : rows),
    [rows, query, columns, subRows],
  );
  const [toggled, setToggled] = useState<{ levels: number; rows: Record<string, boolean> }>({
    levels,
    rows: {},
  });
  const overrides = toggled.levels === levels ? toggled.rows : {};
  const isOpen = (row: Row<Features, R>) =>
    query !== '' || (overrides[row.id] ?? row.depth < levels);
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
  const sorting = sort ? [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }] : [];
  const expanded: ExpandedState = { '': true }; // not empty: `getIsRowExpanded` decides
  const table = useTable({
    features,
    columns: definitions,
    data: found as R[],
    getRowId: rowKey,
    getSubRows: (row: R) => subRows?.(row) as R[] | undefined,
    getIsRowExpanded: isOpen,
    state: { sorting, expanded },
    onSortingChange: () => undefined,
    onExpandedChange: () => undefined,
  });
  const lines = table.getRowModel().rows;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const [active, setActive] = useState<[number, number]>([0, 0]);
  const toggle = useCallback(
    (id: string, open: boolean) =>
      setToggled((former) => ({
        levels,
        rows: { ...(former.levels === levels ? former.rows : {}), [id]: open },
      })),
    [levels],
  );
  const widths = useMemo(
    () => visible.map((each) => (each.auto ? fitted(each, rows) : each.width)),
    [visible, rows],
  );
  const template = visible
    .map((_, at) => (at === 0 ? `minmax(min(${widths[at]}px, 46vw), 1fr)` : `${widths[at]}px`))
    .join(' ');
  const isTree = subRows !== undefined;
  const open = (row: Row<Features, R>, column: number) => {
    const opens = visible[column]?.onOpen;
    if (column === 0 && row.getCanExpand()) toggle(row.id, !isOpen(row));
    else opens?.(row.original);
  };
  const focusCell = (row: number, column: number) => {
    setActive([row, column]);
    virtual.scrollToIndex(row);
    requestAnimationFrame(() =>
      scroller.current
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
    const steps: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + 12, column],
      PageUp: [row - 12, column],
      Home: [row, 0],
      End: [row, visible.length - 1],
    };
    const step = steps[event.key];
    if (event.key === 'Enter' || event.key === ' ') open(line, column);
    else if (event.key === 'ArrowRight' && column === 0 && line.getCanExpand() && !isOpen(line))
      toggle(line.id, true);
    else if (event.key === 'ArrowLeft' && column === 0 && line.getCanExpand() && isOpen(line))
      toggle(line.id, false);
    else if (step)
      focusCell(
        Math.min(lines.length - 1, Math.max(0, step[0])),
        Math.min(visible.length - 1, Math.max(0, step[1])),
      );
    else return;
    event.preventDefault();
  };
  return (
    <div
      className={props.stale ? 'grid-box stale' : 'grid-box'}
      aria-busy={props.stale || undefined}
    >
      <GridTools
        name={name}
        label={props.label}
        columns={columns}
        visible={visible}
        rows={lines.map((each) => ({ row: each.original, depth: each.depth }))}
        totals={props.totals ?? []}
        count={props.count ?? leafCount(rows, subRows)}
        found={query ? leafCount(found, subRows) : (props.count ?? leafCount(rows, subRows))}
        exports={props.exports}
        isTree={isTree}
        levels={levels}
        compact={props.compact}
      >
        {props.tools}
      </GridTools>
      <div
        className={props.compact ? 'grid compact' : 'grid'}
        role={isTree ? 'treegrid' : 'grid'}
        aria-label={props.label}
        aria-rowcount={lines.length + 1}
        aria-colcount={visible.length}
        ref={scroller}
        tabIndex={lines.length === 0 ? 0 : undefined}
        onKeyDown={keys}
        onScroll={(event) => {
          const box = event.currentTarget;
          if (props.onEnd && box.scrollTop + box.clientHeight > box.scrollHeight - 600)
            props.onEnd();
        }}
      >
        <div role="rowgroup" className="grid-head">
          <div role="row" className="grid-row" style={{ gridTemplateColumns: template }}>
            {visible.map((each) => (
              <Header key={each.id} column={each} name={name} sort={sort} />
            ))}
          </div>
        </div>
        <div
          role="rowgroup"
          className="grid-body"
          style={{ height: Math.max(virtual.getTotalSize(), ROW_HEIGHT) }}
        >
          {lines.length === 0 && (
            <div role="row" className="grid-row">
              <div role="gridcell" className="cell quiet">
                {query ? text.table.noMatch : text.states.emptyTitle}
              </div>
            </div>
          )}
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const expands = line.getCanExpand();
            const isExpanded = expands && isOpen(line);
            return (
              <div
                key={line.id}
                role="row"
                aria-rowindex={item.index + 2}
                aria-level={isTree ? line.depth + 1 : undefined}
                aria-expanded={expands ? isExpanded : undefined}
                className={`grid-row line ${expands ? 'group' : ''} ${props.rowClass?.(line.original) ?? ''}`}
                style={{
                  gridTemplateColumns: template,
                  transform: `translateY(${item.start}px)`,
                }}
              >
                {visible.map((each, at) => (
                  <div
                    key={each.id}
                    role={at === 0 ? 'rowheader' : 'gridcell'}
                    data-cell={`${item.index}:${at}`}
                    data-column={each.id}
                    tabIndex={active[0] === item.index && active[1] === at ? 0 : -1}
                    data-tip={each.cellTip?.(line.original) || undefined}
                    className={cellClass(
                      each,
                      line.original,
                      (at === 0 && expands) || !!each.onOpen,
                    )}
                    onClick={() => {
                      setActive([item.index, at]);
                      open(line, at);
                    }}
                  >
                    {at === 0 && isTree && (
                      <span
                        className="indent"
                        style={{ width: line.depth * 16 + (expands ? 0 : 16) }}
                        aria-hidden="true"
                      />
                    )}
                    {at === 0 && expands && (
                      <span className={isExpanded ? 'twist open' : 'twist'} aria-hidden="true" />
                    )}
                    {each.cell ? (
                      each.cell(line.original)
                    ) : (
                      <span className="words">{each.text(line.original)}</span>
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        {props.totals && props.totals.length > 0 && lines.length > 0 && (
          <div role="rowgroup" className="grid-foot">
            {props.totals.map((row) => (
              <div
                key={rowKey(row)}
                role="row"
                className="grid-row total"
                style={{ gridTemplateColumns: template }}
              >
                {visible.map((each, at) => (
                  <div
                    key={each.id}
                    role={at === 0 ? 'rowheader' : 'gridcell'}
                    data-column={each.id}
                    data-tip={each.cellTip?.(row) || undefined}
                    className={cellClass(each, row, at > 0 && !!each.onOpen)}
                    onClick={() => at > 0 && each.onOpen?.(row)}
                  >
                    {each.cell ? each.cell(row) : <span className="words">{each.text(row)}</span>}
                  </div>
                ))}
              </div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

const LETTER = 7.4;

/** A width that holds a column's title and the texts of its first rows. */
function fitted<R>(column: GridColumn<R>, rows: readonly R[]): number {
  const longest = rows
    .slice(0, 200)
    .reduce((most, row) => Math.max(most, column.text(row).length), 0);
  return Math.round(Math.min(300, Math.max(column.title.length + 3, longest + 2, 7) * LETTER + 8));
}

function Header<R>(props: { column: GridColumn<R>; name: string; sort: string }) {
  const { column, sort, name } = props;
  const own = sort.replace(/^-/, '') === column.id;
  const down = own && sort.startsWith('-');
  const next = !own ? (column.kind === 'text' ? column.id : `-${column.id}`) : null;
  const after =
    own && (column.kind === 'text') !== down ? (down ? column.id : `-${column.id}`) : next;
  return (
    <div
      role="columnheader"
      className={column.kind === 'text' ? 'cell' : 'cell numeric'}
      aria-sort={own ? (down ? 'descending' : 'ascending') : 'none'}
    >
      {column.kind === 'picture' ? (
        <span data-tip={column.tip}>{column.title}</span>
      ) : (
        <button
          type="button"
          className="sort"
          data-tip={column.tip}
          onClick={() => setParams({ [`${name}_sort`]: after }, true)}
        >
          <span>{column.title}</span>
          <span className={own ? (down ? 'arrow down' : 'arrow up') : 'arrow'} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

function cellClass<R>(column: GridColumn<R>, row: R, opens: boolean): string {
  const tone = column.tone?.(row);
  return `cell${column.kind === 'text' ? '' : ' numeric'}${opens ? ' opens' : ''}${tone ? ` ${tone}` : ''}`;
}

function leafCount<R>(
  rows: readonly R[],
  subRows: ((row: R) => readonly R[] | undefined) | undefined,
): number {
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
  subRows: ((row: R) => readonly R[] | undefined) | undefined,
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
