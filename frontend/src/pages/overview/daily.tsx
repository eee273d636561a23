import { useMemo } from 'react';
import { Failure } from '../../parts/states';
import { TimeChart } from '../../parts/time-chart';
import { api, useApi, type Cell, type TableAnswer } from '../../lib/api';
import { addDays, addMonths, axisMoney, shortMoney } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { familyColour, isTokenFamily, tinted } from '../../lib/palette';
import { timeSeries } from '../../lib/series';
import { useDark } from '../../lib/theme';
import { apiFilters, filtersOf, go, patched, usePlace } from '../../lib/url';
import { text } from '../../text';

const words = text.overview;
const LONG_PERIOD = 100;

/** Cost by day or month, stacked by model family and kind of token. */
export function Daily(props: { currency: string | null }) {
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
