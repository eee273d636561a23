import { useMemo } from 'react';
import { tip } from '../../parts/tip';
import type { AllocationNode } from '../../lib/allocation';
import { api, useApi, type TableAnswer } from '../../lib/api';
import { exact, monthName, share, shortMoney } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { kpisOf, lastMonth } from '../../lib/kpis';
import { usePlace } from '../../lib/url';
import { sentence, text, tipOf } from '../../text';

const words = text.allocation;
const ALL = 'All';
const ALL_KPIS = new URLSearchParams({ limit: '10000' });

/** What of the cost is attributed, for each currency; tags and cached tokens of the last month. */
export function KeyFigures(props: { totals: readonly AllocationNode[] }) {
  const { params } = usePlace();
  const hub = useHub();
  const answer = useApi<TableAnswer>(hub.person.seesAll ? api('kpis', ALL_KPIS) : null);
  const kpis = useMemo(() => kpisOf(answer.data), [answer.data]);
  const month = lastMonth(kpis, params);
  const source = sourceOf(hub);
  return (
    <>
      {props.totals.map((total) => {
        const currency = total.BillingCurrency;
        const kpi = kpis.find(
          (each) =>
            each.Team === ALL && each.BillingMonth === month && each.BillingCurrency === currency,
        );
        const of = month ? monthName(month) : '';
        const attributed = attributedShare(total);
        const figures = [
          {
            name: 'attributed',
            value: attributed,
            note: currency,
            words: tipOf('AttributedShare'),
          },
          {
            name: 'unattributed',
            value: total.UnattributedShare,
            note: currency,
            words: tipOf('UnattributedShare'),
          },
          { name: 'tagged', value: kpi?.TaggedShare, note: of, words: tipOf('TaggedShareOfCost') },
          { name: 'cached', value: kpi?.CachedShare, note: of, words: tipOf('CachedShare') },
        ] as const;
        return (
          <section
            className="headline small"
            key={currency}
            aria-label={`${words.figures}, ${currency}`}
          >
            {hub.person.seesAll ? (
              figures.map((each) => (
                <div className="big" key={each.name} data-figure={`${each.name}-${currency}`}>
                  <h2>
                    {words.kpis[each.name]} <span className="note">{each.note}</span>
                  </h2>
                  <p
                    className="value"
                    tabIndex={0}
                    data-tip={tip(
                      each.words,
                      typeof each.value === 'string' && sentence('exact', exact(each.value)),
                      source,
                    )}
                  >
                    {share(typeof each.value === 'string' ? each.value : null)}
                  </p>
                </div>
              ))
            ) : (
              <div className="big" data-figure={`cost-${currency}`}>
                <h2>
                  {words.ofTeams} <span className="note">{currency}</span>
                </h2>
                <p
                  className="value"
                  tabIndex={0}
                  data-tip={tip(
                    tipOf('attributedCost'),
                    sentence('exact', `${exact(total.EffectiveCost)} ${currency}`),
                  )}
                >
                  {shortMoney(total.EffectiveCost, currency)}
                </p>
              </div>
            )}
          </section>
        );
      })}
    </>
  );
}

/** One less the share that nobody caused: both are of the same cost, to twelve digits. */
function attributedShare(total: AllocationNode): string | null {
  const held = total.UnattributedShare;
  if (held === null) return null;
  const scale = 10n ** 12n;
  const [whole = '0', fraction = ''] = held.replace('-', '').split('.');
  const digits = BigInt(whole + fraction.padEnd(12, '0').slice(0, 12));
  const left = scale - (held.startsWith('-') ? -digits : digits);
  const sign = left < 0n ? '-' : '';
  const text = (left < 0n ? -left : left).toString().padStart(13, '0');
  return `${sign}${text.slice(0, -12)}.${text.slice(-12)}`;
}
