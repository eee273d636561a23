import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { DataTable, type RowOf } from '../parts/data-table';
import { Empty, Failure, State, Waiting } from '../parts/states';
import { TimeChart } from '../parts/time-chart';
import { tip } from '../parts/tip';
import { api, useApi, type Cell, type TableAnswer } from '../lib/api';
import { exact, monthName, share, unitCost } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { placeColour } from '../lib/palette';
import { timeSeries } from '../lib/series';
import { useDark } from '../lib/theme';
import { setParams, usePlace } from '../lib/url';
import { sentence, text, tipOf } from '../text';

const words = text.units;
const MONTH = 'BillingMonth';
const SHARES = ['UnattributedShare', 'CostWithoutMetricShare', 'MetricWithoutCostShare'] as const;
const AFTER = [
  'BillingCurrency',
  'x_UnitCost',
  'MetricQuantity',
  'EffectiveCost',
  'x_TokenQuantity',
  'MeasuredShare',
  'ResidualReason',
];

interface Metric {
  name: string;
  dimensions: string[];
}

/** What a conversation, a ticket or an active user costs, by month and dimension. */
export default function Units() {
  const hub = useHub();
  const answer = useApi<TableAnswer>(hub.person.seesAll ? '/api/units' : null);
  const metrics = useMemo(() => metricsOf(answer.data), [answer.data]);
  const heading = <h1 className="visually-hidden">{text.pages.units}</h1>;
  return (
    <>
      {heading}
      {!hub.person.seesAll ? (
        <Empty title={text.audit.notForTeams} help={text.audit.notForTeamsHelp} />
      ) : answer.error?.status === 404 ? (
        <Absent />
      ) : answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={14} height={560} />
      ) : (
        <Shown metrics={metrics} />
      )}
    </>
  );
}

/** How a table of metrics is given. */
function Absent() {
  return (
    <State title={words.absent}>
      <p>{words.absentHelp}</p>
      <pre>
        <code>{words.example}</code>
      </pre>
      <p>
        <code>pertoken ingest metrics.csv</code>
      </p>
    </State>
  );
}

function metricsOf(table: TableAnswer | undefined): Metric[] {
  const names = table?.columns.map((each) => each.name) ?? [];
  return (table?.rows ?? []).map((row) => ({
    name: String(row[names.indexOf('Metric')]),
    dimensions: String(row[names.indexOf('Dimensions')] ?? '')
      .split(',')
      .filter(Boolean),
  }));
}

function Shown(props: { metrics: readonly Metric[] }) {
  const { params } = usePlace();
  const hub = useHub();
  const wanted = params.get('metric');
  const metric = props.metrics.find((each) => each.name === wanted) ?? props.metrics[0];
  const held = params.get('currency');
  const currency = hub.currencies.find((each) => each === held) ?? hub.currencies[0] ?? null;
  const by = params.get('by') ?? metric?.dimensions.join(',') ?? '';
  const aggregation = params.get('aggregation') ?? 'sum';
  const per = params.get('per') ?? '1';
  const query = useMemo(() => {
    const asked = new URLSearchParams();
    asked.set('metric', metric?.name ?? '');
    if (by) asked.set('by', by);
    if (currency) asked.set('currency', currency);
    if (aggregation !== 'sum') asked.set('aggregation', aggregation);
    if (per !== '1') asked.set('per', per);
    return asked;
  }, [metric, by, currency, aggregation, per]);
  const dimensions = useMemo(() => by.split(',').filter((each) => each && each !== MONTH), [by]);
  const first = useMemo(() => [MONTH, ...dimensions, ...AFTER], [dimensions]);
  if (!metric) return <Absent />;
  const controls = (
    <div className="controls bar">
      <Choice
        label={words.metric}
        value={metric.name}
        options={props.metrics.map((each) => ({ value: each.name, label: each.name }))}
        onChoose={(value) => setParams({ metric: value, by: null })}
      />
      <Choice
        label={text.trends.by}
        value={by}
        options={[
          ...new Set([metric.dimensions.join(','), ...metric.dimensions, MONTH].filter(Boolean)),
        ].map((value) => ({ value, label: value.replaceAll(',', ' > ') }))}
        onChoose={(value) => setParams({ by: value })}
      />
      {hub.currencies.length > 1 && (
        <Choice
          label={text.filters.currency}
          value={currency ?? ''}
          options={hub.currencies.map((each) => ({ value: each, label: each }))}
          onChoose={(value) => setParams({ currency: value })}
        />
      )}
      <Choice
        label={words.aggregation}
        value={aggregation}
        options={Object.entries(words.aggregations).map(([value, label]) => ({ value, label }))}
        onChoose={(value) => setParams({ aggregation: value === 'sum' ? null : value })}
      />
      <Choice
        label={text.unitCosts.per}
        value={per}
        options={['1', '1K', '1M'].map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ per: value === '1' ? null : value })}
      />
    </div>
  );
  return (
    <>
      {controls}
      <Drawn query={query} dimensions={dimensions} currency={currency} metric={metric.name} />
      <section className="block">
        <DataTable
          name="units"
          label={words.table(metric.name)}
          first={first}
          params={query}
          rowClass={residual}
          emptyTitle={words.nothing}
          emptyHelp={words.nothingHelp}
        />
      </section>
    </>
  );
}

/** The last month's shares, and the cost per unit of every month. */
function Drawn(props: {
  query: URLSearchParams;
  dimensions: readonly string[];
  currency: string | null;
  metric: string;
}) {
  const { query, dimensions, currency, metric } = props;
  const dark = useDark();
  const hub = useHub();
  const whole = new URLSearchParams(query);
  whole.set('limit', '10000');
  const answer = useApi<TableAnswer>(api('units', whole));
  const data = answer.data;
  const drawn = useMemo(() => {
    if (!data) return null;
    const at = (name: string) => data.columns.findIndex((each) => each.name === name);
    const rows = data.rows.filter((row) => row[at('x_UnitCost')] !== null);
    const ranked = timeSeries(
      { ...data, rows },
      {
        bucket: MONTH,
        measure: 'x_UnitCost',
        groups: 12,
        name: (row) => dimensions.map((each) => String(row[at(each)] ?? '')).join(' › ') || metric,
        colour: (_name, place) => placeColour(place, dark),
      },
    );
    const last = data.rows
      .map((row) => String(row[at(MONTH)]))
      .sort()
      .at(-1);
    const row = data.rows.find(
      (each) => each[at(MONTH)] === last && each[at('BillingCurrency')] !== null,
    );
    const shares = SHARES.map((name): [string, Cell] => [name, row?.[at(name)] ?? null]);
    return { ...ranked, last, shares };
  }, [data, dimensions, metric, dark]);
  const format = useMemo(
    () => (value: number) => unitCost(value.toFixed(12), currency),
    [currency],
  );
  if (answer.error) return null;
  if (!drawn) return <Waiting lines={8} height={320} />;
  return (
    <>
      <section className="headline small three" aria-label={words.shares}>
        {drawn.shares.map(([name, value]) => (
          <div className="big" key={name} data-figure={name}>
            <h2>
              {words.shareNames[name]}{' '}
              <span className="note">{drawn.last ? monthName(drawn.last) : ''}</span>
            </h2>
            <p
              className="value"
              tabIndex={0}
              data-tip={tip(
                tipOf(name),
                typeof value === 'string' && sentence('exact', exact(value)),
                sourceOf(hub),
              )}
            >
              {share(typeof value === 'string' ? value : null)}
            </p>
          </div>
        ))}
      </section>
      {drawn.series.length > 0 && (
        <section className="block">
          <header className="block-head">
            <h2>{words.chart(metric)}</h2>
            <p className="quiet">{words.chartHelp}</p>
          </header>
          <TimeChart
            label={words.chart(metric)}
            name={`units-${metric}`}
            buckets={drawn.buckets}
            series={drawn.series}
            kind="line"
            height={240}
            format={format}
            stale={answer.stale}
          />
        </section>
      )}
    </>
  );
}

const residual: RowOf<string | undefined> = (row, columns) =>
  row.cells[columns.indexOf('ResidualReason')] === 'Unattributed' ? 'unread' : undefined;
