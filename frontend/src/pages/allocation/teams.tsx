import { useMemo } from 'react';
import { DataTable, type RowOf } from '../../parts/data-table';
import { useApi, api, type TableAnswer } from '../../lib/api';
import { monthName } from '../../lib/format';
import { kpisOf, lastMonth } from '../../lib/kpis';
import { usePlace } from '../../lib/url';
import { text } from '../../text';

const words = text.allocation;
const FIRST = [
  'Team',
  'BillingCurrency',
  'EffectiveCost',
  'ShareOfCost',
  'AttributedShare',
  'UnattributedShare',
  'MeasuredShare',
  'TaggedShare',
  'CachedShare',
  'x_TokenQuantity',
  'x_UnitCost',
];
const ALL_KPIS = new URLSearchParams({ limit: '10000' });

/** The key figures of the hub and of each team, of the last month of the period. */
export function Teams() {
  const { params } = usePlace();
  const answer = useApi<TableAnswer>(api('kpis', ALL_KPIS));
  const month = useMemo(() => lastMonth(kpisOf(answer.data), params), [answer.data, params]);
  const currency = params.get('currency');
  const keep = useMemo<RowOf<boolean>>(
    () => (row, names) =>
      row.cells[names.indexOf('BillingMonth')] === month &&
      (!currency || currency === 'all' || row.cells[names.indexOf('BillingCurrency')] === currency),
    [month, currency],
  );
  return (
    <>
      <header className="block-head">
        <h2>{words.figures}</h2>
        <p className="quiet">
          {month ? monthName(month) : ''} · {words.figuresHelp}
        </p>
      </header>
      <DataTable
        name="kpis"
        label={words.figures}
        first={FIRST}
        keep={keep}
        rowClass={hubRow}
        emptyTitle={words.nothing}
      />
    </>
  );
}

const hubRow: RowOf<string | undefined> = (row, names) =>
  row.cells[names.indexOf('Team')] === 'All' ? 'total' : undefined;
