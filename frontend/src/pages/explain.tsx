import { useMemo } from 'react';
import { Choice, OptionList, Popover } from '../parts/choice';
import { DataTable, useTable, type RowOf } from '../parts/data-table';
import { Empty, Failure, Waiting } from '../parts/states';
import { OwnDates } from '../parts/own-dates';
import { Waterfall } from '../parts/waterfall';
import type { TableAnswer } from '../lib/api';
import { openCharges } from '../lib/drill';
import { addDays, axisMoney, dayOf, exact, holdsNoDay } from '../lib/format';
import { addMonths, money, monthName, periodName, signedMoney } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { tip } from '../parts/tip';
import { text } from '../text';
import { explainText as words } from '../text/explain';

interface Period {
  from: string;
  to: string;
}

interface Driver {
  driver: string;
  name: string;
  effect: string;
  sentence: string;
}

interface Move {
  currency: string;
  before: string;
  after: string;
  through: string;
  drivers: Driver[];
}

const FIXED_BY = ['x_ModelFamily', 'x_ModelId', 'ResourceName', 'SubAccountName', 'RegionId'];
/** The word for days of one's own, which no option has. */
const OWN = 'own';
const ATTRIBUTED = ['Team', 'Application', 'CostCenter'];

/** Why the cost moved between two periods: effects that add to the difference, and their cells. */
export default function Explain() {
  const { params } = usePlace();
  const hub = useHub();
  const [from, to] = [params.get('from') ?? '', params.get('to') ?? ''];
  const compare = params.get('compare') ?? 'previous';
  const by = params.get('by') ?? '';
  const driver = params.get('driver');
  const [ownFrom, ownTo] = [params.get('compare_from') ?? '', params.get('compare_to') ?? ''];
  const before = useMemo(
    () => (ownFrom && ownTo ? { from: ownFrom, to: ownTo } : earlier({ from, to }, compare)),
    [from, to, compare, ownFrom, ownTo],
  );
  const asked = useMemo(() => query(params, { from, to }, before), [params, from, to, before]);
  const answer = useTable('variance', asked);
  const moves = useMemo(() => (answer.data ? movesOf(answer.data) : []), [answer.data]);
  const grouped = useMemo(() => added(asked, { by }), [asked, by]);
  const drilled = useMemo(() => added(asked, { by, drill: driver ?? '' }), [asked, by, driver]);
  const columns = [
    ...FIXED_BY,
    ...(hub.person.seesAll ? ATTRIBUTED : []),
    ...hub.tagKeys.map((key) => `Tags.${key}`),
  ];
  return (
    <>
      <h1 className="visually-hidden">{text.pages.explain}</h1>
      <div className="controls bar">
        <Compared before={before} compare={ownFrom && ownTo ? OWN : compare} />
        <Choice
          label={words.by}
          value={by}
          options={[
            { value: '', label: words.noBy },
            ...columns.map((value) => ({ value, label: value })),
          ]}
          onChoose={(value) => setParams({ by: value || null })}
        />
      </div>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={14} height={560} />
      ) : moves.length === 0 ? (
        <Empty title={words.nothing} help={words.nothingHelp} />
      ) : (
        moves.map((each) => (
          <Moved key={each.currency} move={each} before={before} notes={answer.data?.notes ?? []} />
        ))
      )}
      {driver && !answer.error && (
        <section className="block" id="cells">
          <header className="block-head">
            <h2>{words.cells(nameOf(driver))}</h2>
            <p className="quiet">{words.cellsHelp}</p>
            <button type="button" className="link" onClick={() => setParams({ driver: null })}>
              {words.closeCells}
            </button>
          </header>
          <DataTable
            name="variance"
            grid="cells"
            label={words.cells(nameOf(driver))}
            params={drilled}
            first={[...(by ? [by] : []), ...CELL]}
            onOpen={(row, names) => openCell(row.cells, names, before, { from, to })}
          />
        </section>
      )}
      {by && !answer.error && (
        <section className="block">
          <header className="block-head">
            <h2>{words.groups(by)}</h2>
          </header>
          <DataTable
            name="variance"
            label={words.groups(by)}
            params={grouped}
            first={[by, 'Driver', 'Component', 'Effect', 'CostBefore', 'CostAfter', 'Explanation']}
            onOpen={openDriver}
          />
        </section>
      )}
    </>
  );
}

/** Which earlier period: the one before, a month, or days of one's own. */
function Compared(props: { before: Period; compare: string }) {
  const { before, compare } = props;
  const hub = useHub();
  const options = [
    { value: 'previous', label: words.previous },
    ...[...hub.months].reverse().map(({ month }) => ({ value: month, label: monthName(month) })),
  ];
  const chosen = options.find((each) => each.value === compare);
  return (
    <Popover label={words.compare} value={chosen?.label ?? periodName(before.from, before.to)}>
      {(close) => (
        <>
          <OptionList
            label={words.compare}
            options={options}
            chosen={[compare]}
            onChoose={(value) => {
              setParams({ compare: value, compare_from: null, compare_to: null });
              close();
            }}
          />
          <OwnDates
            from={before.from}
            to={before.to}
            onApply={(from, to) => {
              setParams({ compare: null, compare_from: from, compare_to: to });
              close();
            }}
          />
        </>
      )}
    </Popover>
  );
}

const CELL = [
  'x_ModelId',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_DeploymentScope',
  'x_ServiceTier',
  'Effect',
  'QuantityBefore',
  'QuantityAfter',
  'CostBefore',
  'CostAfter',
  'BillingCurrency',
];

const openDriver: RowOf<void> = (row, names) =>
  setParams({ driver: String(row.cells[names.indexOf('Driver')]) });

function Moved(props: { move: Move; before: Period; notes: readonly string[] }) {
  const { move, notes } = props;
  const { params } = usePlace();
  const hub = useHub();
  const [from, to] = [params.get('from') ?? '', params.get('to') ?? ''];
  const [before, after] = settled(props.before, { from, to }, move.through);
  const [earlierName, laterName] = [
    periodName(before.from, before.to),
    periodName(after.from, after.to),
  ];
  const steps = useMemo(() => {
    const total = (name: string, amount: string) => ({
      name: words.before(name),
      value: Number(amount),
      shown: money(amount, move.currency),
      exact: `${exact(amount)} ${move.currency}`,
      isTotal: true,
    });
    return [
      total(earlierName, move.before),
      ...move.drivers.map((each) => ({
        name: each.name,
        value: Number(each.effect),
        shown: signedMoney(each.effect, move.currency),
        exact: `${exact(each.effect)} ${move.currency}`,
        isTotal: false,
      })),
      total(laterName, move.after),
    ];
  }, [move, earlierName, laterName]);
  const axis = useMemo(() => {
    const { currency } = move;
    return (value: number) => axisMoney(value, currency);
  }, [move]);
  const open = (driver: string) => setParams({ driver });
  return (
    <section className="block first" data-currency={move.currency}>
      <header className="block-head">
        <h2>
          {words.why} <span className="note">{move.currency}</span>
        </h2>
        <div className="quiet">
          {notes.map((each) => (
            <p key={each}>{each}</p>
          ))}
          <p>{words.settled}</p>
        </div>
      </header>
      <Waterfall
        label={`${words.why}, ${move.currency}`}
        name={`explain-${from}-${move.currency}`}
        steps={steps}
        axis={axis}
        onPick={(at) => {
          const picked = move.drivers[at - 1];
          if (picked) open(picked.driver);
        }}
      />
      <h3>{words.drivers}</h3>
      <p className="quiet">{words.sums}</p>
      <ul className="effects">
        {move.drivers.map((each) => (
          <li key={each.name}>
            <button
              type="button"
              className="link"
              aria-label={words.drill(each.name)}
              onClick={() => open(each.driver)}
            >
              {each.name}
            </button>
            <span
              className="figure"
              data-effect={each.name}
              tabIndex={0}
              data-tip={tip(`${exact(each.effect)} ${move.currency}`, sourceOf(hub))}
            >
              {signedMoney(each.effect, move.currency)}
            </span>
            <span>{each.sentence}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nameOf(driver: string): string {
  return words.names[driver] ?? driver;
}

/** The whole month that a period is, if it is one. */
function monthOf(period: Period): string | null {
  const [from, to] = [dayOf(period.from), dayOf(period.to)];
  const month = from.slice(0, 7);
  return from.endsWith('-01') && to === `${addMonths(month, 1)}-01` ? month : null;
}

/** The earlier period: a chosen month, the month before a month, or as many days before. */
function earlier(later: Period, compare: string): Period {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(compare)) return { from: compare, to: addMonths(compare, 1) };
  const month = monthOf(later);
  if (month) return { from: addMonths(month, -1), to: month };
  const [start, end] = [Date.parse(dayOf(later.from)), Date.parse(dayOf(later.to))];
  if (Number.isNaN(start) || Number.isNaN(end) || holdsNoDay(later.from, later.to))
    return { from: '', to: '' };
  const days = Math.round((end - start) / 86_400_000);
  return { from: addDays(later.from, -days), to: dayOf(later.from) };
}

/** The days that are compared: of a period that is not settled to its end, as many of both. */
function settled(before: Period, after: Period, through: string): [Period, Period] {
  const end = addDays(through, 1);
  if (!after.from || !through || end >= dayOf(after.to)) return [before, after];
  const start = dayOf(after.from);
  const days = Math.round((Date.parse(end) - Date.parse(start)) / 86_400_000);
  const first = dayOf(before.from);
  return [
    { from: first, to: addDays(first, days) },
    { from: start, to: end },
  ];
}

/** The question to the API: two months where both are, else two ranges of days. */
function query(params: URLSearchParams, later: Period, before: Period): URLSearchParams {
  const asked = apiFilters(params);
  asked.delete('all_charges');
  const [first, last] = [monthOf(before), monthOf(later)];
  if (first && last) {
    asked.delete('from');
    asked.delete('to');
    asked.set('from_month', first);
    asked.set('to_month', last);
  } else if (before.from) {
    asked.set('compare_from', dayOf(before.from));
    asked.set('compare_to', dayOf(before.to));
  }
  return asked;
}

function added(params: URLSearchParams, more: Record<string, string>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(more)) if (value) next.set(name, value);
  return next;
}

function movesOf(table: TableAnswer): Move[] {
  const at = (name: string) => table.columns.findIndex((each) => each.name === name);
  const moves = new Map<string, Move>();
  for (const row of table.rows) {
    const cell = (name: string) => String(row[at(name)] ?? '');
    const currency = cell('BillingCurrency');
    const move = moves.get(currency) ?? {
      currency,
      before: cell('CostBefore'),
      after: cell('CostAfter'),
      through: cell('DataThrough'),
      drivers: [],
    };
    const component = cell('Component');
    const driver = cell('Driver');
    move.drivers.push({
      driver,
      name: component ? `${nameOf(driver)}, ${nameOf(component)}` : nameOf(driver),
      effect: cell('Effect'),
      sentence: cell('Explanation'),
    });
    moves.set(currency, move);
  }
  return [...moves.values()];
}

/** The charges of a cell: of the later period, or of the earlier one where the later has none. */
function openCell(
  cells: readonly unknown[],
  names: readonly string[],
  before: Period,
  after: Period,
): void {
  const periods = settled(before, after, String(cells[names.indexOf('DataThrough')] ?? ''));
  const end = names.indexOf('Driver');
  const held = names
    .slice(0, end)
    .map((name, at) => ({ name, value: cells[at] }))
    .filter((each) => !ATTRIBUTED.includes(each.name));
  const gone = cells[names.indexOf('CostAfter')] === null;
  openCharges(
    held.map((each) => each.name),
    held.map((each) => (each.value === null ? null : String(each.value))),
    String(cells[names.indexOf('BillingCurrency')]),
    gone ? periods[0] : periods[1],
  );
}
