import { useState } from 'react';
import { Failure, Waiting } from '../../parts/states';
import { tip } from '../../parts/tip';
import { api, useApi, type TableAnswer } from '../../lib/api';
import { exact, money, number } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { patched } from '../../lib/url';
import { text } from '../../text';

const words = text.claim;

interface ClaimAnswer extends TableAnswer {
  claimed: { BillingCurrency: string; GapCost: string }[];
  others: number;
  provider: string | null;
}

/** What the provider can be asked for of the period, and its files. */
export function Claim(props: { period: URLSearchParams }) {
  const { period } = props;
  const hub = useHub();
  const [claimant, setClaimant] = useState('');
  const answer = useApi<ClaimAnswer>(api('claim', period));
  const named = claimant.trim() ? patched(period, { claimant: claimant.trim() }) : period;
  const claim = answer.data;
  const isNone = answer.error?.status === 404;
  return (
    <section className="block" aria-label={words.title} aria-busy={answer.stale || undefined}>
      <header className="block-head">
        <h2>{words.title}</h2>
        <p className="quiet">{words.help}</p>
      </header>
      {isNone ? (
        <p className="quiet">{words.none}</p>
      ) : answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !claim ? (
        <Waiting lines={2} height={56} />
      ) : (
        <div className={answer.stale ? 'claim stale' : 'claim'}>
          {claim.claimed.map((each) => (
            <p key={each.BillingCurrency}>
              <strong
                data-figure={`claim-${each.BillingCurrency}`}
                tabIndex={0}
                data-tip={tip(
                  `${exact(each.GapCost)} ${each.BillingCurrency}`,
                  words.costHelp,
                  sourceOf(hub),
                )}
              >
                {money(each.GapCost, each.BillingCurrency)}
              </strong>{' '}
              {words.sum(number(claim.total), claim.provider)}
            </p>
          ))}
          <p className="quiet">{words.others(number(claim.others))}</p>
          <label className="field">
            {words.claimant}
            <input
              className="input"
              maxLength={200}
              value={claimant}
              onChange={(event) => setClaimant(event.target.value)}
            />
          </label>
          <p className="claim-files">
            {(['claim.csv', 'claim.pdf', 'not-claimed.csv'] as const).map((file) => (
              <a key={file} className="button" href={api(file, named)} download>
                {words.files[file]}
              </a>
            ))}
          </p>
        </div>
      )}
    </section>
  );
}
