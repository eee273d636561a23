import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { DataTable, useTable, type RowOf } from '../parts/data-table';
import { Empty, Failure, Waiting } from '../parts/states';
import { TimeChart } from '../parts/time-chart';
import { tip } from '../parts/tip';
import type { Cell, TableAnswer } from '../lib/api';
import { openWholeCharges } from '../lib/drill';
import { addMonths, exact, money, monthName, number, share, tokens, unitCost } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { ptuText as words } from '../text/ptu';

type Row = Record<string, Cell>;

const FIRST = [
  'BillingMonth',
  'Deployment',
  'DeployedUnitHours',
  'ReservedUnitHours',
  'Utilisation',
  'EffectiveCost',
  'IdleCost',
  'UnusedReservationCost',
  'x_UnitCost',
  'PaygEquivalentCost',
  'BreakEvenUtilisation',
  'BillingCurrency',
  'Reason',
];
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#56b4e9'];

/** Provisioned capacity: what it was used for, what it would cost otherwise, which size would do. */
export default function Ptu() {
  const { params } = usePlace();
  const all = useTable('ptu', NONE);
  const rows = useMemo(() => (all.data ? rowsOf(all.data) : []), [all.data]);
  const months = useMemo(() => [...new Set(rows.map((each) => String(each.BillingMonth)))], [rows]);
  const month = params.get('month') ?? months.at(-1) ?? '';
  const shown = rows.filter((each) => each.BillingMonth === month);
  return (
    <>
      <h1 className="visually-hidden">{text.pages.ptu}</h1>
      {all.error ? (
        <Failure error={all.error} retry={all.retry} />
      ) : !all.data ? (
        <Waiting lines={14} height={560} />
      ) : rows.length === 0 ? (
        <Empty title={words.none} help={words.noneHelp} />
      ) : (
        <>
          <div className="controls bar">
            <Choice
              label={words.month}
              value={month}
              options={[...months].reverse().map((value) => ({ value, label: monthName(value) }))}
              onChoose={(value) => setParams({ month: value })}
            />
          </div>
          {shown.length === 0 ? (
            <Empty title={words.none} help={words.noneHelp} />
          ) : (
            <>
              {shown.map((each, at) => (
                <Capacity key={at} row={each} />
              ))}
              <Hours month={month} />
            </>
          )}
          <section className="block">
            <header className="block-head">
              <h2>{words.months}</h2>
              <p className="quiet">{words.monthsHelp}</p>
            </header>
            <DataTable name="ptu" label={words.months} first={FIRST} onOpen={openMonth} />
          </section>
        </>
      )}
    </>
  );
}

const NONE = new URLSearchParams();

const openMonth: RowOf<void> = (row, names) =>
  setParams({ month: String(row.cells[names.indexOf('BillingMonth')]) });

function rowsOf(table: TableAnswer): Row[] {
  return table.rows.map((cells) =>
    Object.fromEntries(table.columns.map((column, at) => [column.name, cells[at] ?? null])),
  );
}

const textOf = (cell: Cell | undefined) =>
  cell === null || cell === undefined ? null : String(cell);

/** One deployment in one month. */
function Capacity(props: { row: Row }) {
  const { row } = props;
  const hub = useHub();
  const currency = textOf(row.BillingCurrency);
  const of = (name: string) => textOf(row[name]);
  const between = (low: string, high: string, shown: (value: string | null) => string) =>
    words.range(shown(of(low)), shown(of(high)));
  const cost = (value: string | null) => money(value, currency);
  const count = (value: string | null) => (value === null ? text.unknown : number(value));
  const unit = (value: string | null) =>
    value === null ? text.unknown : `${unitCost(value, currency)} ${words.unit}`;
  const facts: [string, string, string | null][] = [
    ['DeployedUnitHours', count(of('DeployedUnitHours')), of('DeployedUnitHours')],
    ['ReservedUnitHours', count(of('ReservedUnitHours')), of('ReservedUnitHours')],
    ['Utilisation', share(of('Utilisation')), of('Utilisation')],
    ['BreakEvenUtilisation', share(of('BreakEvenUtilisation')), of('BreakEvenUtilisation')],
    ['EffectiveCost', cost(of('EffectiveCost')), of('EffectiveCost')],
    ['IdleCost', cost(of('IdleCost')), of('IdleCost')],
    ['UnusedReservationCost', cost(of('UnusedReservationCost')), of('UnusedReservationCost')],
    ['x_TokenQuantity', tokens(of('x_TokenQuantity')), of('x_TokenQuantity')],
    ['x_UnitCost', unit(of('x_UnitCost')), of('x_UnitCost')],
    ['Payg', between('PaygCostLow', 'PaygCostHigh', cost), of('PaygEquivalentCost')],
    ['Advised', between('AdvisedUnitsLow', 'AdvisedUnitsHigh', count), null],
    ['Spilled', between('SpilledHoursHigh', 'SpilledHoursLow', count), null],
    ['HoursAtLimit', count(of('HoursAtLimit')), of('HoursAtLimit')],
  ];
  const month = String(row.BillingMonth);
  const resource = of('ResourceId');
  return (
    <section className="block first capacity" data-deployment={of('Deployment') ?? ''}>
      <header className="block-head">
        <h2>
          {of('Deployment') ?? resource?.split('/').at(-1) ?? words.rest}{' '}
          <span className="note">
            {[of('x_ModelId'), resource?.split('/').at(-1), monthName(month), currency]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </h2>
        {resource && currency && (
          <button
            type="button"
            className="link"
            onClick={() =>
              openWholeCharges(['ResourceId', 'x_MeterUse'], [resource, 'Capacity'], currency, {
                from: month,
                to: addMonths(month, 1),
              })
            }
          >
            {words.charges}
          </button>
        )}
      </header>
      <dl className="facts">
        {facts.map(([name, shown, value]) => (
          <div key={name} data-fact={name}>
            <dt>{words.facts[name as keyof typeof words.facts]}</dt>
            <dd
              tabIndex={0}
              data-tip={tip(
                words.tips[name],
                value && exact(value),
                name === 'Payg' && of('PriceSource'),
                shown === text.unknown && of('Reason'),
                sourceOf(hub),
              )}
            >
              {shown}
            </dd>
          </div>
        ))}
      </dl>
      {of('Reason') && (
        <ul className="reason quiet" aria-label={words.unknown}>
          {of('Reason')
            ?.split('; ')
            .map((each) => (
              <li key={each}>{each}</li>
            ))}
        </ul>
      )}
    </section>
  );
}

/** How much of each deployment was used, hour by hour. */
function Hours(props: { month: string }) {
  const { month } = props;
  const asked = useMemo(() => new URLSearchParams({ month, by: 'hour' }), [month]);
  const answer = useTable('ptu', asked);
  const drawn = useMemo(() => (answer.data ? linesOf(rowsOf(answer.data)) : null), [answer.data]);
  return (
    <section className="block">
      <header className="block-head">
        <h2>
          {words.hours} <span className="note">{monthName(month)}</span>
        </h2>
        <p className="quiet">{words.hoursHelp}</p>
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !drawn ? (
        <Waiting lines={8} height={300} />
      ) : drawn.buckets.length === 0 ? (
        <Empty title={words.noHours} help={words.noHoursHelp} />
      ) : (
        <TimeChart
          label={`${words.hours}, ${month}`}
          name={`ptu-${month}`}
          kind="line"
          height={260}
          buckets={drawn.buckets}
          series={drawn.series}
          format={percent}
          stale={answer.stale}
        />
      )}
    </section>
  );
}

const percent = (value: number) => share(String(value));

/** A line per deployment; an hour without a measurement is a gap. */
function linesOf(rows: readonly Row[]) {
  const buckets = [...new Set(rows.map((each) => hourOf(each)))].sort();
  const places = new Map(buckets.map((each, at) => [each, at]));
  const lines = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const name = String(row.Deployment ?? row.ResourceId);
    const line = lines.get(name) ?? buckets.map(() => null);
    const value = textOf(row.Utilisation);
    line[places.get(hourOf(row)) ?? 0] = value === null ? null : Number(value);
    lines.set(name, line);
  }
  return {
    buckets,
    series: [...lines].map(([name, values], at) => ({
      name,
      values,
      colour: COLOURS[at % COLOURS.length] ?? '#0072b2',
    })),
  };
}

function hourOf(row: Row): string {
  const hour = String(row.Hour);
  return `${hour.slice(5, 10)} ${hour.slice(11, 16)}`;
}
