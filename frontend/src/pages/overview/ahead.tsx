import { useMemo } from 'react';
import { useTable } from '../../parts/data-table';
import { Failure, Waiting } from '../../parts/states';
import { tip } from '../../parts/tip';
import { exact, money, monthName, shortMoney, signedMoney } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { address, go } from '../../lib/url';
import { sentence, text } from '../../text';
import { anomaliesText } from '../../text/anomalies';
import { forecastText } from '../../text/forecast';
import { byCost, cellName, findingsOf, stateOf, textAt } from '../anomalies/findings';

const words = text.overview;
const MOST = 3;
const HEIGHT = 92;

/** What was not natural and where the month ends: the last block, so that nothing moves by it. */
export function Ahead(props: { currency: string }) {
  const asked = useMemo(() => new URLSearchParams({ currency: props.currency }), [props.currency]);
  return (
    <div className="pair">
      <Anomalies asked={asked} />
      <MonthEnd asked={asked} currency={props.currency} />
    </div>
  );
}

function Anomalies(props: { asked: URLSearchParams }) {
  const answer = useTable('anomalies', props.asked);
  const open = findingsOf(answer.data)
    .filter((each) => ['unjudged', 'unexpected'].includes(stateOf(each)))
    .sort(byCost([]))
    .slice(0, MOST);
  return (
    <section className="block" data-block="anomalies">
      <header className="block-head">
        <h2>{words.anomalies}</h2>
        <Lead path="/anomalies" asked={props.asked} name={words.toAnomalies} />
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={3} height={HEIGHT} />
      ) : open.length === 0 ? (
        <p className="quiet">{anomaliesText.none}</p>
      ) : (
        <ul className="findings">
          {open.map((each) => {
            const finding = new URLSearchParams({ finding: textAt(each, 'Id') ?? '' });
            return (
              <li key={textAt(each, 'Id')} title={textAt(each, 'Explanation') ?? undefined}>
                <span>
                  {signedMoney(textAt(each, 'ExtraCost'), textAt(each, 'BillingCurrency'))}
                </span>
                <span>{cellName(each)}</span>
                <Lead path="/anomalies" asked={finding} name={textAt(each, 'Kind') ?? ''} />
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function MonthEnd(props: { asked: URLSearchParams; currency: string }) {
  const { currency } = props;
  const hub = useHub();
  const answer = useTable('month-end', props.asked);
  const end = findingsOf(answer.data)[0];
  const shown = (name: string) => money(end && textAt(end, name), currency);
  const value = end ? textAt(end, 'EffectiveCost') : null;
  return (
    <section className="block" data-block="month-end">
      <header className="block-head">
        <h2>{words.monthEnd}</h2>
        <Lead path="/forecast" asked={props.asked} name={words.toForecast} />
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={3} height={HEIGHT} />
      ) : !end ? (
        <p className="quiet">{forecastText.noForecastTitle}</p>
      ) : (
        <div className="big">
          <p className="quiet">
            {forecastText.monthEnd(monthName(textAt(end, 'BillingMonth') ?? ''))}
          </p>
          <p
            className="value"
            tabIndex={0}
            data-tip={tip(
              forecastText.tips.monthEnd,
              value && sentence('exact', `${exact(value)} ${currency}`),
              sourceOf(hub),
            )}
          >
            {shortMoney(value, currency)}
          </p>
          <p>
            {textAt(end, 'Low80') === null ? (
              forecastText.noInterval
            ) : (
              <>
                {forecastText.interval(shown('Low80'), shown('High80'))}{' '}
                <span className="quiet">{forecastText.interval80}</span>
              </>
            )}
          </p>
        </div>
      )}
    </section>
  );
}

/** A link to another page. */
function Lead(props: { path: string; asked: URLSearchParams; name: string }) {
  return (
    <a
      className="link"
      href={address(props.path, props.asked)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(props.path, props.asked);
      }}
    >
      {props.name}
    </a>
  );
}
