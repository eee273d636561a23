import { useMemo } from 'react';
import { Grid, type GridColumn } from '../../parts/grid';
import { tip } from '../../parts/tip';
import { openCharges } from '../../lib/drill';
import { change, money, periodName, signedMoney } from '../../lib/format';
import type { CurrencyOverview, Mover, OverviewAnswer } from '../../lib/overview';
import { address, filtersOf, go, usePlace } from '../../lib/url';
import { sentence, text, tipOf } from '../../text';

const words = text.overview;

/** What moved most against the compared period, by model and by resource. */
export function Movers(props: { of: CurrencyOverview; compare: OverviewAnswer['compare'] }) {
  const { of, compare } = props;
  const { params } = usePlace();
  if (!compare) return null;
  return (
    <section className="block">
      <header className="block-head">
        <h2>
          {words.movers} <span className="note">{of.BillingCurrency}</span>
        </h2>
        <p className="quiet">{words.versus(periodName(compare.from, compare.to))}</p>
        <a
          className="link"
          href={address('/unit-costs', filtersOf(params))}
          onClick={(event) => {
            event.preventDefault();
            go('/unit-costs', filtersOf(params));
          }}
        >
          {words.toMatrix}
        </a>
      </header>
      <div className="pair">
        {of.movers.map((each, at) => (
          <MoverGrid
            key={each.by.join()}
            by={each.by}
            rows={each.rows}
            currency={of.BillingCurrency}
            name={`moved${at}`}
            label={at === 0 ? words.byModel : words.byResource}
          />
        ))}
      </div>
    </section>
  );
}

function MoverGrid(props: {
  by: string[];
  rows: Mover[];
  currency: string;
  name: string;
  label: string;
}) {
  const { by, currency } = props;
  const columns = useMemo<GridColumn<Mover>[]>(() => {
    const figure = (key: 'EffectiveCost' | 'x_TokenQuantity' | 'x_UnitCost', title: string) => ({
      id: `${key}Change`,
      title,
      kind: 'number' as const,
      width: key === 'x_UnitCost' ? 88 : 80,
      value: (row: Mover) => row[key].change,
      text: (row: Mover) => change(row[key].change),
      tip: tipOf('change'),
      cellTip: (row: Mover) =>
        row[key].change === null
          ? tipOf('noBefore')
          : tip(
              sentence('before', row[key].before ?? text.unknown),
              sentence('exact', row[key].now ?? text.unknown),
            ),
    });
    return [
      {
        id: by.join(' '),
        title: by.length > 1 ? words.model : words.resource,
        kind: 'text',
        width: 150,
        value: (row) => moverName(row),
        text: (row) => moverName(row),
        cellTip: (row) =>
          row.labels
            .flatMap((each, at) => (each === null ? [] : [`${by[at]}: ${each}`]))
            .join('\n'),
        onOpen: (row) => openCharges(by, row.labels, currency),
      },
      {
        id: 'EffectiveCost',
        title: words.now,
        kind: 'number',
        width: 96,
        value: (row) => row.EffectiveCost.now,
        text: (row) => money(row.EffectiveCost.now, currency),
        tip: tipOf('EffectiveCost'),
        cellTip: (row) => sentence('exact', row.EffectiveCost.now ?? text.unknown),
        onOpen: (row) => openCharges(by, row.labels, currency),
      },
      {
        id: 'EffectiveCostDifference',
        title: words.change,
        kind: 'number',
        width: 96,
        value: (row) => row.EffectiveCost.difference,
        text: (row) => signedMoney(row.EffectiveCost.difference, currency),
      },
      figure('EffectiveCost', '%'),
      figure('x_TokenQuantity', words.tokensChange),
      figure('x_UnitCost', words.unitChange),
    ];
  }, [by, currency]);
  return (
    <Grid
      name={props.name}
      label={props.label}
      columns={columns}
      rows={props.rows}
      rowKey={moverName}
      compact
    />
  );
}

function moverName(row: Mover): string {
  return (
    row.labels
      .filter((each) => each !== null)
      .map((each) => (each === '*' ? words.anyModel : (words.kinds[String(each)] ?? String(each))))
      .filter(Boolean)
      .join(' · ') || text.filters.unknownValue
  );
}
