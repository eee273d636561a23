import { useMemo } from 'react';
import { Grid, type GridColumn } from '../parts/grid';
import { Empty, Failure, Waiting } from '../parts/states';
import { TimeChart } from '../parts/time-chart';
import { tip } from '../parts/tip';
import { api, useApi, type Cell, type TableAnswer } from '../lib/api';
import { openCharges } from '../lib/drill';
import {
  addDays,
  addMonths,
  axisMoney,
  change,
  exact,
  periodName,
  share,
  shortMoney,
  signedMoney,
  tokens,
  unitCost,
  money,
} from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { familyColour, isTokenFamily, tinted } from '../lib/palette';
import { useDark } from '../lib/theme';
import { timeSeries } from '../lib/series';
import { address, apiFilters, filtersOf, go, patched, usePlace } from '../lib/url';
import { sentence, text, tipOf } from '../text';

interface Figure {
  now: string | null;
  before: string | null;
  difference: string | null;
  change: string | null;
}

interface Mover {
  labels: Cell[];
  EffectiveCost: Figure;
  x_TokenQuantity: Figure;
  x_UnitCost: Figure;
}

interface CurrencyOverview {
  BillingCurrency: string;
  EffectiveCost: Figure;
  x_TokenQuantity: Figure;
  x_UnitCost: Figure;
  mixed: boolean;
  ReadShare: string | null;
  ProvenShare: string | null;
  TaggedShare: string | null;
  movers: { by: string[]; rows: Mover[] }[];
}

interface OverviewAnswer {
  compare: { from: string; to: string } | null;
  currencies: CurrencyOverview[];
}

const words = text.overview;
const LONG_PERIOD = 100;

/** This month at a glance: cost, tokens, unit cost, what moved, and what is not known. */
export default function Overview() {
  const { params } = usePlace();
  const filters = apiFilters(params);
  const answer = useApi<OverviewAnswer>(api('overview', filters));
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={12} height={640} />;
  if (answer.data.currencies.length === 0) return <Empty />;
  const { compare, currencies } = answer.data;
  return (
    <div className={answer.stale ? 'stale' : undefined}>
      <h1 className="visually-hidden">{text.pages.overview}</h1>
      {currencies.map((each) => (
        <Headline key={each.BillingCurrency} of={each} compare={compare} />
      ))}
      <Daily currency={currencies.length === 1 ? (currencies[0]?.BillingCurrency ?? null) : null} />
      {currencies.map((each) => (
        <Movers key={each.BillingCurrency} of={each} compare={compare} />
      ))}
      <Findings />
    </div>
  );
}

function Headline(props: { of: CurrencyOverview; compare: OverviewAnswer['compare'] }) {
  const { of, compare } = props;
  const hub = useHub();
  const { params } = usePlace();
  const currency = of.BillingCurrency;
  const month = params.get('from')?.slice(0, 7);
  const state = hub.months.find((each) => each.month === month)?.state;
  const period = periodName(params.get('from'), params.get('to'));
  const source = sourceOf(hub);
  const versus = compare ? words.versus(periodName(compare.from, compare.to)) : words.noCompare;
  return (
    <section className="headline" aria-label={`${currency} ${period}`}>
      <Big
        title={`${words.cost}, ${period}`}
        note={state === 'open' ? words.open : currency}
        value={shortMoney(of.EffectiveCost.now, currency)}
        figure={of.EffectiveCost}
        difference={signedMoney(of.EffectiveCost.difference, currency)}
        versus={versus}
        tip={tip(
          tipOf('EffectiveCost'),
          sentence('exact', `${exact(of.EffectiveCost.now ?? '0')} ${currency}`),
          source,
        )}
        onOpen={() => openCharges([], [], currency)}
        name="cost"
      />
      <Big
        title={words.tokens}
        value={tokens(of.x_TokenQuantity.now)}
        figure={of.x_TokenQuantity}
        difference={signedTokens(of.x_TokenQuantity.difference)}
        versus={versus}
        tip={tip(
          tipOf('x_TokenQuantity'),
          of.x_TokenQuantity.now && sentence('exact', exact(of.x_TokenQuantity.now)),
          source,
        )}
        name="tokens"
      />
      <Big
        title={words.unitCost}
        note={of.mixed ? '~' : undefined}
        value={of.x_UnitCost.now ? `${unitCost(of.x_UnitCost.now, currency)} /M` : text.unknown}
        figure={of.x_UnitCost}
        difference={signedUnit(of.x_UnitCost.difference, currency)}
        versus={versus}
        bad
        tip={tip(
          tipOf('x_UnitCost'),
          of.x_UnitCost.now
            ? sentence('exact', `${of.x_UnitCost.now} ${currency}`)
            : tipOf('noTokens'),
          of.mixed && tipOf('mixed'),
          source,
        )}
        name="unit-cost"
      />
      <div className="big coverage">
        <h2>{words.coverage}</h2>
        <dl>
          {(
            [
              [words.meters, 'ReadShare'],
              [words.proven, 'ProvenShare'],
              [words.tagged, 'TaggedShare'],
            ] as const
          ).map(([name, key]) => (
            <div key={key} data-tip={tip(tipOf(key), of[key] && sentence('exact', of[key] ?? ''))}>
              <dt>{name}</dt>
              <dd>{share(of[key])}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

function Big(props: {
  title: string;
  note?: string;
  value: string;
  figure: Figure;
  difference: string;
  versus: string;
  tip: string;
  name: string;
  bad?: boolean;
  onOpen?: () => void;
}) {
  const { figure } = props;
  const up = figure.change !== null && !figure.change.startsWith('-');
  return (
    <div className="big" data-figure={props.name}>
      <h2>
        {props.title} {props.note && <span className="note">{props.note}</span>}
      </h2>
      {props.onOpen ? (
        <button type="button" className="value" data-tip={props.tip} onClick={props.onOpen}>
          {props.value}
        </button>
      ) : (
        <p className="value" data-tip={props.tip} tabIndex={0}>
          {props.value}
        </p>
      )}
      <p className="change">
        {figure.change === null ? (
          <span className="quiet">{props.versus}</span>
        ) : (
          <>
            <span className={props.bad && up ? 'warn' : undefined}>{change(figure.change)}</span>{' '}
            <span>{props.difference}</span> <span className="quiet">{props.versus}</span>
          </>
        )}
      </p>
    </div>
  );
}

function signedTokens(value: string | null): string {
  if (value === null) return text.unknown;
  return value.startsWith('-') ? `−${tokens(value.slice(1))}` : `+${tokens(value)}`;
}

function signedUnit(value: string | null, currency: string): string {
  if (value === null) return text.unknown;
  return value.startsWith('-') ? unitCost(value, currency) : `+${unitCost(value, currency)}`;
}

function Daily(props: { currency: string | null }) {
  const { params } = usePlace();
  const hub = useHub();
  const dark = useDark();
  const from = params.get('from');
  const to = params.get('to');
  const daily = !from || !to ? false : addDays(from, LONG_PERIOD) >= addDays(to, 0);
  const bucket = daily ? 'ChargeDate' : 'BillingMonth';
  const query = apiFilters(params);
  query.set('by', `${bucket},x_ModelFamily,x_TokenDirection,x_TokenCacheAction`);
  query.set('limit', '10000');
  const answer = useApi<TableAnswer>(api('matrix', query));
  const drawn = useMemo(() => {
    if (!answer.data) return null;
    return timeSeries(answer.data, {
      bucket,
      measure: 'EffectiveCost',
      groups: 12,
      name: (row) => familyName(row[1] ?? null, row[2] ?? null, row[3] ?? null),
      colour: (name) => kindColour(name, dark),
      family: familyOf,
      until: daily ? to : null,
    });
  }, [answer.data, bucket, daily, to, dark]);
  const open = useMemo(
    () =>
      new Set(
        drawn?.buckets.filter(
          (each) => hub.months.find((month) => month.month === each.slice(0, 7))?.state === 'open',
        ),
      ),
    [drawn, hub],
  );
  const format = useMemo(() => {
    const currency = props.currency;
    return (value: number) => shortMoney(String(value), currency);
  }, [props.currency]);
  const axis = useMemo(() => {
    const currency = props.currency;
    return (value: number) => axisMoney(value, currency);
  }, [props.currency]);
  return (
    <section className="block">
      <header className="block-head">
        <h2>{daily ? words.daily : words.monthly}</h2>
        <p className="quiet">{words.byFamily}</p>
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : (
        <TimeChart
          label={daily ? words.daily : words.monthly}
          name="cost-by-day"
          buckets={drawn?.buckets ?? NONE}
          series={drawn?.series ?? NO_SERIES}
          kind="stack"
          height={240}
          format={format}
          axis={axis}
          open={open}
          stale={answer.stale}
          onPick={(each) =>
            go(
              '/unit-costs',
              patched(
                filtersOf(params),
                daily
                  ? { from: each, to: addDays(each, 1) }
                  : { from: each, to: addMonths(each, 1) },
              ),
            )
          }
        />
      )}
    </section>
  );
}

const NONE: string[] = [];
const NO_SERIES: never[] = [];

const KINDS = text.families;
type Kind = keyof typeof KINDS;

function familyName(family: Cell, direction: Cell, cache: Cell): string {
  const kind: Kind =
    cache === 'Read' || cache === 'Write'
      ? 'Cached'
      : direction === 'Output' || direction === 'Input'
        ? direction
        : 'Other';
  return family === null ? text.filters.noModel : `${String(family)} ${KINDS[kind]}`;
}

function familyOf(name: string): string {
  const kind = Object.values(KINDS).find((each) => name.endsWith(` ${each}`));
  return kind ? name.slice(0, -kind.length - 1) : name;
}

function kindColour(name: string, dark: boolean): string {
  const family = familyOf(name);
  const kind = Object.entries(KINDS).find(([, word]) => name === `${family} ${word}`)?.[0];
  const colour = familyColour(name === text.filters.noModel ? null : family, dark);
  const isTool = kind === 'Other' && !isTokenFamily(family);
  return kind && !isTool ? tinted(colour, kind, dark) : colour;
}

function Movers(props: { of: CurrencyOverview; compare: OverviewAnswer['compare'] }) {
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
        title: props.label,
        kind: 'text',
        width: 150,
        value: (row) => moverName(row),
        text: (row) => moverName(row),
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
  }, [by, currency, props.label]);
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
      .map((each) => (each === '*' ? text.overview.anyModel : String(each)))
      .join(' · ') || text.filters.unknownValue
  );
}

function Findings() {
  const answer = useApi<TableAnswer>('/api/findings');
  const rows = answer.data?.rows ?? [];
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.findings}</h2>
      </header>
      {answer.error && <Failure error={answer.error} retry={answer.retry} />}
      {!answer.data && !answer.error && <Waiting lines={3} height={84} />}
      {answer.data && rows.length === 0 && <p className="quiet">{words.noFindings}</p>}
      <ul className="findings">
        {rows.map(([severity, finding, command], at) => (
          <li key={at}>
            <span className={`mark ${String(severity)}`}>{String(severity)}</span>
            <span>{String(finding)}</span>
            <code>{String(command)}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
