import { useMemo } from 'react';
import { DataTable } from '../../parts/data-table';
import { Grid, type GridColumn } from '../../parts/grid';
import { Failure, Waiting } from '../../parts/states';
import { tip } from '../../parts/tip';
import { useApi } from '../../lib/api';
import { exact, money, number, share } from '../../lib/format';
import { sentence, text, tipOf } from '../../text';

const words = text.data;

interface Card {
  Months: string[];
  Scopes: string[];
  ThroughDay: string | null;
  Totals: {
    BillingCurrency: string;
    Rows: number;
    BilledCost: string;
    EffectiveCost: string;
    SourceBilledCost: string | null;
    SourceEffectiveCost: string | null;
  }[];
  AICost: {
    BillingCurrency: string;
    EffectiveCost: string;
    ReadShare: string | null;
    ProvenShare: string | null;
    TaggedShare: string | null;
  }[];
}

/** Whether the totals are those of the bill, what of it is read, and what to look at. */
export function Trust() {
  const answer = useApi<{ card: Card }>('/api/trust-card');
  const card = answer.data?.card;
  const totals = useMemo(() => totalColumns(), []);
  const coverage = useMemo(() => coverageColumns(), []);
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!card) return <Waiting lines={10} height={420} />;
  return (
    <>
      <section className="block fit">
        <p className="quiet">
          {card.Months[0]} – {card.Months.at(-1)} · {text.asOf(card.ThroughDay ?? '?')}
        </p>
        <Grid
          name="totals"
          label={words.totals}
          columns={totals}
          rows={card.Totals}
          rowKey={currencyOf}
          compact
        />
      </section>
      <section className="block fit">
        <Grid
          name="coverage"
          label={words.coverage}
          columns={coverage}
          rows={card.AICost}
          rowKey={currencyOf}
          compact
        />
      </section>
      <section className="block">
        <header className="block-head">
          <h2>{text.overview.findings}</h2>
        </header>
        <DataTable
          name="findings"
          label={text.overview.findings}
          first={FINDINGS}
          emptyTitle={words.noFindings}
          emptyHelp={words.noFindingsHelp}
        />
      </section>
    </>
  );
}

const FINDINGS = ['Finding', 'Severity', 'Command'];
const currencyOf = (row: { BillingCurrency: string }) => row.BillingCurrency;

type Total = Card['Totals'][number];

function verdict(row: Total): string {
  if (row.SourceBilledCost === null || row.SourceEffectiveCost === null) return words.sourceUnknown;
  return row.BilledCost === row.SourceBilledCost && row.EffectiveCost === row.SourceEffectiveCost
    ? words.equals
    : words.differs;
}

function totalColumns(): GridColumn<Total>[] {
  const cost = (
    id: 'BilledCost' | 'EffectiveCost',
    source: 'SourceBilledCost' | 'SourceEffectiveCost',
  ) => ({
    id,
    title: id,
    kind: 'number' as const,
    width: 144,
    value: (row: Total) => row[id],
    text: (row: Total) => money(row[id], row.BillingCurrency),
    tip: tipOf(id),
    cellTip: (row: Total) =>
      tip(
        sentence('exact', exact(row[id])),
        row[source] !== null && `Source: ${exact(row[source] ?? '0')}`,
      ),
  });
  return [
    {
      id: 'BillingCurrency',
      title: 'BillingCurrency',
      kind: 'text',
      width: 140,
      value: currencyOf,
      text: currencyOf,
    },
    {
      id: 'Rows',
      title: 'Rows',
      kind: 'number',
      width: 96,
      value: (row) => row.Rows,
      text: (row) => number(row.Rows),
    },
    cost('BilledCost', 'SourceBilledCost'),
    cost('EffectiveCost', 'SourceEffectiveCost'),
    {
      id: 'Source',
      title: words.source,
      kind: 'text',
      width: 176,
      value: verdict,
      text: verdict,
      tone: (row) =>
        verdict(row) === words.equals ? 'good' : verdict(row) === words.differs ? 'bad' : 'quiet',
    },
  ];
}

type Coverage = Card['AICost'][number];

function coverageColumns(): GridColumn<Coverage>[] {
  const part = (id: 'ReadShare' | 'ProvenShare' | 'TaggedShare') => ({
    id,
    title: id,
    kind: 'number' as const,
    width: 112,
    value: (row: Coverage) => row[id],
    text: (row: Coverage) => share(row[id]),
    tip: tipOf(id),
    cellTip: (row: Coverage) => (row[id] === null ? '' : sentence('exact', row[id] ?? '')),
  });
  return [
    {
      id: 'BillingCurrency',
      title: 'BillingCurrency',
      kind: 'text',
      width: 140,
      value: currencyOf,
      text: currencyOf,
    },
    {
      id: 'EffectiveCost',
      title: text.overview.cost,
      kind: 'number',
      width: 144,
      value: (row) => row.EffectiveCost,
      text: (row) => money(row.EffectiveCost, row.BillingCurrency),
      cellTip: (row) => sentence('exact', exact(row.EffectiveCost)),
    },
    part('ReadShare'),
    part('ProvenShare'),
    part('TaggedShare'),
  ];
}
