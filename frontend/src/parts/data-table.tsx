import { useMemo, type ReactNode } from 'react';
import { api, useApi, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { sourceOf, useHub } from '../lib/hub';
import { Grid } from './grid';
import { Empty, Failure, Waiting } from './states';

export type RowOf<T> = (row: TableRow, columns: readonly string[]) => T;

/** A table of the API, whole: what it shows first, and what a row leads to. */
export function DataTable(props: {
  /** The table's name in the API, and unless `grid` is given, in the address. */
  name: string;
  label: string;
  /** The heading, where the table is the whole page. */
  page?: string;
  first?: readonly string[];
  params?: URLSearchParams;
  grid?: string;
  tools?: ReactNode;
  emptyTitle?: string;
  emptyHelp?: string;
  rowClass?: RowOf<string | undefined>;
  onOpen?: RowOf<void>;
  keep?: RowOf<boolean>;
  compact?: boolean;
}) {
  const { name, first, onOpen, keep, rowClass } = props;
  const hub = useHub();
  const asked = props.params ?? NONE;
  const answer = useTable(name, asked);
  const names = useMemo(() => answer.data?.columns.map((each) => each.name) ?? [], [answer.data]);
  const columns = useMemo(
    () =>
      gridColumns(answer.data?.columns ?? [], {
        first,
        source: sourceOf(hub),
        onOpen: onOpen && ((row) => onOpen(row, names)),
      }),
    [answer.data, first, onOpen, names, hub],
  );
  const rows = useMemo(() => {
    const all = tableRows(answer.data?.rows ?? []);
    return keep ? all.filter((row) => keep(row, names)) : all;
  }, [answer.data, keep, names]);
  const shown = answer.error ? (
    <Failure error={answer.error} retry={answer.retry} />
  ) : !answer.data ? (
    <Waiting lines={12} height={420} />
  ) : answer.data.total === 0 ? (
    <>
      {props.tools && <div className="tools">{props.tools}</div>}
      <Empty title={props.emptyTitle} help={props.emptyHelp} />
    </>
  ) : (
    <Grid<TableRow>
      name={props.grid ?? name}
      label={props.label}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      rowClass={rowClass && ((row) => rowClass(row, names))}
      stale={answer.stale}
      tools={props.tools}
      compact={props.compact}
      exports={{ csv: api(`${name}.csv`, asked), xlsx: api(`${name}.xlsx`, asked) }}
    />
  );
  return (
    <>
      {props.page && <h1 className="visually-hidden">{props.page}</h1>}
      {shown}
    </>
  );
}

/** The rows of a table of the API, up to as many as the API gives at once. */
export function useTable(name: string, params: URLSearchParams) {
  const query = new URLSearchParams(params);
  query.set('limit', '10000');
  return useApi<TableAnswer>(api(name, query));
}

const NONE = new URLSearchParams();
const keyOf = (row: TableRow) => row.key;
