import type { GridColumn } from '../../parts/grid';
import { Spark } from '../../parts/spark';
import { tip } from '../../parts/tip';
import { UnitCost } from '../../parts/unit-cost';
import type { Hub } from '../../lib/api';
import { openCharges } from '../../lib/drill';
import {
  change,
  exact,
  money,
  perUnit,
  periodName,
  share,
  tokens,
  unitCost,
} from '../../lib/format';
import type { TreeLine } from '../../lib/hierarchy';
import { sourceOf } from '../../lib/hub';
import { openMeter } from '../../lib/meter';
import { sentence, text, tipOf } from '../../text';

const words = text.unitCosts;

function nameOf(row: TreeLine): string {
  if (row.labels.length === 0) return text.table.total(row.BillingCurrency);
  const label = row.labels.at(-1);
  return label === null || label === undefined ? text.filters.unknownValue : String(label);
}

/** The columns of the matrix: what each figure shows, explains and leads to. */
export function columnsOf(
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
    width: 136,
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
