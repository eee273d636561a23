import { useMemo, type ReactNode } from 'react';
import { api, useApi, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { sourceOf, useHub } from '../lib/hub';
import { Grid } from './grid';
import { Empty, Failure, Waiting } from './states';

/** A table of the API, whole: what it shows first, and what a row leads to. */
export function TableView(props: {
  name: string;
  label: string;
  first?: readonly string[];
  params?: URLSearchParams;
  tools?: ReactNode;
  emptyTitle?: string;
  emptyHelp?: string;
  rowClass?: (row: TableRow, columns: readonly string[]) => string | undefined;
  onOpen?: (row: TableRow, columns: readonly string[]) => void;
  keep?: (row: TableRow, columns: readonly string[]) => boolean;
}) {
  const { name, first, onOpen, keep, rowClass } = props;
  const hub = useHub();
  const query = new URLSearchParams(props.params);
  query.set('limit', '10000');
  const answer = useApi<TableAnswer>(api(name, query));
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
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={12} height={420} />;
  if (answer.data.total === 0)
    return (
      <>
        {props.tools && <div className="tools">{props.tools}</div>}
        <Empty title={props.emptyTitle} help={props.emptyHelp} />
      </>
    );
  return (
    <Grid<TableRow>
      name={name}
      label={props.label}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      rowClass={rowClass && ((row) => rowClass(row, names))}
      stale={answer.stale}
      tools={props.tools}
      exports={{
        csv: api(`${name}.csv`, props.params ?? new URLSearchParams()),
        xlsx: api(`${name}.xlsx`, props.params ?? new URLSearchParams()),
      }}
    />
  );
}

const keyOf = (row: TableRow) => row.key;
