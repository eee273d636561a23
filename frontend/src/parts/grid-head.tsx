import { setParams } from '../lib/url';
import type { Layout } from './grid-model';
import type { GridColumn } from './grid-types';

/** The titles of a table, each of which sorts by its column. */
export function GridHead<R>(props: {
  columns: readonly GridColumn<R>[];
  layout: Layout;
  name: string;
  sort: string;
}) {
  return (
    <div role="rowgroup" className="grid-head" style={{ minWidth: props.layout.least }}>
      <div role="row" className="grid-row" style={{ gridTemplateColumns: props.layout.template }}>
        {props.columns.map((each) => (
          <Title key={each.id} column={each} name={props.name} sort={props.sort} />
        ))}
      </div>
    </div>
  );
}

function Title<R>(props: { column: GridColumn<R>; name: string; sort: string }) {
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
