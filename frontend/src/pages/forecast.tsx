import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { DataTable, useTable, type RowOf } from '../parts/data-table';
import { Empty, Failure, Waiting } from '../parts/states';
import { useHub } from '../lib/hub';
import { setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { forecastText as words } from '../text/forecast';
import { MonthFigures } from './forecast/month-figures';
import { OutlookChart } from './forecast/outlook-chart';
import { groupOf, records } from './forecast/questions';

const HORIZONS = ['14', '30', '60', '90'];
const WHOLE = '*total*';

/** What AI use will cost: the days ahead, the end of the month, and how good such words were. */
export default function Forecast() {
  const { params } = usePlace();
  const hub = useHub();
  const named = params.get('currency');
  const currency = named && named !== 'all' ? named : (hub.currencies[0] ?? '');
  const by = params.get('by') ?? '';
  const group = by === '' ? null : params.get('group');
  const horizon = params.get('horizon') ?? '30';
  const asked = useMemo(() => ({ currency, by, group }), [currency, by, group]);
  const common = useMemo(
    () => new URLSearchParams(by ? { currency, by } : { currency }),
    [currency, by],
  );
  const ahead = useMemo(() => {
    const query = new URLSearchParams(group === null ? { currency } : common);
    query.set('horizon', horizon);
    return query;
  }, [common, currency, group, horizon]);
  const total = useMemo(() => new URLSearchParams({ currency }), [currency]);
  const days = useTable('forecast', ahead);
  const ends = useTable('month-end', group === null ? total : common);
  const end = records(ends.data).find((row) => group === null || groupOf(row, by) === group);
  const keep = useMemo<RowOf<boolean> | undefined>(
    () =>
      group === null
        ? undefined
        : (row, columns) => String(row.cells[columns.indexOf(by)] ?? '') === group,
    [by, group],
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.forecast}</h1>
      <Controls currency={currency} by={by} group={group} horizon={horizon} />
      {ends.error ? (
        <Failure error={ends.error} retry={ends.retry} />
      ) : !ends.data ? (
        <Waiting lines={3} height={118} />
      ) : end ? (
        <MonthFigures end={end} currency={currency} />
      ) : (
        <Empty title={words.noForecastTitle} help={words.noForecast} />
      )}
      <section className="block">
        <header className="block-head">
          <h2>{words.chart}</h2>
          {end?.Through && <p className="quiet">{words.through(end.Through)}</p>}
        </header>
        {days.error ? (
          <Failure error={days.error} retry={days.retry} />
        ) : (
          <OutlookChart
            asked={asked}
            ahead={days.data}
            through={end?.Through ?? null}
            stale={days.stale}
          />
        )}
      </section>
      <section className="block">
        <header className="block-head">
          <h2>{words.backtest}</h2>
          <p className="quiet">{words.backtestHelp}</p>
        </header>
        <DataTable
          name="backtest"
          label={words.backtest}
          params={by ? common : total}
          first={BACKTEST}
        />
      </section>
      {by && (
        <section className="block">
          <header className="block-head">
            <h2>{words.ends}</h2>
            <p className="quiet">{words.endsHelp}</p>
          </header>
          <DataTable
            name="month-end"
            label={words.ends}
            params={common}
            first={[by, ...ENDS]}
            onOpen={drawn(by)}
          />
        </section>
      )}
      <section className="block">
        <header className="block-head">
          <h2>{words.figures}</h2>
          <p className="quiet">{words.figuresHelp}</p>
        </header>
        <DataTable
          name="forecast"
          label={words.figures}
          params={ahead}
          first={group === null ? DAYS : [by, ...DAYS]}
          keep={keep}
        />
      </section>
    </>
  );
}

const BACKTEST = [
  'Grain',
  'Horizon',
  'Method',
  'Series',
  'MASE',
  'WAPE',
  'Within12Percent',
  'Coverage80',
  'Coverage95',
  'Reason',
];
const ENDS = ['EffectiveCost', 'Low80', 'High80', 'ActualCost', 'RunRateCost', 'Method', 'Reason'];
const DAYS = [
  'ChargeDate',
  'EffectiveCost',
  'Low80',
  'High80',
  'Low95',
  'High95',
  'x_TokenQuantity',
  'Method',
  'Reason',
];

/** A click on a row of a table by group draws that group. */
function drawn(by: string): RowOf<void> {
  return (row, columns) => setParams({ group: String(row.cells[columns.indexOf(by)] ?? '') });
}

function Controls(props: { currency: string; by: string; group: string | null; horizon: string }) {
  const { currency, by, group, horizon } = props;
  const hub = useHub();
  const grains = Object.keys(words.grains).filter((each) => hub.person.seesAll || !isWhole(each));
  return (
    <div className="controls bar">
      <Choice
        label={words.currency}
        value={currency}
        options={hub.currencies.map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ currency: value, group: null })}
      />
      <Choice
        label={words.by}
        value={by}
        options={[
          ...grains.map((value) => ({ value, label: words.grains[value] ?? value })),
          ...hub.tagKeys.map((key) => ({ value: `Tags.${key}`, label: `Tags.${key}` })),
        ]}
        onChoose={(value) => setParams({ by: value || null, group: null })}
      />
      {by && <GroupChoice currency={currency} by={by} group={group} />}
      <Choice
        label={words.horizon}
        value={horizon}
        options={HORIZONS.map((value) => ({ value, label: words.days(Number(value)) }))}
        onChoose={(value) => setParams({ horizon: value })}
      />
    </div>
  );
}

/** Grains that are read from the telemetry of the whole bill. */
const isWhole = (grain: string) => grain === 'Team' || grain === 'Deployment';

function GroupChoice(props: { currency: string; by: string; group: string | null }) {
  const { currency, by } = props;
  const asked = useMemo(() => new URLSearchParams({ currency, by }), [currency, by]);
  const ends = useTable('month-end', asked);
  const groups = [...new Set(records(ends.data).map((row) => groupOf(row, by)))];
  return (
    <Choice
      label={words.group}
      value={props.group ?? WHOLE}
      options={[
        { value: WHOLE, label: words.whole },
        ...groups.map((value) => ({ value, label: value || text.filters.unknownValue })),
      ]}
      onChoose={(value) => setParams({ group: value === WHOLE ? null : value })}
    />
  );
}
