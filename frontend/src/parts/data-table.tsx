import { useMemo, type ReactNode } from 'react';
import { api, useApi, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { sourceOf, useHub } from '../lib/hub';
import { Grid } from './grid';
import { Empty, Failure, Waiting } from './states';

export type RowOf<T> = (row: TableRow, columns: readonly string[]) => T;

interface Shown {
  name: string;
  label: string;
  first?: readonly string[];
  tools?: ReactNode;
  rowClass?: RowOf<string | undefined>;
  onOpen?: RowOf<void>;
  keep?: RowOf<boolean>;
  compact?: boolean;
}

/** An answer as a table: what it shows first, and what a row leads to. */
export function AnswerTable(
  props: Shown & {
    answer: TableAnswer;
    stale?: boolean;
    exports?: { csv: string; xlsx: string };
  },
) {
  const { answer, first, onOpen, keep, rowClass } = props;
  const hub = useHub();
  const names = useMemo(() => answer.columns.map((each) => each.name), [answer]);
  const columns = useMemo(
    () =>
      gridColumns(answer.columns, {
        first,
        source: sourceOf(hub),
        onOpen: onOpen && ((row) => onOpen(row, names)),
      }),
    [answer, first, onOpen, names, hub],
  );
  const rows = useMemo(() => {
    const all = tableRows(answer.rows);
    return keep ? all.filter((row) => keep(row, names)) : all;
  }, [answer, keep, names]);
  return (
    <Grid<TableRow>
      name={props.name}
      label={props.label}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      rowClass={rowClass && ((row) => rowClass(row, names))}
      stale={props.stale}
      tools={props.tools}
      compact={props.compact}
      exports={props.exports}
    />
  );
}

/** A table of the API, whole; `name` is its name there, and unless `grid` is given, in the address. */
export function DataTable(
  props: Shown & {
    /** The heading, where the table is the whole page. */
    page?: string;
    params?: URLSearchParams;
    grid?: string;
    emptyTitle?: string;
    emptyHelp?: string;
  },
) {
  const { name } = props;
  const asked = props.params ?? NONE;
  const answer = useTable(name, asked);
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
    <AnswerTable
      {...props}
      name={props.grid ?? name}
      answer={answer.data}
      stale={answer.stale}
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
