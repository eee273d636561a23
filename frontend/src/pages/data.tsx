import { useMemo } from 'react';
import { Grid, type GridColumn } from '../parts/grid';
import { Failure, Waiting } from '../parts/states';
import { TableView } from '../parts/table-view';
import { tip } from '../parts/tip';
import { useApi } from '../lib/api';
import type { TableRow } from '../lib/columns';
import { openCharges } from '../lib/drill';
import { addMonths, exact, money, number, share } from '../lib/format';
import { useHub } from '../lib/hub';
import { address, patched, setParams, usePlace } from '../lib/url';
import { sentence, text, tipOf } from '../text';

const words = text.data;
const VIEWS = ['trust', 'periods', 'restatements', 'runs', 'aside'] as const;
type View = (typeof VIEWS)[number];
const WHOLE_BILL: readonly View[] = ['restatements', 'runs'];

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

/** What the figures stand on: totals against the source, months, restatements, runs, the unread. */
export default function Data() {
  const { params, path } = usePlace();
  const hub = useHub();
  const views = VIEWS.filter((each) => hub.person.seesAll || !WHOLE_BILL.includes(each));
  const view = views.find((each) => each === params.get('view')) ?? 'trust';
  return (
    <>
      <h1 className="visually-hidden">{text.pages.data}</h1>
      <nav className="tabs" aria-label={words.views}>
        {views.map((each) => (
          <a
            key={each}
            href={address(path, patched(params, { view: each }))}
            aria-current={each === view ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              setParams({ view: each });
            }}
          >
            {words[each]}
          </a>
        ))}
      </nav>
      {view === 'trust' && <Trust />}
      {view === 'periods' && (
        <TableView
          name="periods"
          label={words.periods}
          first={PERIODS}
          onOpen={openMonth}
          rowClass={stateClass}
        />
      )}
      {view === 'restatements' && (
        <TableView
          name="restatements"
          label={words.restatements}
          first={RESTATEMENTS}
          emptyTitle={words.noRestatement}
          emptyHelp={words.noRestatementHelp}
        />
      )}
      {view === 'runs' && (
        <TableView name="runs" label={words.runs} first={RUNS} rowClass={stateClass} />
      )}
      {view === 'aside' && (
        <TableView
          name="set-aside"
          label={words.aside}
          first={ASIDE}
          emptyTitle={words.noAside}
          emptyHelp={words.noAsideHelp}
        />
      )}
    </>
  );
}

const PERIODS = [
  'BillingMonth',
  'Scope',
  'BillingCurrency',
  'State',
  'Rows',
  'BilledCost',
  'EffectiveCost',
  'ListCost',
  'ContractedCost',
];
const RESTATEMENTS = [
  'BillingMonth',
  'Scope',
  'BillingCurrency',
  'SubmittedTime',
  'Status',
  'Rows',
  'RowsChange',
  'BilledCost',
  'BilledCostChange',
  'EffectiveCost',
  'EffectiveCostChange',
];
const RUNS = [
  'ExportName',
  'BillingMonth',
  'DatasetVersion',
  'SubmittedTime',
  'Status',
  'Reason',
  'Rows',
  'BillingCurrency',
  'BilledCost',
  'EffectiveCost',
];
const ASIDE = [
  'SkuMeter',
  'ChargeDate',
  'ResourceName',
  'BillingCurrency',
  'EffectiveCost',
  'ConsumedQuantity',
  'ConsumedUnit',
  'PricingQuantity',
  'PricingUnit',
  'x_QuantityBasis',
];

function openMonth(row: TableRow, columns: readonly string[]): void {
  const month = String(row.cells[columns.indexOf('BillingMonth')]);
  const currency = String(row.cells[columns.indexOf('BillingCurrency')]);
  openCharges(['BillingMonth'], [month], currency, { from: month, to: addMonths(month, 1) });
}

function stateClass(row: TableRow, columns: readonly string[]): string | undefined {
  const state = row.cells[columns.indexOf('State')] ?? row.cells[columns.indexOf('Status')];
  return state === 'refused'
    ? 'bad-row'
    : state === 'restated' || state === 'open'
      ? 'note-row'
      : undefined;
}

function Trust() {
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
          {card.Months[0]} – {card.Months.at(-1)}, {text.asOf(card.ThroughDay ?? '?')}
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
        <TableView
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
