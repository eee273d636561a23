import type { ReactNode } from 'react';
import { useApi, type TableAnswer } from '../../lib/api';
import { exact, money, monthName, share, shortMoney } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { tip } from '../../parts/tip';
import { sentence, text } from '../../text';
import { forecastText as words } from '../../text/forecast';
import { records } from './questions';

type End = Record<string, string | null>;

/** The end of the month in four figures: what it will be, what it is, its budget, the method. */
export function MonthFigures(props: { end: End; currency: string }) {
  const { end, currency } = props;
  const hub = useHub();
  const source = sourceOf(hub);
  const month = monthName(end.BillingMonth ?? '');
  const shown = (name: string) => money(end[name], currency);
  const digits = (name: string) =>
    end[name] && sentence('exact', `${exact(end[name])} ${currency}`);
  const begun = (end.Through ?? '') >= (end.BillingMonth ?? '');
  return (
    <section className="headline" aria-label={`${currency} ${month}`}>
      <Figure
        name="month-end"
        title={words.monthEnd(month)}
        value={shortMoney(end.EffectiveCost, currency)}
        tip={tip(words.tips.monthEnd, digits('EffectiveCost'), words.tips.interval, source)}
      >
        {end.Low80 === null ? (
          words.noInterval
        ) : (
          <>
            {words.interval(shown('Low80'), shown('High80'))}{' '}
            <span className="quiet">{words.interval80}</span>
          </>
        )}
      </Figure>
      <Figure
        name="actual"
        title={words.soFar}
        value={shortMoney(end.ActualCost, currency)}
        tip={tip(digits('ActualCost'), words.tips.runRate, source)}
      >
        {!begun ? (
          words.notBegun
        ) : (
          <>
            {words.throughDay(end.Through ?? '?')}{' '}
            <span className="quiet">
              {words.runRate} {shown('RunRateCost')}
            </span>
          </>
        )}
      </Figure>
      {hub.person.seesAll && (
        <Budget currency={currency} month={end.BillingMonth ?? ''} source={source} />
      )}
      <Figure
        name="method"
        title={words.method}
        value={words.methods[end.Method ?? ''] ?? end.Method ?? text.unknown}
        tip={tip(words.tips.method, source)}
      >
        {end.Reason}
      </Figure>
    </section>
  );
}

/** The budget of this month and currency whose breach is the most likely. */
function Budget(props: { currency: string; month: string; source: string }) {
  const answer = useApi<TableAnswer>(`/api/budgets?month=${props.month}`);
  const likely = (row: End) => Number(row.BudgetProbability ?? -1);
  const budget = records(answer.data)
    .filter((row) => row.BillingCurrency === props.currency)
    .sort((one, other) => likely(other) - likely(one))[0];
  const failed = answer.error?.problem.message;
  return (
    <Figure
      name="budget"
      title={budget?.Budget ? `${words.budget}, ${budget.Budget}` : words.budget}
      value={budget ? shortMoney(budget.BudgetCost, props.currency) : text.unknown}
      tip={tip(words.tips.budget, props.source)}
    >
      {failed ??
        (!answer.data ? (
          text.states.loading
        ) : budget ? (
          <>
            {budget.BudgetProbability === null
              ? budget.Reason
              : words.breach(share(budget.BudgetProbability))}{' '}
            <span className="quiet">
              {budget.BreachDate ? words.breachDay(budget.BreachDate) : words.noBreachDay}
            </span>
          </>
        ) : (
          <>
            {words.noBudget} <code className="quiet">{words.noBudgetHelp}</code>
          </>
        ))}
    </Figure>
  );
}

function Figure(props: {
  name: string;
  title: string;
  value: string;
  tip: string;
  children: ReactNode;
}) {
  return (
    <div className="big" data-figure={props.name}>
      <h2>{props.title}</h2>
      <p className="value" data-tip={props.tip} tabIndex={0}>
        {props.value}
      </p>
      <p className="change">{props.children}</p>
    </div>
  );
}
