import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { DataTable, type RowOf } from '../parts/data-table';
import { Empty, State, Waiting } from '../parts/states';
import { TimeChart } from '../parts/time-chart';
import { api, useApi, type TableAnswer } from '../lib/api';
import { openWholeCharges } from '../lib/drill';
import { addDays, axisMoney, shortMoney, tokens } from '../lib/format';
import { placeColour } from '../lib/palette';
import { timeSeries } from '../lib/series';
import { useDark } from '../lib/theme';
import { useHub } from '../lib/hub';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { Claim } from './audit/claim';

const words = text.audit;
const REASONS = [
  'ReasonCode',
  'BillingCurrency',
  'GapCost',
  'GapTokens',
  'BilledTokens',
  'TelemetryTokens',
  'Gaps',
  'Days',
  'FirstDay',
  'LastDay',
];
const GAPS = [
  'ReasonCode',
  'ChargeDate',
  'Deployment',
  'x_ModelId',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'BilledTokens',
  'TelemetryTokens',
  'GapTokens',
  'GapCost',
  'BillingCurrency',
];
const CELL = ['ResourceId', 'x_ModelId', 'x_TokenDirection', 'x_TokenCacheAction'];
const MEASURES = { tokens: 'GapTokens', cost: 'GapCost' } as const;
const ALL = 'all';

/** Whether the bill agrees with the usage: gaps by reason, by day, and one by one. */
export default function Audit() {
  const { params } = usePlace();
  const hub = useHub();
  const period = usePeriod();
  const answer = useApi<TableAnswer>(hub.person.seesAll ? api('audit', period) : null);
  const reason = params.get('reason');
  const everything = params.get('gaps') === ALL;
  const currency = params.get('currency');
  const asked = useMemo(() => {
    const query = new URLSearchParams(period);
    if (!everything && !reason) query.set('exceptions', 'true');
    return query;
  }, [period, everything, reason]);
  const ofCurrency = useMemo<RowOf<boolean>>(
    () => (row, names) => isOf(row.cells[names.indexOf('BillingCurrency')], currency),
    [currency],
  );
  const kept = useMemo<RowOf<boolean>>(
    () => (row, names) =>
      ofCurrency(row, names) && (!reason || row.cells[names.indexOf('ReasonCode')] === reason),
    [ofCurrency, reason],
  );
  const heading = <h1 className="visually-hidden">{text.pages.audit}</h1>;
  if (!hub.person.seesAll)
    return (
      <>
        {heading}
        <Empty title={words.notForTeams} help={words.notForTeamsHelp} />
      </>
    );
  if (answer.error?.status === 404)
    return (
      <>
        {heading}
        <State title={answer.error.problem.message}>
          <p>{answer.error.problem.help}</p>
        </State>
      </>
    );
  const reasons = [
    ...new Set(
      (answer.data?.rows ?? []).map((row) =>
        String(row[answer.data?.columns.findIndex((each) => each.name === 'ReasonCode') ?? 0]),
      ),
    ),
  ];
  return (
    <>
      {heading}
      <section className="block first">
        <p className="quiet lead">{words.byReasonHelp}</p>
        <DataTable
          name="audit"
          label={words.byReason}
          first={REASONS}
          params={period}
          keep={ofCurrency}
          onOpen={openReason}
          rowClass={exceptionClass}
          emptyTitle={words.agrees}
          emptyHelp={words.agreesHelp}
          compact
        />
      </section>
      <Days reason={reason} everything={everything} period={period} />
      <Claim period={period} />
      <section className="block">
        <header className="block-head">
          <h2>{reason ?? (everything ? words.everyGap : words.exceptions)}</h2>
          <p className="quiet">{reason ? words.reasons[reason] : words.gapsHelp}</p>
        </header>
        <DataTable
          name="reconcile"
          label={words.gaps}
          first={GAPS}
          params={asked}
          keep={kept}
          onOpen={openGap}
          emptyTitle={words.agrees}
          emptyHelp={words.agreesHelp}
          tools={
            <>
              <Choice
                label={words.reason}
                value={reason ?? ''}
                options={[
                  { value: '', label: text.filters.any },
                  ...reasons.map((value) => ({ value, label: value })),
                ]}
                onChoose={(value) => setParams({ reason: value || null })}
              />
              {!reason && (
                <Choice
                  label={words.gaps}
                  value={everything ? ALL : ''}
                  options={[
                    { value: '', label: words.exceptions },
                    { value: ALL, label: words.everyGap },
                  ]}
                  onChoose={(value) => setParams({ gaps: value || null })}
                />
              )}
            </>
          }
        />
      </section>
    </>
  );
}

function usePeriod(): URLSearchParams {
  const { params } = usePlace();
  const [from, to] = [params.get('from'), params.get('to')];
  return useMemo(() => {
    const query = new URLSearchParams();
    if (from) query.set('from', from);
    if (to) query.set('to', to);
    return query;
  }, [from, to]);
}

/** The gaps of each day, by reason: tokens, or their cost in one currency. */
function Days(props: { reason: string | null; everything: boolean; period: URLSearchParams }) {
  const { reason, everything, period } = props;
  const { params } = usePlace();
  const dark = useDark();
  const query = new URLSearchParams(period);
  query.set('by', 'day');
  query.set('limit', '10000');
  const answer = useApi<TableAnswer>(api('audit', query));
  const currency = apiFilters(params).get('currency');
  const measure = currency && params.get('measure') === 'cost' ? 'cost' : 'tokens';
  const to = params.get('to');
  const drawn = useMemo(() => {
    if (!answer.data) return null;
    const names = answer.data.columns.map((each) => each.name);
    const at = (name: string) => names.indexOf(name);
    const rows = answer.data.rows.filter(
      (row) =>
        isOf(row[at('BillingCurrency')], currency) &&
        (reason ? row[at('ReasonCode')] === reason : everything || row[at('IsException')] === true),
    );
    return timeSeries(
      { ...answer.data, rows },
      {
        bucket: 'ChargeDate',
        measure: MEASURES[measure],
        groups: 10,
        name: (row) => String(row[at('ReasonCode')]),
        colour: (_name, place) => placeColour(place, dark),
        until: to,
      },
    );
  }, [answer.data, currency, reason, everything, measure, dark, to]);
  const format = useMemo(
    () => (value: number) =>
      measure === 'cost'
        ? shortMoney(value.toFixed(6), currency)
        : tokens(String(Math.round(value))),
    [measure, currency],
  );
  const axis = useMemo(
    () => (value: number) => (measure === 'cost' ? axisMoney(value, currency) : format(value)),
    [measure, currency, format],
  );
  if (answer.error) return null;
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.byDay}</h2>
        <p className="quiet">{words.byDayHelp}</p>
      </header>
      {currency && (
        <div className="controls bar">
          <Choice
            label={text.trends.measure}
            value={measure}
            options={Object.entries(words.measures).map(([value, label]) => ({ value, label }))}
            onChoose={(value) => setParams({ measure: value === 'tokens' ? null : value })}
          />
        </div>
      )}
      {!drawn ? (
        <Waiting lines={6} height={220} />
      ) : drawn.series.length === 0 ? (
        <Empty title={words.agrees} help={words.agreesHelp} />
      ) : (
        <TimeChart
          label={words.byDay}
          name="audit-by-day"
          buckets={drawn.buckets}
          series={drawn.series}
          kind="line"
          height={200}
          format={format}
          axis={axis}
          stale={answer.stale}
        />
      )}
    </section>
  );
}

/** Whether a row is of the chosen currency; a gap without cost has none and is of each. */
function isOf(held: unknown, currency: string | null): boolean {
  return !currency || currency === 'all' || held === null || held === currency;
}

const openReason: RowOf<void> = (row, columns) =>
  setParams({ reason: String(row.cells[columns.indexOf('ReasonCode')]) });

const exceptionClass: RowOf<string | undefined> = (row, columns) =>
  row.cells[columns.indexOf('IsException')] === true ? 'note-row' : undefined;

/** The charges of a gap's day and cell; what the bill lacks has none. */
const openGap: RowOf<void> = (row, columns) => {
  const cell = (name: string) => row.cells[columns.indexOf(name)] ?? null;
  const day = String(cell('ChargeDate'));
  const known = CELL.filter((name) => cell(name) !== null);
  openWholeCharges(known, known.map(cell), String(cell('BillingCurrency') ?? ''), {
    from: day,
    to: addDays(day, 1),
  });
};
