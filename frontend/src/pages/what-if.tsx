import { useEffect, useMemo, useRef, useState, type FormEvent } from 'react';
import { Ask, Field } from '../parts/ask';
import { Choice } from '../parts/choice';
import { DataTable, useTable, type RowOf } from '../parts/data-table';
import { LevelChoice } from '../parts/level-choice';
import { Empty, Failure, Waiting } from '../parts/states';
import { tip } from '../parts/tip';
import { api, useApi, type Cell, type TableAnswer } from '../lib/api';
import { exact, money, monthName, signedMoney, tokens } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { whatIfText as words } from '../text/what-if';

const TIERS = ['Standard', 'Batch', 'Priority', 'Flex'];
const SCOPES = ['Global', 'DataZone', 'Regional'];
const NUMBERS = ['token_ratio', 'cache_rate', 'discount', 'ptu'] as const;
const MAY_KEEP = ['admin', 'finance'];
const MODEL = 'x_ModelId';
const LEVELS = [
  MODEL,
  'x_ModelVersion',
  'x_ModelFamily',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'ResourceName',
  'SubAccountName',
  'RegionId',
  'SkuMeter',
];

const BECAME = [
  'Scenario',
  'BillingCurrency',
  'ExpectedCost',
  'ActualCost',
  'Difference',
  'AdoptedShare',
  'x_TokenQuantity',
  'ExpectedUnitCost',
  'ActualUnitCost',
  'x_UnitCostUnit',
  'Reason',
];
const FIGURES = [
  'x_TokenQuantity',
  'CostBefore',
  'CostAfter',
  'Difference',
  'BillingCurrency',
  'PriceSource',
  'Reason',
];

/** What every scenario of the page shares: its month, groups and filters. */
interface Shared {
  month: string;
  by: readonly string[];
  where: readonly string[];
  currency: string | null;
}

/** A month's own tokens priced otherwise, scenarios side by side; what became of saved ones. */
export default function WhatIf() {
  const { params } = usePlace();
  const hub = useHub();
  const month = params.get('month') ?? hub.months.at(-1)?.month ?? '';
  const scenarios = params.getAll('s');
  const saved = params.get('saved');
  const [kept, setKept] = useState('');
  const by = (params.get('by') ?? MODEL).split(',').filter(Boolean);
  const filters = apiFilters(params);
  const shared: Shared = {
    month,
    by,
    where: filters.getAll('where'),
    currency: filters.get('currency'),
  };
  const status = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (kept) status.current?.focus();
  }, [kept]);
  const compared = useMemo(
    () => new URLSearchParams({ scenario: saved ?? '', month }),
    [saved, month],
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.whatIf}</h1>
      <div className="controls bar">
        <Choice
          label={words.month}
          value={month}
          options={[...hub.months]
            .reverse()
            .map((each) => ({ value: each.month, label: monthName(each.month) }))}
          onChoose={(value) => setParams({ month: value })}
        />
        <LevelChoice
          by={by}
          known={words.known}
          levels={[...LEVELS, ...hub.tagKeys.map((key) => `Tags.${key}`)]}
          choose={(next) => setParams({ by: next.join(',') })}
        />
      </div>
      <ScenarioForm month={month} held={scenarios} />
      {scenarios.length === 0 ? (
        <Empty title={words.none} help={words.noneHelp} />
      ) : (
        <div className="scenarios">
          {scenarios.map((each, at) => (
            <Scenario
              key={`${each} ${at}`}
              scenario={each}
              shared={shared}
              onKept={(name) => {
                setKept(words.kept(name));
                setParams({ saved: name });
              }}
              onRemove={() => setParams({ s: scenarios.filter((_, other) => other !== at) })}
            />
          ))}
        </div>
      )}
      {scenarios.map((each, at) => (
        <Groups key={`${each} ${at}`} scenario={each} shared={shared} at={at} />
      ))}
      <section className="block">
        <header className="block-head">
          <h2>{words.saved}</h2>
          <p className="quiet">{words.savedHelp}</p>
        </header>
        {kept && (
          <p className="said" role="status" tabIndex={-1} ref={status}>
            {kept}
          </p>
        )}
        <DataTable
          name="whatif-saved"
          label={words.saved}
          onOpen={openSaved}
          emptyTitle={words.noSaved}
          emptyHelp={words.noSavedHelp}
        />
      </section>
      {saved && (
        <section className="block">
          <header className="block-head">
            <h2>{words.became(saved, monthName(month))}</h2>
          </header>
          <DataTable
            key={`${saved} ${month}`}
            name="whatif-compared"
            label={words.became(saved, monthName(month))}
            first={BECAME}
            params={compared}
          />
        </section>
      )}
    </>
  );
}

const openSaved: RowOf<void> = (row, names) =>
  setParams({ saved: String(row.cells[names.indexOf('Scenario')]) });

function ScenarioForm(props: { month: string; held: readonly string[] }) {
  const { month, held } = props;
  const models = useApi<{ values: (string | null)[] }>(
    api('values', new URLSearchParams({ column: 'x_ModelId', limit: '2000' })),
  );
  const names = (models.data?.values ?? []).filter((each) => each !== null).sort();
  const [given, setGiven] = useState<Record<string, string>>({});
  const at = (name: string) => given[name] ?? '';
  const set = (name: string, value: string) => setGiven((former) => ({ ...former, [name]: value }));
  const scenario = scenarioOf(given);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (scenario) setParams({ s: [...held, scenario], month });
  };
  const pair = (name: string, label: readonly [string, string], options: readonly string[]) => (
    <fieldset>
      {[`${name}_from`, `${name}_to`].map((each, place) => (
        <label key={each}>
          {label[place]}
          <select
            className="input"
            value={at(each)}
            onChange={(event) => set(each, event.target.value)}
          >
            <option value="">{words.same}</option>
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
  const field = (name: (typeof NUMBERS)[number], label: string) => (
    <label>
      {label}
      <input
        className="input"
        inputMode="decimal"
        value={at(name)}
        onChange={(event) => set(name, event.target.value)}
      />
    </label>
  );
  return (
    <form className="scenario-form" onSubmit={submit} aria-label={words.form}>
      <p className="quiet">{words.help}</p>
      {pair('model', words.models, names)}
      {pair('tier', words.tiers, TIERS)}
      {pair('scope', words.scopes, SCOPES)}
      {field('token_ratio', words.ratio)}
      {field('cache_rate', words.cache)}
      {field('discount', words.discount)}
      {field('ptu', words.ptu)}
      <button type="submit" className="button" disabled={!scenario}>
        {words.add}
      </button>
    </form>
  );
}

/** What the form holds as the API takes it; empty where nothing would be otherwise. */
function scenarioOf(given: Record<string, string>): string {
  const made = new URLSearchParams();
  for (const name of ['model', 'tier', 'scope']) {
    const [from, to] = [given[`${name}_from`], given[`${name}_to`]];
    if (from && to) made.append('switch', `${from}=${to}`);
  }
  for (const name of NUMBERS) {
    const value = given[name]?.trim();
    if (value) made.set(name, value);
  }
  return made.toString();
}

/** A scenario of the address as a question; only what the form can say is taken from it. */
function question(scenario: string, shared: Shared, by: readonly string[]): URLSearchParams {
  const asked = new URLSearchParams({ month: shared.month });
  for (const [name, value] of new URLSearchParams(scenario))
    if (name === 'switch' || NUMBERS.some((each) => each === name)) asked.append(name, value);
  if (!asked.has('ptu')) asked.set('by', by.join(','));
  for (const pair of shared.where) asked.append('where', pair);
  if (shared.currency) asked.set('currency', shared.currency);
  return asked;
}

/** The same as the body of the act that keeps it. */
function bodyOf(scenario: string, shared: Shared, name: string): object {
  const asked = question(scenario, shared, shared.by);
  const body: Record<string, string | number | string[]> = { name };
  for (const field of new Set(asked.keys())) {
    const values = asked.getAll(field);
    const [first = ''] = values;
    if (['switch', 'token_ratio', 'where'].includes(field)) body[field] = values;
    else body[field] = field === 'ptu' ? Number(first) : first;
  }
  return body;
}

function nameOf(scenario: string): string {
  return [...new URLSearchParams(scenario)]
    .map(([name, value]) => `${words.names[name] ?? name} ${value}`.trim())
    .join('; ');
}

/** The scenario beside the actual month: one row per currency, summed by the API. */
function Scenario(props: {
  scenario: string;
  shared: Shared;
  onKept: (name: string) => void;
  onRemove: () => void;
}) {
  const { scenario, shared } = props;
  const { person } = useHub();
  const answer = useTable('whatif', question(scenario, shared, []));
  const name = nameOf(scenario);
  return (
    <section className="scenario" aria-label={name}>
      <header className="block-head">
        <h2>{name}</h2>
        <span className="acts">
          {answer.data && person.roles.some((each) => MAY_KEEP.includes(each)) && (
            <Keep scenario={scenario} shared={shared} onKept={props.onKept} />
          )}
          <button
            type="button"
            className="link"
            aria-label={words.remove(name)}
            onClick={props.onRemove}
          >
            {words.removeShort}
          </button>
        </span>
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={5} height={160} />
      ) : (
        rowsOf(answer.data).map((row) => <Figures key={String(row.BillingCurrency)} row={row} />)
      )}
    </section>
  );
}

function rowsOf(table: TableAnswer): Record<string, Cell>[] {
  return table.rows.map((cells) =>
    Object.fromEntries(table.columns.map((column, at) => [column.name, cells[at] ?? null])),
  );
}

function Figures(props: { row: Record<string, Cell> }) {
  const hub = useHub();
  const of = (name: string) => {
    const cell = props.row[name];
    return cell === null || cell === undefined ? null : String(cell);
  };
  const currency = of('BillingCurrency');
  const figures: [string, string, string][] = [
    ['CostBefore', words.before, money(of('CostBefore'), currency)],
    ['CostAfter', words.after, money(of('CostAfter'), currency)],
    ['Difference', words.difference, signedMoney(of('Difference'), currency)],
    ['x_TokenQuantity', words.tokens, tokens(of('x_TokenQuantity'))],
  ];
  return (
    <>
      <dl>
        {figures.map(([name, label, shown]) => (
          <div key={name} data-figure={name}>
            <dt>{label}</dt>
            <dd
              tabIndex={0}
              data-tip={tip(
                words.tips[name],
                of(name) && exact(of(name) ?? ''),
                shown === text.unknown && of('Reason'),
                sourceOf(hub),
              )}
            >
              {shown}
            </dd>
          </div>
        ))}
      </dl>
      <p className="quiet">
        {words.assumption}: {of('Assumption')}
      </p>
      {of('PriceSource') && (
        <p className="quiet">
          {words.source}: {of('PriceSource')}
        </p>
      )}
      {of('Reason') && <p className="warn">{of('Reason')}</p>}
    </>
  );
}

/** Keeping a scenario with what it says now, under a name. */
function Keep(props: { scenario: string; shared: Shared; onKept: (name: string) => void }) {
  const { scenario, shared } = props;
  const [asks, setAsks] = useState(false);
  const [name, setName] = useState('');
  const told = nameOf(scenario);
  return (
    <>
      <button
        type="button"
        className="link"
        aria-label={words.keep(told)}
        onClick={() => setAsks(true)}
      >
        {words.keepShort}
      </button>
      {asks && (
        <Ask
          title={words.keepTitle}
          help={words.keepHelp(told, monthName(shared.month))}
          does={words.keepShort}
          path="whatif/save"
          body={() => bodyOf(scenario, shared, name.trim())}
          onClose={() => setAsks(false)}
          onDone={() => {
            setAsks(false);
            props.onKept(name.trim());
          }}
        >
          <Field label={words.name}>
            <input
              className="input"
              required
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </Field>
        </Ask>
      )}
    </>
  );
}

function Groups(props: { scenario: string; shared: Shared; at: number }) {
  const { scenario, shared } = props;
  const asked = question(scenario, shared, shared.by);
  const answer = useTable('whatif', asked);
  if (answer.error) return null;
  const label = words.byGroup(shared.by.join(', '), nameOf(scenario));
  return (
    <section className="block">
      <DataTable
        name="whatif"
        grid={`whatif${props.at}`}
        label={label}
        first={[...shared.by, ...FIGURES]}
        params={asked}
        compact
      />
    </section>
  );
}
