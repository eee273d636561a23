import { useMemo, useState } from 'react';
import { usePlace } from '../lib/url';
import { text } from '../text';
import { GridBody } from './grid-body';
import { GridHead } from './grid-head';
import { layoutOf, useGridModel } from './grid-model';
import { TotalRow } from './grid-row';
import { GridTools } from './grid-tools';
import type { GridProps } from './grid-types';

export type { GridColumn, GridProps } from './grid-types';

const NEAR_END = 600;

/** A table: sorted, searched, widened, copied, moved through by keys; its rows are virtual. */
export function Grid<R extends object>(props: GridProps<R>) {
  const { columns, rows, name, subRows, levels = 1, totals = [] } = props;
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
  const model = useGridModel(props, query, sort);
  const { lines } = model;
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const layout = useMemo(() => layoutOf(visible, rows), [visible, rows]);
  const shown = useMemo(
    () => lines.map((each) => ({ row: each.original as R, depth: each.depth })),
    [lines],
  );
  const isTree = subRows !== undefined;
  const count = props.count ?? model.count;
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
        rows={shown}
        totals={totals}
        count={count}
        found={query ? model.found : count}
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
        ref={setScroller}
        tabIndex={lines.length === 0 ? 0 : undefined}
        onScroll={(event) => {
          const box = event.currentTarget;
          if (props.onEnd && box.scrollTop + box.clientHeight > box.scrollHeight - NEAR_END)
            props.onEnd();
        }}
      >
        <GridHead columns={visible} layout={layout} name={name} sort={sort} />
        <GridBody
          model={model}
          columns={visible}
          layout={layout}
          scroller={scroller}
          isTree={isTree}
          rowClass={props.rowClass}
          empty={query ? text.table.noMatch : text.states.emptyTitle}
        />
        {totals.length > 0 && lines.length > 0 && (
          <div role="rowgroup" className="grid-foot" style={{ minWidth: layout.least }}>
            {totals.map((row) => (
              <TotalRow
                key={props.rowKey(row)}
                row={row}
                columns={visible}
                template={layout.template}
              />
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
