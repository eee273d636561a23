import type { GridColumn } from '../../parts/grid';
import { tip } from '../../parts/tip';
import { UnitCost } from '../../parts/unit-cost';
import { levelsOf, type AllocationNode } from '../../lib/allocation';
import type { Hub } from '../../lib/api';
import {
  change,
  exact,
  money,
  periodName,
  share,
  signedMoney,
  tokens,
  unitCost,
} from '../../lib/format';
import { sourceOf } from '../../lib/hub';
import { setParams } from '../../lib/url';
import { sentence, text, tipOf } from '../../text';

const words = text.allocation;

export function nameOf(row: AllocationNode): string {
  if (row.labels.length === 0) return text.table.total(row.BillingCurrency);
  const label = row.labels.at(-1);
  return label === null || label === undefined ? text.filters.unknownValue : String(label);
}

/** Open the meters and days of a line. */
export function openPart(row: AllocationNode): void {
  setParams({
    part:
      row.labels.length > 0 ? row.labels.map((each) => (each === null ? '' : String(each))) : 'all',
    part_currency: row.BillingCurrency,
    charges: null,
  });
}

/** The columns of the hierarchy: what each figure shows, explains and leads to. */
export function allocationColumns(
  by: readonly string[],
  hub: Hub,
  compare: { from: string; to: string } | null,
  several = false,
): GridColumn<AllocationNode>[] {
  const source = sourceOf(hub);
  const part = (
    id: 'MeasuredShare' | 'EstimatedShare' | 'AssumedShare' | 'UnattributedShare',
    title: string,
    hidden = false,
  ): GridColumn<AllocationNode> => ({
    id,
    title,
    kind: 'number',
    width: 100,
    hidden,
    value: (row) => row[id],
    text: (row) => share(row[id]),
    tip: tipOf(id),
    cellTip: (row) => (row[id] === null ? '' : sentence('exact', exact(row[id] ?? '0'))),
  });
  const former = compare ? periodName(compare.from, compare.to) : '';
  return [
    {
      id: by[0] ?? words.group,
      title: words.group,
      kind: 'text',
      width: 280,
      value: nameOf,
      text: nameOf,
      cell: (row) => (
        <span className="name">
          {nameOf(row)}
          {row.labels.length === 1 && several && (
            <span className="note">{row.BillingCurrency}</span>
          )}
        </span>
      ),
      cellTip: (row) => {
        const level = levelsOf(by, row.labels).at(-1);
        return tip(
          level && `${level}: ${nameOf(row)}`,
          row.ResidualReason && words.reasons[row.ResidualReason],
        );
      },
      onOpen: openPart,
    },
    {
      id: 'EffectiveCost',
      title: 'EffectiveCost',
      kind: 'number',
      width: 128,
      value: (row) => row.EffectiveCost,
      text: (row) => money(row.EffectiveCost, row.BillingCurrency),
      tip: tipOf('attributedCost'),
      cellTip: (row) =>
        tip(
          sentence('exact', `${exact(row.EffectiveCost)} ${row.BillingCurrency}`),
          row.x_IdleCost !== null && words.idleOf(money(row.x_IdleCost, row.BillingCurrency)),
          source,
          words.openPart,
        ),
      onOpen: openPart,
    },
    {
      id: 'share',
      title: words.share,
      kind: 'number',
      width: 80,
      value: (row) => row.share,
      text: (row) => share(row.share),
      tip: tipOf('share'),
    },
    ...(compare
      ? [
          {
            id: 'costChange',
            title: words.change,
            kind: 'number' as const,
            width: 100,
            value: (row: AllocationNode) => row.costChange,
            text: (row: AllocationNode) => change(row.costChange),
            tip: tip(tipOf('change'), former),
            cellTip: (row: AllocationNode) =>
              row.before === null
                ? tipOf('noBefore')
                : tip(former, sentence('before', money(row.before, row.BillingCurrency))),
          },
          {
            id: 'difference',
            title: words.difference,
            kind: 'number' as const,
            width: 120,
            value: (row: AllocationNode) => row.difference,
            text: (row: AllocationNode) => signedMoney(row.difference, row.BillingCurrency),
            tip: tip(words.differenceTip, former),
          },
        ]
      : []),
    {
      id: 'x_TokenQuantity',
      title: text.unitCosts.tokens,
      kind: 'number',
      width: 96,
      value: (row) => row.x_TokenQuantity,
      text: (row) => tokens(row.x_TokenQuantity),
      tip: tipOf('x_TokenQuantity'),
      cellTip: (row) =>
        row.x_TokenQuantity === null
          ? tipOf('noTokens')
          : tip(sentence('exact', exact(row.x_TokenQuantity)), source),
    },
    {
      id: 'x_UnitCost',
      title: `${text.unitCosts.unitCost} /M`,
      kind: 'number',
      width: 120,
      value: (row) => row.x_UnitCost,
      text: (row) => unitCost(row.x_UnitCost, row.BillingCurrency),
      cell: (row) => <UnitCost value={row.x_UnitCost} currency={row.BillingCurrency} />,
      tip: tipOf('x_UnitCost'),
      cellTip: (row) =>
        row.x_UnitCost === null
          ? tipOf('noTokens')
          : tip(
              `${money(row.x_TokenCost, row.BillingCurrency)} / ${exact(row.x_TokenQuantity ?? '0')} tokens`,
              sentence('exact', `${row.x_UnitCost} ${row.BillingCurrency}`),
              source,
            ),
    },
    part('MeasuredShare', words.measured),
    part('EstimatedShare', words.estimated),
    part('AssumedShare', words.assumed),
    part('UnattributedShare', words.unattributed, true),
  ];
}
