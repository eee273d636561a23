import { tip } from '../../parts/tip';
import {
  change,
  exact,
  periodName,
  share,
  shortMoney,
  signedMoney,
  tokens,
  unitCost,
} from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { openCharges } from '../../lib/drill';
import type { CurrencyOverview, Figure, OverviewAnswer } from '../../lib/overview';
import { usePlace } from '../../lib/url';
import { sentence, text, tipOf } from '../../text';

const words = text.overview;

/** Cost, tokens and unit cost of a currency, and how much of the bill they are read from. */
export function Headline(props: { of: CurrencyOverview; compare: OverviewAnswer['compare'] }) {
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
