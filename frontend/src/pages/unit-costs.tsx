import { useMemo } from 'react';
import { Choice, OptionList, Popover } from '../parts/choice';
import { Grid, type GridColumn } from '../parts/grid';
import { Empty, Failure, Waiting } from '../parts/states';
import { Spark } from '../parts/spark';
import { tip } from '../parts/tip';
import { UnitCost } from '../parts/unit-cost';
import { api, useApi, type Hub } from '../lib/api';
import { openCharges } from '../lib/drill';
import {
  addMonths,
  change,
  exact,
  money,
  monthName,
  perUnit,
  periodName,
  share,
  tokens,
  unitCost,
} from '../lib/format';
import {
  below,
  keyOf,
  treeOf,
  type HierarchyAnswer,
  type SparkAnswer,
  type TreeLine,
} from '../lib/hierarchy';
import { sourceOf, useHub } from '../lib/hub';
import { openMeter } from '../lib/meter';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { sentence, text, tipOf } from '../text';

const words = text.unitCosts;
const DEFAULT_BY = 'x_SkuMeterCategory,x_SkuMeterSubcategory,SkuMeter';
const LEVELS = [
  'x_SkuMeterCategory',
  'x_SkuMeterSubcategory',
  'SkuMeter',
  'x_ModelDeveloper',
  'x_ModelFamily',
  'x_ModelId',
  'x_ModelVersion',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_Modality',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_MeterUse',
  'SubAccountName',
  'x_ResourceGroupName',
  'ResourceName',
  'RegionId',
  'ChargeCategory',
  'PricingCategory',
  'BillingMonth',
  'ChargeDate',
];

/** The matrix: any hierarchy, subtotals as quotients of sums, a compared period, sparklines. */
export default function UnitCosts() {
  const { params } = usePlace();
  const hub = useHub();
  const by = (params.get('by') ?? DEFAULT_BY).split(',');
  const per = params.get('per') ?? '1M';
  const cost = params.get('cost') ?? 'Effective';
  const compare = params.get('compare') ?? 'previous';
  const query = apiFilters(params);
  query.set('by', by.join(','));
  query.set('per', per);
  query.set('cost', cost);
  const plain = new URLSearchParams(query);
  if (/^\d{4}-\d{2}$/.test(compare)) {
    query.set('compare_from', compare);
    query.set('compare_to', addMonths(compare, 1));
  } else query.set('compare', compare === 'none' ? 'none' : 'previous');
  const answer = useApi<HierarchyAnswer>(api('hierarchy', query));
  const sparks = useApi<SparkAnswer>(answer.data ? api('sparklines', plain) : null);
  const tree = useMemo(() => (answer.data ? treeOf(answer.data.lines) : null), [answer.data]);
  const lines = useMemo(
    () =>
      new Map(
        (sparks.data?.lines ?? []).map((each) => [
          keyOf(each.BillingCurrency, each.labels),
          each.values,
        ]),
      ),
    [sparks.data],
  );
  const shownBy = answer.data?.by;
  const compared = answer.data?.compare ?? null;
  const columns = useMemo(
    () => columnsOf(shownBy ?? [], hub, per, cost, compared, lines),
    [shownBy, hub, per, cost, compared, lines],
  );
  const controls = (
    <div className="controls">
      <HierarchyChoice by={by} hub={hub} />
      <Choice
        label={words.per}
        value={per}
        options={['token', '1K', '1M'].map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ per: value })}
      />
      <Choice
        label={words.cost}
        value={cost}
        options={(hub.person.seesAll
          ? ['Effective', 'Billed', 'List', 'Contracted']
          : ['Effective', 'Billed']
        ).map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ cost: value })}
      />
      <Choice
        label={words.compare}
        value={compare}
        options={[
          { value: 'previous', label: words.previous },
          { value: 'none', label: words.noCompare },
          ...[...hub.months]
            .reverse()
            .map(({ month }) => ({ value: month, label: monthName(month) })),
        ]}
        onChoose={(value) => setParams({ compare: value })}
      />
    </div>
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.unitCosts}</h1>
      {answer.error ? (
        <>
          {controls}
          <Failure error={answer.error} retry={answer.retry} />
        </>
      ) : !tree ? (
        <>
          {controls}
          <Waiting lines={16} height={560} />
        </>
      ) : tree.totals.length === 0 ? (
        <>
          {controls}
          <Empty />
        </>
      ) : (
        <Grid
          name="matrix"
          label={text.pages.unitCosts}
          columns={columns}
          rows={tree.rows}
          totals={tree.totals}
          rowKey={rowKey}
          subRows={below}
          levels={Number(params.get('matrix_levels') ?? Math.min(2, by.length - 1))}
          rowClass={rowClass}
          stale={answer.stale}
          exports={{ csv: api('matrix.csv', plain), xlsx: api('matrix.xlsx', plain) }}
          tools={controls}
        />
      )}
    </>
  );
}

const rowKey = (row: TreeLine) => row.key;
const rowClass = (row: TreeLine) => (row.read ? undefined : 'unread');

function nameOf(row: TreeLine): string {
  if (row.labels.length === 0) return text.table.total(row.BillingCurrency);
  const label = row.labels.at(-1);
  return label === null || label === undefined ? text.filters.unknownValue : String(label);
}

function columnsOf(
  by: readonly string[],
  hub: Hub,
  per: string,
  cost: string,
  compare: { from: string; to: string } | null,
  lines: ReadonlyMap<string, (number | null)[]>,
): GridColumn<TreeLine>[] {
  const source = sourceOf(hub);
  const drill = (row: TreeLine) => openCharges(by, row.labels, row.BillingCurrency);
  const amount = (
    key: 'EffectiveCost' | 'BilledCost' | 'x_TokenCost',
    title: string,
    hidden?: boolean,
  ): GridColumn<TreeLine> => ({
    id: key,
    title,
    kind: 'number',
    width: 128,
    hidden,
    value: (row) => row[key],
    text: (row) => money(row[key], row.BillingCurrency),
    tip: tipOf(key),
    cellTip: (row) =>
      tip(
        row[key] !== null && sentence('exact', `${exact(row[key] ?? '0')} ${row.BillingCurrency}`),
        row.before && sentence('before', money(row.before[key], row.BillingCurrency)),
        source,
        tipOf('drill'),
      ),
    onOpen: drill,
  });
  const isMeter = by.at(-1) === 'SkuMeter' || by.includes('SkuMeter');
  const currencies = new Set<string>();
  for (const key of lines.keys()) currencies.add(String((JSON.parse(key) as string[])[0]));
  return [
    {
      id: by.at(-1) ?? words.group,
      title: words.group,
      kind: 'text',
      width: 300,
      value: nameOf,
      text: nameOf,
      cell: (row) => (
        <span className="name">
          {nameOf(row)}
          {currencies.size > 1 && row.labels.length === 1 && (
            <span className="note">{row.BillingCurrency}</span>
          )}
          {!row.read && <span className="mark warning">{words.notRead}</span>}
        </span>
      ),
      cellTip: (row) =>
        tip(
          row.labels.length > 0 && `${by[row.labels.length - 1]}: ${nameOf(row)}`,
          !row.read && words.unread,
        ),
      onOpen: (row) => {
        const at = by.indexOf('SkuMeter');
        if (isMeter && at >= 0 && row.labels.length > at)
          openMeter(by, row.labels, row.BillingCurrency);
        else drill(row);
      },
    },
    amount('EffectiveCost', words.effective),
    amount('BilledCost', words.billed, true),
    amount('x_TokenCost', words.tokenCost, true),
    {
      id: 'x_TokenQuantity',
      title: words.tokens,
      kind: 'number',
      width: 96,
      value: (row) => row.x_TokenQuantity,
      text: (row) => tokens(row.x_TokenQuantity),
      cell: (row) =>
        row.x_TokenQuantity !== null ? (
          tokens(row.x_TokenQuantity)
        ) : (
          <span className="quiet">{row.units.join(', ').toLowerCase() || text.unknown}</span>
        ),
      tip: tipOf('x_TokenQuantity'),
      cellTip: (row) =>
        row.x_TokenQuantity !== null
          ? tip(sentence('exact', exact(row.x_TokenQuantity)), source)
          : tip(row.units.length > 0 && words.notTokens(row.units.join(', ').toLowerCase())),
      onOpen: drill,
    },
    {
      id: 'x_UnitCost',
      title: `${words.unitCost} ${perUnit(per)}`,
      kind: 'number',
      width: 124,
      value: (row) => row.x_UnitCost,
      text: (row) => unitCost(row.x_UnitCost, row.BillingCurrency),
      cell: (row) => (
        <>
          <UnitCost value={row.x_UnitCost} currency={row.BillingCurrency} />
          <span className="mixed">{row.mixed ? '~' : ''}</span>
        </>
      ),
      tip: tip(tipOf('x_UnitCost'), cost !== 'Effective' && tipOf(`${cost}Cost`)),
      cellTip: (row) =>
        row.x_UnitCost === null
          ? tipOf('noTokens')
          : tip(
              `${money(row.x_TokenCost, row.BillingCurrency)} / ${exact(row.x_TokenQuantity ?? '0')} tokens, per ${per}`,
              sentence('exact', `${row.x_UnitCost} ${row.BillingCurrency}`),
              row.before?.x_UnitCost &&
                sentence('before', unitCost(row.before.x_UnitCost, row.BillingCurrency)),
              row.mixed && tipOf('mixed'),
              source,
            ),
      onOpen: drill,
    },
    ...(compare
      ? [
          changeColumn('unitCostChange', words.change, compare, 'x_UnitCost'),
          changeColumn('costChange', words.changeCost, compare, 'EffectiveCost'),
        ]
      : []),
    {
      id: 'trend',
      title: words.trend,
      kind: 'picture',
      width: 112,
      value: () => null,
      text: () => '',
      cell: (row) => <Spark values={lines.get(row.key) ?? NONE} />,
      tip: tipOf('trend'),
    },
    {
      id: 'ShareOfCost',
      title: words.share,
      kind: 'number',
      width: 76,
      value: (row) => row.share,
      text: (row) => share(row.share),
      tip: tipOf('share'),
    },
  ];
}

const NONE: (number | null)[] = [];

function changeColumn(
  id: 'unitCostChange' | 'costChange',
  title: string,
  compare: { from: string; to: string },
  of: 'x_UnitCost' | 'EffectiveCost',
): GridColumn<TreeLine> {
  return {
    id,
    title,
    kind: 'number',
    width: 112,
    value: (row) => row[id],
    text: (row) => change(row[id]),
    tip: tip(tipOf('change'), periodName(compare.from, compare.to)),
    tone: (row) =>
      row[id] === null
        ? undefined
        : Number(row[id]) > 0.005 && of === 'x_UnitCost'
          ? 'warn'
          : undefined,
    cellTip: (row) =>
      row[id] === null
        ? tipOf('noBefore')
        : tip(
            periodName(compare.from, compare.to),
            sentence('before', row.before?.[of] ?? text.unknown),
          ),
  };
}

function HierarchyChoice(props: { by: string[]; hub: Hub }) {
  const { by, hub } = props;
  const known: [string, string][] = [
    [words.hierarchies.meter, DEFAULT_BY],
    [
      words.hierarchies.model,
      'x_ModelDeveloper,x_ModelFamily,x_ModelId,x_ModelVersion,x_TokenDirection,x_TokenCacheAction',
    ],
    [words.hierarchies.resource, 'x_ResourceGroupName,ResourceName,x_ModelId'],
    [words.hierarchies.subscription, 'SubAccountName,x_ResourceGroupName,x_ModelId'],
    ...hub.tagKeys.map((key): [string, string] => [
      words.hierarchies.tag(key),
      `Tags.${key},x_ModelId`,
    ]),
  ];
  const current = known.find(([, value]) => value === by.join(','))?.[0];
  const choose = (next: readonly string[]) =>
    setParams({ by: next.length > 0 ? next.join(',') : null, matrix_levels: null });
  return (
    <Popover label={words.rows} value={current ?? by.join(' > ')} wide>
      {(close) => (
        <>
          <OptionList
            label={words.rows}
            options={known.map(([label, value]) => ({ label, value }))}
            chosen={[by.join(',')]}
            onChoose={(value) => {
              choose(value.split(','));
              close();
            }}
          />
          <div className="own-levels">
            <h3>{words.levels}</h3>
            <ol>
              {by.map((each) => (
                <li key={each}>
                  <span>{each}</span>
                  <button
                    type="button"
                    className="link"
                    disabled={by.length === 1}
                    aria-label={text.filters.remove(each)}
                    onClick={() => choose(by.filter((other) => other !== each))}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ol>
            <select
              className="input"
              aria-label={words.addLevel}
              value=""
              onChange={(event) => choose([...by, event.target.value])}
            >
              <option value="">{words.addLevel}</option>
              {[...LEVELS, ...hub.tagKeys.map((key) => `Tags.${key}`)]
                .filter((each) => !by.includes(each))
                .map((each) => (
                  <option key={each}>{each}</option>
                ))}
            </select>
          </div>
        </>
      )}
    </Popover>
  );
}
