import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { Grid, type GridColumn } from '../parts/grid';
import { Empty, Failure, Waiting } from '../parts/states';
import { Spark } from '../parts/spark';
import { TimeChart } from '../parts/time-chart';
import { tip } from '../parts/tip';
import { api, useApi, type Hub, type TableAnswer } from '../lib/api';
import { openCharges } from '../lib/drill';
import {
  addDays,
  axisMoney,
  exact,
  money,
  share,
  shortMoney,
  tokens,
  unitCost,
} from '../lib/format';
import { treeOf, type HierarchyAnswer, type TreeLine } from '../lib/hierarchy';
import { sourceOf, useHub } from '../lib/hub';
import { familyColour, placeColour } from '../lib/palette';
import { timeSeries } from '../lib/series';
import { useDark } from '../lib/theme';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { sentence, text, tipOf } from '../text';

const words = text.trends;
const MOST_GROUPS = 10;
const MEASURES = { cost: 'EffectiveCost', tokens: 'x_TokenQuantity', unit: 'x_UnitCost' } as const;
type Measure = keyof typeof MEASURES;
const NONE = '-';
const COLUMNS = [
  'x_ModelFamily',
  'x_ModelId',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_MeterUse',
  'x_SkuMeterSubcategory',
  'SkuMeter',
  'SubAccountName',
  'x_ResourceGroupName',
  'ResourceName',
  'RegionId',
  'ChargeCategory',
];

/** Cost, tokens or unit cost over time, by any column. */
export default function Trends() {
  const { params } = usePlace();
  const hub = useHub();
  const dark = useDark();
  const from = params.get('from');
  const to = params.get('to');
  const by = params.get('by') ?? 'x_ModelFamily';
  const measure = (params.get('measure') ?? 'cost') as Measure;
  const column = MEASURES[measure] ?? MEASURES.cost;
  const long = !from || !to || addDays(from, 100) < addDays(to, 0);
  const grain = params.get('grain') ?? (long ? 'month' : 'day');
  const kind = measure === 'unit' ? 'line' : (params.get('kind') ?? 'stack');
  const bucket = grain === 'month' ? 'BillingMonth' : 'ChargeDate';
  const query = apiFilters(params);
  query.set('by', by === NONE ? bucket : `${bucket},${by}`);
  query.set('limit', '10000');
  const answer = useApi<TableAnswer>(api('matrix', query));
  const groups = apiFilters(params);
  groups.set('by', by === NONE ? bucket : by);
  const figures = useApi<HierarchyAnswer>(api('hierarchy', groups));
  const currencies = useMemo(() => currenciesOf(answer.data), [answer.data]);
  const currency = currencies.length === 1 ? (currencies[0] ?? null) : null;
  const drawn = useMemo(() => {
    if (!answer.data) return null;
    const names = answer.data.columns.map((each) => each.name);
    const currencyAt = names.indexOf('BillingCurrency');
    return timeSeries(answer.data, {
      bucket,
      measure: column,
      groups: MOST_GROUPS,
      name: (row) => {
        const label =
          by === NONE ? words.measures[measure] : String(row[1] ?? text.filters.unknownValue);
        return currencies.length > 1 ? `${label} ${String(row[currencyAt])}` : label;
      },
      colour: (name, at) =>
        by === 'x_ModelFamily' && currencies.length <= 1
          ? familyColour(name === text.filters.unknownValue ? null : name, dark)
          : placeColour(at, dark),
      until: bucket === 'ChargeDate' ? to : null,
    });
  }, [answer.data, bucket, column, by, measure, currencies, dark, to]);
  const format = useMemo(
    () => (value: number) => {
      const digits = String(value).includes('e') ? value.toFixed(12) : String(value);
      if (measure === 'cost') return shortMoney(digits, currency);
      return measure === 'tokens' ? tokens(String(Math.round(value))) : unitCost(digits, currency);
    },
    [measure, currency],
  );
  const axis = useMemo(
    () => (value: number) =>
      measure === 'tokens' ? tokens(String(Math.round(value))) : axisMoney(value, currency),
    [measure, currency],
  );
  const open = useMemo(
    () =>
      new Set(
        drawn?.buckets.filter(
          (each) => hub.months.find((month) => month.month === each.slice(0, 7))?.state === 'open',
        ),
      ),
    [drawn, hub],
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.trends}</h1>
      <div className="controls bar">
        <Choice
          label={words.measure}
          value={measure}
          options={Object.entries(words.measures).map(([value, label]) => ({ value, label }))}
          onChoose={(value) => setParams({ measure: value })}
        />
        <Choice
          label={words.by}
          value={by}
          options={[
            ...[...COLUMNS, ...hub.tagKeys.map((key) => `Tags.${key}`)].map((value) => ({
              value,
              label: value,
            })),
            { value: NONE, label: words.nothing },
          ]}
          onChoose={(value) => setParams({ by: value })}
        />
        {measure !== 'unit' && (
          <Choice
            label={words.kind}
            value={kind}
            options={Object.entries(words.kinds).map(([value, label]) => ({ value, label }))}
            onChoose={(value) => setParams({ kind: value })}
          />
        )}
        <Choice
          label={words.grain}
          value={grain}
          options={Object.entries(words.grains).map(([value, label]) => ({ value, label }))}
          onChoose={(value) => setParams({ grain: value })}
        />
      </div>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : answer.data?.total === 0 ? (
        <Empty />
      ) : (
        <>
          <TimeChart
            label={`${words.measures[measure]}, ${by}`}
            name="trend"
            buckets={drawn?.buckets ?? NO_BUCKETS}
            series={drawn?.series ?? NO_SERIES}
            kind={kind === 'line' ? 'line' : 'stack'}
            height={340}
            format={format}
            axis={axis}
            open={open}
            stale={answer.stale}
            onPick={(each) =>
              bucket === 'ChargeDate' &&
              openCharges([], [], currency, { from: each, to: addDays(each, 1) })
            }
          />
          <p className="quiet">{words.gap}</p>
          <Figures
            answer={figures.data}
            stale={figures.stale}
            by={by === NONE ? bucket : by}
            hub={hub}
            series={drawn?.series ?? NO_SERIES}
            csv={groups}
          />
        </>
      )}
    </>
  );
}

const NO_BUCKETS: string[] = [];
const NO_SERIES: { name: string; colour: string; values: readonly (number | null)[] }[] = [];

function currenciesOf(table: TableAnswer | undefined): string[] {
  if (!table) return [];
  const at = table.columns.findIndex((each) => each.name === 'BillingCurrency');
  return [...new Set(table.rows.map((row) => String(row[at])))].sort();
}

function Figures(props: {
  answer: HierarchyAnswer | undefined;
  stale: boolean;
  by: string;
  hub: Hub;
  series: typeof NO_SERIES;
  csv: URLSearchParams;
}) {
  const { answer, by, hub, series } = props;
  const tree = useMemo(() => (answer ? treeOf(answer.lines) : null), [answer]);
  const columns = useMemo<GridColumn<TreeLine>[]>(() => {
    const source = sourceOf(hub);
    const nameOf = (row: TreeLine) =>
      row.labels.length === 0
        ? text.table.total(row.BillingCurrency)
        : String(row.labels[0] ?? text.filters.unknownValue);
    const values = new Map(series.map((each) => [each.name, each.values]));
    const drill = (row: TreeLine) => openCharges([by], row.labels, row.BillingCurrency);
    return [
      { id: by, title: by, kind: 'text', width: 240, value: nameOf, text: nameOf, onOpen: drill },
      {
        id: 'EffectiveCost',
        title: text.unitCosts.effective,
        kind: 'number',
        width: 136,
        value: (row) => row.EffectiveCost,
        text: (row) => money(row.EffectiveCost, row.BillingCurrency),
        tip: tipOf('EffectiveCost'),
        cellTip: (row) =>
          tip(sentence('exact', exact(row.EffectiveCost ?? '0')), source, tipOf('drill')),
        onOpen: drill,
      },
      {
        id: 'x_TokenQuantity',
        title: text.unitCosts.tokens,
        kind: 'number',
        width: 104,
        value: (row) => row.x_TokenQuantity,
        text: (row) => tokens(row.x_TokenQuantity),
        tip: tipOf('x_TokenQuantity'),
        cellTip: (row) =>
          tip(
            row.x_TokenQuantity !== null && sentence('exact', exact(row.x_TokenQuantity)),
            source,
          ),
      },
      {
        id: 'x_UnitCost',
        title: `${text.unitCosts.unitCost} /M`,
        kind: 'number',
        width: 124,
        value: (row) => row.x_UnitCost,
        text: (row) => unitCost(row.x_UnitCost, row.BillingCurrency),
        tip: tipOf('x_UnitCost'),
        cellTip: (row) =>
          row.x_UnitCost === null ? tipOf('noTokens') : sentence('exact', row.x_UnitCost),
      },
      {
        id: 'trend',
        title: text.unitCosts.trend,
        kind: 'picture',
        width: 112,
        value: () => null,
        text: () => '',
        cell: (row) => <Spark values={values.get(nameOf(row)) ?? []} />,
      },
      {
        id: 'ShareOfCost',
        title: text.unitCosts.share,
        kind: 'number',
        width: 84,
        value: (row) => row.share,
        text: (row) => share(row.share),
        tip: tipOf('share'),
      },
    ];
  }, [by, hub, series]);
  if (!tree) return <Waiting lines={8} height={280} />;
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.table}</h2>
      </header>
      <Grid
        name="trend"
        label={words.table}
        columns={columns}
        rows={tree.rows}
        totals={tree.totals}
        rowKey={rowKey}
        subRows={undefined}
        stale={props.stale}
        exports={{ csv: api('matrix.csv', props.csv), xlsx: api('matrix.xlsx', props.csv) }}
      />
    </section>
  );
}

const rowKey = (row: TreeLine) => row.key;
