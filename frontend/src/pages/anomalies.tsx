import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { useTable } from '../parts/data-table';
import { Grid, type GridColumn } from '../parts/grid';
import { Empty, Failure, Waiting } from '../parts/states';
import { api, type TableAnswer } from '../lib/api';
import { gridColumns } from '../lib/columns';
import { signedMoney } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { anomaliesText as words } from '../text/anomalies';
import { FindingPanel } from './anomalies/finding-panel';
import { byCost, cellName, findingsOf, stateOf, textAt, type Finding } from './anomalies/findings';

const FIRST = ['Kind', 'ExtraCost', 'Start', 'End'];
const STATE_AT = 3;
const STATES = Object.keys(words.states) as (keyof typeof words.states)[];

/** What was not natural: every finding, its cause and cost, and what somebody said of it. */
export default function Anomalies() {
  const { params } = usePlace();
  const hub = useHub();
  const named = params.get('currency');
  const currency = named && named !== 'all' ? named : '';
  const notices = params.get('notices') === 'true';
  const kind = params.get('kind') ?? '';
  const state = params.get('state') ?? '';
  const opened = params.get('finding');
  const asked = useMemo(() => {
    const query = new URLSearchParams(currency ? { currency } : {});
    if (notices) query.set('notices', 'true');
    return query;
  }, [currency, notices]);
  const answer = useTable('anomalies', asked);
  const all = useMemo(
    () => findingsOf(answer.data).sort(byCost(hub.currencies)),
    [answer.data, hub],
  );
  const kinds = useMemo(
    () => [...new Set(all.map((each) => textAt(each, 'Kind') ?? ''))].sort(),
    [all],
  );
  const rows = useMemo(
    () =>
      all.filter(
        (each) => (!kind || textAt(each, 'Kind') === kind) && (!state || stateOf(each) === state),
      ),
    [all, kind, state],
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.anomalies}</h1>
      <div className="controls bar">
        <Choice
          label={words.kind}
          value={kind}
          active={kind !== ''}
          options={[
            { value: '', label: words.anyKind },
            ...kinds.map((value) => ({ value, label: value })),
          ]}
          onChoose={(value) => setParams({ kind: value || null })}
        />
        <Choice
          label={words.state}
          value={state}
          active={state !== ''}
          options={[
            { value: '', label: words.anyState },
            ...STATES.map((value) => ({ value, label: words.states[value] })),
          ]}
          onChoose={(value) => setParams({ state: value || null })}
        />
        <Choice
          label={words.currency}
          value={currency}
          active={currency !== ''}
          options={[
            { value: '', label: words.anyCurrency },
            ...hub.currencies.map((value) => ({ value, label: value })),
          ]}
          onChoose={(value) => setParams({ currency: value || 'all' })}
        />
        <Choice
          label={words.notices}
          value={notices ? 'true' : ''}
          active={notices}
          options={Object.entries(words.noticesOf).map(([value, label]) => ({ value, label }))}
          onChoose={(value) => setParams({ notices: value || null })}
        />
      </div>
      <p className="quiet lead">{words.help}</p>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={12} height={420} />
      ) : rows.length === 0 ? (
        <Nothing filtered={Boolean(kind || state || currency)} />
      ) : (
        <Findings table={answer.data} rows={rows} asked={asked} stale={answer.stale} />
      )}
      {opened !== null && !params.has('charges') && (answer.data || answer.error) && (
        <FindingPanel
          key={opened}
          id={opened}
          finding={all.find((each) => textAt(each, 'Id') === opened)}
          onKept={answer.retry}
        />
      )}
    </>
  );
}

function Nothing(props: { filtered: boolean }) {
  return props.filtered ? (
    <Empty title={words.noMatch} help={words.noMatchHelp} />
  ) : (
    <Empty title={words.none} help={words.noneHelp} />
  );
}

function Findings(props: {
  table: TableAnswer;
  rows: readonly Finding[];
  asked: URLSearchParams;
  stale: boolean;
}) {
  const { table, rows, asked } = props;
  const hub = useHub();
  const columns = useMemo(() => columnsOf(table, sourceOf(hub)), [table, hub]);
  return (
    <Grid<Finding>
      name="anomalies"
      label={words.list}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      rowClass={rowClass}
      stale={props.stale}
      exports={{ csv: api('anomalies.csv', asked), xlsx: api('anomalies.xlsx', asked) }}
    />
  );
}

/** The columns of the API over findings, and two of the page: the cell in short, and the state. */
function columnsOf(table: TableAnswer, source: string): GridColumn<Finding>[] {
  const names = table.columns.map((each) => each.name);
  const rowOf = (each: Finding) => ({
    cells: names.map((name) => each[name] ?? null),
    key: keyOf(each),
  });
  const onOpen = (each: Finding) => setParams({ finding: keyOf(each) });
  const columns = gridColumns(table.columns, { first: FIRST, source }).map(
    (column): GridColumn<Finding> => ({
      ...column,
      value: (each) => column.value(rowOf(each)),
      text: (each) => shown(column.id, each) ?? column.text(rowOf(each)),
      cell: undefined,
      tone: undefined,
      tip: words.tips[column.id] ?? column.tip,
      cellTip: (each) => column.cellTip?.(rowOf(each)) ?? '',
      onOpen,
    }),
  );
  const own = (id: string, title: string, of: (each: Finding) => string): GridColumn<Finding> => ({
    id,
    title,
    kind: 'text',
    width: 150,
    auto: true,
    value: of,
    text: of,
    tip: words.tips[id],
    onOpen,
  });
  columns.splice(1, 0, own('Cell', words.cell, cellName));
  columns.splice(
    STATE_AT,
    0,
    own('State', words.state, (each) => words.states[stateOf(each)]),
  );
  return columns;
}

function shown(column: string, finding: Finding): string | null {
  const value = textAt(finding, column);
  if (column === 'ExtraCost') return signedMoney(value, textAt(finding, 'BillingCurrency'));
  return column === 'End' && finding.Open === true ? words.open(value ?? '') : null;
}

const keyOf = (each: Finding) => textAt(each, 'Id') ?? '';

function rowClass(each: Finding): string | undefined {
  const state = stateOf(each);
  return state === 'expected' || state === 'muted' ? 'quiet-row' : undefined;
}
