import { useCallback, useMemo } from 'react';
import { api, useApi, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { openCharges } from '../lib/drill';
import { unitCost } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { METER_CLOSED } from '../lib/meter';
import { familyColour } from '../lib/palette';
import { timeSeries } from '../lib/series';
import { useDark } from '../lib/theme';
import { setParams, usePlace } from '../lib/url';
import { sentence, text } from '../text';
import { BandChart } from './band-chart';
import type { Band } from './echarts';
import { Grid, type GridColumn } from './grid';
import { Panel } from './panel';
import { Failure, Waiting } from './states';

const words = text.meters;
const READING = [
  'x_ModelDeveloper',
  'x_ModelFamily',
  'x_ModelId',
  'x_ModelVersion',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_Modality',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_ContextTier',
  'x_MeterUse',
  'Unit',
  'TokensPerUnit',
  'x_MeterStatus',
];

/** A meter: how its name was read, its unit cost by month, its resources, its charges. */
export function MeterPanel() {
  const { params } = usePlace();
  const meter = params.get('meter') ?? '';
  const product = params.get('product');
  const currency = params.get('meter_currency');
  const close = useCallback(() => setParams(METER_CLOSED), []);
  const where = new URLSearchParams();
  where.append('where', `SkuMeter=${meter}`);
  if (product !== null) where.append('where', `x_SkuMeterSubcategory=${product}`);
  if (currency) where.set('currency', currency);
  const names = product === null ? ['SkuMeter'] : ['SkuMeter', 'x_SkuMeterSubcategory'];
  return (
    <Panel title={meter} subtitle={product ?? undefined} onClose={close}>
      <p>
        <button
          type="button"
          className="button"
          onClick={() =>
            openCharges(names, product === null ? [meter] : [meter, product], currency)
          }
        >
          {words.toCharges}
        </button>
      </p>
      <Reading meter={meter} product={product} />
      <History where={where} currency={currency} />
      <Resources where={where} />
    </Panel>
  );
}

function Reading(props: { meter: string; product: string | null }) {
  const answer = useApi<TableAnswer>('/api/meters?limit=10000');
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={6} height={200} />;
  const names = answer.data.columns.map((each) => each.name);
  const cell = (row: (string | number | boolean | null)[], name: string) =>
    row[names.indexOf(name)];
  const row = answer.data.rows.find(
    (each) =>
      cell(each, 'SkuMeter') === props.meter &&
      (props.product === null || (cell(each, 'x_SkuMeterSubcategory') ?? '') === props.product),
  );
  if (!row) return <p className="quiet">{text.states.emptyTitle}</p>;
  const reason = String(cell(row, 'Reason') ?? '');
  return (
    <section className="block">
      <h3>{words.reading}</h3>
      <ol className="reason">
        {reason
          .split('; ')
          .filter(Boolean)
          .map((each) => (
            <li key={each}>{each}</li>
          ))}
      </ol>
      <dl className="facts">
        {READING.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{String(cell(row, name) ?? text.unknown)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

type Prices = ReadonlyMap<string, string | null>;

function usePrices(where: URLSearchParams, cost: string, shown: boolean): Prices {
  const query = new URLSearchParams(where);
  query.set('by', 'BillingMonth');
  query.set('cost', cost);
  const answer = useApi<TableAnswer>(shown ? api('matrix', query) : null);
  return useMemo(() => {
    const names = answer.data?.columns.map((each) => each.name) ?? [];
    const [month, price] = [names.indexOf('BillingMonth'), names.indexOf('x_UnitCost')];
    return new Map(
      (answer.data?.rows ?? []).map((row) => [String(row[month]), row[price] as string | null]),
    );
  }, [answer.data]);
}

function History(props: { where: URLSearchParams; currency: string | null }) {
  const dark = useDark();
  const hub = useHub();
  const query = new URLSearchParams(props.where);
  query.set('by', 'BillingMonth');
  const answer = useApi<TableAnswer>(api('matrix', query));
  const seesAll = hub.person.seesAll;
  const contracted = usePrices(props.where, 'Contracted', seesAll);
  const list = usePrices(props.where, 'List', seesAll);
  const drawn = useMemo(
    () =>
      answer.data &&
      timeSeries(answer.data, {
        bucket: 'BillingMonth',
        measure: 'x_UnitCost',
        groups: 2,
        name: () => text.unitCosts.unitCost,
        colour: () => familyColour('GPT', dark),
      }),
    [answer.data, dark],
  );
  const bands = useMemo(
    () => (drawn ? bandsOf(drawn.buckets, contracted, list, familyColour('GPT', dark)) : NO_BANDS),
    [drawn, contracted, list, dark],
  );
  const currency = props.currency ?? onlyCurrency(answer.data);
  const columns = useMemo(() => {
    const made = gridColumns(answer.data?.columns ?? [], { first: MONTHS, source: sourceOf(hub) });
    const at = answer.data?.columns.findIndex((each) => each.name === 'BillingMonth') ?? 0;
    const price = (title: string, prices: Prices): GridColumn<TableRow> => {
      const value = (row: TableRow) => prices.get(String(row.cells[at])) ?? null;
      return {
        id: title.replaceAll(' ', ''),
        title,
        kind: 'number',
        width: 152,
        value,
        text: (row) => unitCost(value(row), currency),
        cellTip: (row) => (value(row) === null ? '' : sentence('exact', value(row) ?? '')),
      };
    };
    return seesAll
      ? [...made, price(words.atContracted, contracted), price(words.atList, list)]
      : made;
  }, [answer.data, hub, seesAll, contracted, list, currency]);
  const rows = useMemo(() => {
    const at = answer.data?.columns.findIndex((each) => each.name === 'BillingMonth') ?? 0;
    return tableRows(
      [...(answer.data?.rows ?? [])].sort((one, other) =>
        String(other[at]).localeCompare(String(one[at])),
      ),
    );
  }, [answer.data]);
  const format = useMemo(
    () => (value: number) => unitCost(value.toFixed(12), currency),
    [currency],
  );
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!drawn) return <Waiting lines={6} height={240} />;
  const hasTokens = drawn.series.some((each) => each.values.some((value) => value !== null));
  return (
    <section className="block">
      {hasTokens ? (
        <BandChart
          label={words.history}
          name="unit-cost"
          buckets={drawn.buckets}
          lines={drawn.series}
          bands={bands}
          height={160}
          format={format}
        />
      ) : (
        <p className="quiet">{words.noTokens}</p>
      )}
      <Grid
        name="months"
        label={words.history}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        compact
      />
    </section>
  );
}

const NO_BANDS: Band[] = [];

/** The currency of every row, if it is one. */
function onlyCurrency(answer: TableAnswer | undefined): string | null {
  const at = answer?.columns.findIndex((each) => each.name === 'BillingCurrency') ?? -1;
  const held = new Set((answer?.rows ?? []).map((row) => row[at]));
  const [one] = held;
  return held.size === 1 && typeof one === 'string' ? one : null;
}

/** What lies between the contracted and the list price, in the months that have both. */
function bandsOf(
  buckets: readonly string[],
  contracted: Prices,
  list: Prices,
  colour: string,
): Band[] {
  const both = buckets.map((each) => [contracted.get(each), list.get(each)] as const);
  const isKnown = (each: (typeof both)[number]): each is readonly [string, string] =>
    each.every((price) => typeof price === 'string');
  if (!both.some(isKnown)) return NO_BANDS;
  const side = (pick: (one: number, other: number) => number) =>
    both.map((each) => (isKnown(each) ? pick(Number(each[0]), Number(each[1])) : null));
  return [{ name: words.band, colour, low: side(Math.min), high: side(Math.max) }];
}

const MONTHS = ['BillingMonth', 'EffectiveCost', 'x_TokenQuantity', 'x_UnitCost'];
const RESOURCES = ['ResourceName', 'EffectiveCost', 'x_TokenQuantity', 'x_UnitCost'];

function Resources(props: { where: URLSearchParams }) {
  const hub = useHub();
  const query = new URLSearchParams(props.where);
  query.set('by', 'ResourceName');
  const answer = useApi<TableAnswer>(api('matrix', query));
  const columns = useMemo(
    () => gridColumns(answer.data?.columns ?? [], { first: RESOURCES, source: sourceOf(hub) }),
    [answer.data, hub],
  );
  const rows = useMemo(() => tableRows(answer.data?.rows ?? []), [answer.data]);
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={3} height={112} />;
  return (
    <section className="block">
      <Grid
        name="resources"
        label={words.resources}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        compact
      />
    </section>
  );
}

const keyOf = (row: TableRow) => row.key;
