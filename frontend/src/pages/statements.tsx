import { useEffect, useMemo, useRef, useState } from 'react';
import { Choice } from '../parts/choice';
import { Grid } from '../parts/grid';
import { Failure, State, Waiting } from '../parts/states';
import { useApi, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { monthName } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { address, patched, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { statementText as words } from '../text/statements';
import { listUrl, rowsOf, WHOLE_HOUSE, type Row } from './statements/answers';
import { Draft } from './statements/draft';
import { Journal } from './statements/journal';
import { Sheet } from './statements/sheet';
import type { Done } from './statements/steps';

const EVERY = 'all';
const FIRST = [
  'Statement',
  'BillingMonth',
  'Team',
  'State',
  'Amount',
  'BillingCurrency',
  'OpenDisputes',
  'PreparedBy',
  'ApprovedBy',
  'IssuedBy',
];

/** What teams are charged: the statements of a month, one as a document, and the journal. */
export default function Statements() {
  const { params } = usePlace();
  const hub = useHub();
  const [turn, setTurn] = useState(0);
  const [said, setSaid] = useState('');
  const status = useRef<HTMLParagraphElement>(null);
  const answer = useApi<TableAnswer>(listUrl(turn));
  const statements = useMemo(() => rowsOf(answer.data), [answer.data]);
  const number = params.get('n');
  const shows = hub.person.seesAll && params.get('view') === 'journal' ? 'journal' : 'list';
  const months = useMemo(
    () =>
      monthsOf(
        hub.months.map((each) => each.month),
        statements,
      ),
    [hub.months, statements],
  );
  const month = params.get('month') ?? latestOf(statements) ?? months[0] ?? EVERY;
  useEffect(() => {
    if (said) status.current?.focus();
  }, [said, turn]);
  const done: Done = (sentence, changed) => {
    setSaid(sentence);
    setTurn((each) => each + 1);
    const rows = rowsOf(changed);
    if (number === null) {
      const [only] = rows;
      setParams({
        month: only?.BillingMonth ?? month,
        n: rows.length === 1 ? (only?.Statement ?? null) : null,
      });
    }
  };
  const opened = statements.find((each) => each.Statement === number);
  const closed = patched(params, { n: null, by: null, lines_q: null, lines_sort: null });
  return (
    <>
      <h1 className="visually-hidden">{text.pages.statements}</h1>
      {number === null ? (
        <>
          {hub.person.seesAll && <Views shown={shows} />}
          <div className="controls bar">
            <Choice
              label={words.month}
              value={month}
              options={[
                ...months.map((each) => ({ value: each, label: monthName(each) })),
                { value: EVERY, label: words.allMonths },
              ]}
              onChoose={(value) => setParams({ month: value })}
            />
            {shows === 'list' && (
              <Draft
                month={month === EVERY ? (months[0] ?? '') : month}
                teams={teamsOf(statements)}
                onDone={done}
              />
            )}
          </div>
        </>
      ) : (
        <p className="back">
          <a
            href={address('/statements', closed)}
            onClick={(event) => {
              event.preventDefault();
              setSaid('');
              setParams({ n: null, by: null, lines_q: null, lines_sort: null });
            }}
          >
            {words.back}
          </a>
        </p>
      )}
      {said && (
        <p className="said" role="status" tabIndex={-1} ref={status}>
          {said}
        </p>
      )}
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={12} height={420} />
      ) : number !== null ? (
        opened ? (
          <Sheet key={number} statement={opened} turn={turn} onDone={done} />
        ) : (
          <State title={words.notFound(number)} role="alert">
            <p>{words.notFoundHelp}</p>
          </State>
        )
      ) : shows === 'journal' ? (
        <Journal month={month === EVERY ? null : month} turn={turn} />
      ) : (
        <List table={answer.data} month={month} stale={answer.stale} />
      )}
    </>
  );
}

function Views(props: { shown: string }) {
  const { params } = usePlace();
  return (
    <nav className="tabs" aria-label={words.views}>
      {(['list', 'journal'] as const).map((each) => (
        <a
          key={each}
          href={address('/statements', patched(params, { view: each }))}
          aria-current={each === props.shown ? 'page' : undefined}
          onClick={(event) => {
            event.preventDefault();
            setParams({ view: each });
          }}
        >
          {words[each]}
        </a>
      ))}
    </nav>
  );
}

/** The statements of a month; a click opens one. */
function List(props: { table: TableAnswer; month: string; stale: boolean }) {
  const { table, month } = props;
  const hub = useHub();
  const columns = useMemo(
    () =>
      gridColumns(table.columns, {
        first: FIRST,
        source: sourceOf(hub),
        onOpen: (row) => setParams({ n: String(row.cells[0]) }),
      }),
    [table.columns, hub],
  );
  const rows = useMemo(() => {
    const at = table.columns.findIndex((each) => each.name === 'BillingMonth');
    const all = tableRows(table.rows);
    return month === EVERY ? all : all.filter((row) => row.cells[at] === month);
  }, [table, month]);
  if (rows.length === 0)
    return (
      <State title={words.none(month === EVERY ? words.allMonths : monthName(month))}>
        <p>{hub.person.seesAll ? words.noneHelp : words.noneOfTeam}</p>
      </State>
    );
  return (
    <Grid<TableRow>
      name="statements"
      label={words.list}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      stale={props.stale}
      exports={{ csv: '/api/statements.csv', xlsx: '/api/statements.xlsx' }}
    />
  );
}

const keyOf = (row: TableRow) => row.key;

/** The months that have charges or statements, the latest first. */
function monthsOf(charged: readonly string[], statements: readonly Row[]): string[] {
  const stated = statements.flatMap((each) => each.BillingMonth ?? []);
  return [...new Set([...charged, ...stated])].sort().reverse();
}

function latestOf(statements: readonly Row[]): string | undefined {
  return statements
    .flatMap((each) => each.BillingMonth ?? [])
    .sort()
    .at(-1);
}

function teamsOf(statements: readonly Row[]): string[] {
  const named = statements.flatMap((each) => each.Team ?? []);
  return [...new Set(named)].filter((each) => each !== WHOLE_HOUSE).sort();
}
