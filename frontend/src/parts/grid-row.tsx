import { memo, type CSSProperties } from 'react';
import type { GridColumn } from './grid-types';

interface Props<R> {
  row: R;
  index: number;
  depth: number;
  start: number;
  columns: readonly GridColumn<R>[];
  template: string;
  isTree: boolean;
  expands: boolean;
  isExpanded: boolean;
  /** The column whose cell takes the keys, where it is in this row. */
  active: number;
  extra: string;
  onOpen: (index: number, column: number) => void;
}

function Line<R>(props: Props<R>) {
  const { row, index, expands, isExpanded, isTree, columns } = props;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-level={isTree ? props.depth + 1 : undefined}
      aria-expanded={expands ? isExpanded : undefined}
      className={`grid-row line ${expands ? 'group' : ''} ${props.extra}`}
      style={{
        gridTemplateColumns: props.template,
        transform: `translateY(${props.start}px)`,
      }}
    >
      {columns.map((each, at) => (
        <div
          key={each.id}
          role={at === 0 ? 'rowheader' : 'gridcell'}
          data-cell={`${index}:${at}`}
          data-column={each.id}
          tabIndex={props.active === at ? 0 : -1}
          data-tip={each.cellTip?.(row) || undefined}
          className={cellClass(each, row, (at === 0 && expands) || !!each.onOpen)}
          onClick={() => props.onOpen(index, at)}
        >
          {at === 0 && isTree && (
            <span
              className="indent"
              style={{ '--depth': props.depth + (expands ? 0 : 1) } as CSSProperties}
              aria-hidden="true"
            />
          )}
          {at === 0 && expands && (
            <span className={isExpanded ? 'twist open' : 'twist'} aria-hidden="true" />
          )}
          <Content column={each} row={row} />
        </div>
      ))}
    </div>
  );
}

/** A row of the body; drawn anew only when something of it changes, not when it is scrolled. */
export const GridRow = memo(Line) as typeof Line;

/** A total below the body. */
export function TotalRow<R>(props: {
  row: R;
  columns: readonly GridColumn<R>[];
  template: string;
}) {
  const { row } = props;
  return (
    <div role="row" className="grid-row total" style={{ gridTemplateColumns: props.template }}>
      {props.columns.map((each, at) => (
        <div
          key={each.id}
          role={at === 0 ? 'rowheader' : 'gridcell'}
          data-column={each.id}
          data-tip={each.cellTip?.(row) || undefined}
          className={cellClass(each, row, at > 0 && !!each.onOpen)}
          onClick={() => at > 0 && each.onOpen?.(row)}
        >
          <Content column={each} row={row} />
        </div>
      ))}
    </div>
  );
}

function Content<R>(props: { column: GridColumn<R>; row: R }) {
  const { column, row } = props;
  return column.cell ? column.cell(row) : <span className="words">{column.text(row)}</span>;
}

function cellClass<R>(column: GridColumn<R>, row: R, opens: boolean): string {
  const tone = column.tone?.(row);
  return `cell${column.kind === 'text' ? '' : ' numeric'}${opens ? ' opens' : ''}${tone ? ` ${tone}` : ''}`;
}
