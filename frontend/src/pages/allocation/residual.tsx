import { tip } from '../../parts/tip';
import { UNATTRIBUTED, type AllocationNode } from '../../lib/allocation';
import { exact, money, share } from '../../lib/format';
import { sentence, text, tipOf } from '../../text';
import { openPart } from './columns';

const words = text.allocation;

/** What nobody can be shown to have caused: each reason with its cost, dearest first. */
export function Residual(props: { rows: readonly AllocationNode[] }) {
  const residual = props.rows.filter((each) => each.labels[0] === UNATTRIBUTED);
  if (residual.length === 0) return null;
  return (
    <section className="block" aria-label={words.why}>
      {residual.map((each) => (
        <div className="reasons" key={each.key}>
          <h2 data-tip={tipOf('UnattributedShare')}>
            {words.why} <span className="note">{each.BillingCurrency}</span>
          </h2>
          {each.below.map((reason) => (
            <button
              type="button"
              className="button"
              key={reason.key}
              data-reason={String(reason.labels[1])}
              data-tip={tip(
                words.reasons[String(reason.labels[1])],
                sentence('exact', `${exact(reason.EffectiveCost)} ${reason.BillingCurrency}`),
                words.ofCost(share(reason.share)),
              )}
              onClick={() => openPart(reason)}
            >
              {String(reason.labels[1])}{' '}
              <strong>{money(reason.EffectiveCost, reason.BillingCurrency)}</strong>
            </button>
          ))}
        </div>
      ))}
    </section>
  );
}
