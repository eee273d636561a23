import { useMemo } from 'react';
import { State } from '../../parts/states';
import { tip } from '../../parts/tip';
import { api, useApi, type TableAnswer } from '../../lib/api';
import { exact, monthName, share } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { kpisOf, lastMonth } from '../../lib/kpis';
import { address, filtersOf, go, usePlace } from '../../lib/url';
import { sentence, text, tipOf } from '../../text';

const ALL_KPIS = new URLSearchParams({ limit: '10000' });
const SHOWN = [
  ['attributed', 'AttributedShare', 'AttributedShare'],
  ['unattributed', 'UnattributedShare', 'UnattributedShare'],
  ['tagged', 'TaggedShare', 'TaggedShareOfCost'],
  ['cached', 'CachedShare', 'CachedShare'],
] as const;

/** How much of the last month's cost somebody caused, in one row; it leads to the allocation. */
export function AttributionRow() {
  const { params } = usePlace();
  const hub = useHub();
  const answer = useApi<TableAnswer>(hub.person.seesAll ? api('kpis', ALL_KPIS) : null);
  const kpis = useMemo(() => kpisOf(answer.data), [answer.data]);
  if (!hub.person.seesAll) return null;
  const month = lastMonth(kpis, params);
  const held = params.get('currency');
  const rows = kpis.filter(
    (each) =>
      each.Team === 'All' &&
      each.BillingMonth === month &&
      (!held || held === 'all' || each.BillingCurrency === held),
  );
  return (
    <section className="kpi-row" aria-label={text.overview.attribution}>
      {rows.map((row) => (
        <dl key={String(row.BillingCurrency)} data-kpis={String(row.BillingCurrency)}>
          <div>
            <dt>{month ? monthName(month) : ''}</dt>
            <dd className="note">{String(row.BillingCurrency)}</dd>
          </div>
          {SHOWN.map(([name, column, words]) => {
            const value = row[column];
            const known = typeof value === 'string' ? value : null;
            return (
              <div
                key={name}
                data-tip={tip(tipOf(words), known && sentence('exact', exact(known)))}
              >
                <dt>{text.allocation.kpis[name]}</dt>
                <dd>{share(known)}</dd>
              </div>
            );
          })}
        </dl>
      ))}
      {rows.length > 0 && <Lead words={text.overview.toAllocation} kind="link" />}
    </section>
  );
}

/** For whom only attributed rows are shown: where they are. */
export function ToAllocation() {
  return (
    <State title={text.overview.ofTeams}>
      <p>{text.overview.ofTeamsHelp}</p>
      <Lead words={text.overview.toAllocation} kind="button" />
    </State>
  );
}

function Lead(props: { words: string; kind: 'link' | 'button' }) {
  const { params } = usePlace();
  const filters = filtersOf(params);
  return (
    <a
      className={props.kind}
      href={address('/allocation', filters)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go('/allocation', filters);
      }}
    >
      {props.words}
    </a>
  );
}
