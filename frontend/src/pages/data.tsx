import { useEffect, useRef, type ComponentType } from 'react';
import { DataTable, type RowOf } from '../parts/data-table';
import { openWholeCharges } from '../lib/drill';
import { useHub } from '../lib/hub';
import { address, patched, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { Bridge } from './data/bridge';
import { Restatements } from './data/restatements';
import { Trust } from './data/trust';

const words = text.data;

interface View {
  name: string;
  label: string;
  /** Whether it is about the whole bill, which a team does not see. */
  isWhole: boolean;
  shown: ComponentType;
}

const VIEWS: readonly View[] = [
  { name: 'trust', label: words.trust, isWhole: false, shown: Trust },
  { name: 'periods', label: words.periods, isWhole: false, shown: Months },
  { name: 'bridge', label: words.bridge, isWhole: true, shown: Bridge },
  { name: 'restatements', label: words.restatements, isWhole: true, shown: Restatements },
  { name: 'runs', label: words.runs, isWhole: true, shown: Runs },
  { name: 'aside', label: words.aside, isWhole: false, shown: SetAside },
];

/** What the figures stand on: totals against the source, months, the bridge, restatements, runs. */
export default function Data() {
  const { params, path } = usePlace();
  const hub = useHub();
  const views = VIEWS.filter((each) => hub.person.seesAll || !each.isWhole);
  const view = views.find((each) => each.name === params.get('view')) ?? views[0];
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    void current.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [view]);
  return (
    <>
      <h1 className="visually-hidden">{text.pages.data}</h1>
      <nav className="tabs" aria-label={words.views}>
        {views.map((each) => (
          <a
            key={each.name}
            ref={each === view ? current : undefined}
            href={address(path, patched(params, { view: each.name }))}
            aria-current={each === view ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              setParams({ view: each.name });
            }}
          >
            {each.label}
          </a>
        ))}
      </nav>
      {view && <view.shown />}
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

function Months() {
  const hub = useHub();
  const open: RowOf<void> = (row, columns) => {
    const cell = (name: string) => String(row.cells[columns.indexOf(name)]);
    const scope = hub.scopes.find((each) => each.name === cell('Scope'));
    openWholeCharges(
      scope ? ['BillingMonth', 'x_ScopeKey'] : ['BillingMonth'],
      scope ? [cell('BillingMonth'), scope.key] : [cell('BillingMonth')],
      cell('BillingCurrency'),
    );
  };
  return (
    <DataTable
      name="periods"
      label={words.periods}
      first={PERIODS}
      onOpen={open}
      rowClass={stateClass}
    />
  );
}

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

function Runs() {
  return <DataTable name="runs" label={words.runs} first={RUNS} rowClass={stateClass} />;
}

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

function SetAside() {
  return (
    <DataTable
      name="set-aside"
      label={words.aside}
      first={ASIDE}
      emptyTitle={words.noAside}
      emptyHelp={words.noAsideHelp}
    />
  );
}

const stateClass: RowOf<string | undefined> = (row, columns) => {
  const state = row.cells[columns.indexOf('State')] ?? row.cells[columns.indexOf('Status')];
  if (state === 'refused') return 'bad-row';
  return state === 'restated' || state === 'open' ? 'note-row' : undefined;
};
