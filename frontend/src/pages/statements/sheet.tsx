import { useState } from 'react';
import { tip } from '../../parts/tip';
import { Failure, Waiting } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { less, sum } from '../../lib/decimal';
import { exact, money, monthName, share, signedMoney, unitCost } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { sentence, text } from '../../text';
import { statementText as words } from '../../text/statements';
import { rowsOf, viewUrl, WHOLE_HOUSE, type Row } from './answers';
import { Amounts } from './amounts';
import { Disputes } from './disputes';
import { StatementFiles } from './files';
import { Steps, type Done } from './steps';
import { Verified } from './verified';

const SIGNED = ['Drafted', 'Approved', 'Issued', 'Posted', 'Voided'];

/** One statement as a document: who signed what, for how much, by which evidence. */
export function Sheet(props: { statement: Row; turn: number; onDone: Done }) {
  const { statement, turn } = props;
  const number = statement.Statement ?? '';
  const [line, setLine] = useState<string | null>(null);
  const lines = useApi<TableAnswer>(viewUrl(number, 'lines', 0));
  const state = statement.State ?? '';
  return (
    <article className="sheet" aria-label={words.title(number)}>
      <header className="sheet-head">
        <div>
          <h2>
            {words.title(number)}{' '}
            <span className={`seal ${state}`}>{words.states[state] ?? state}</span>
          </h2>
          <p className="quiet">{words.stateHelp[state]}</p>
        </div>
        <StatementFiles number={number} />
      </header>
      <Steps statement={statement} onDone={props.onDone} />
      <div className="sheet-parts">
        <Facts statement={statement} />
        <div>
          <Signatures number={number} state={state} turn={turn} />
          <Evidence number={number} currency={statement.BillingCurrency ?? ''} />
        </div>
        {lines.data ? (
          <Sums statement={statement} lines={rowsOf(lines.data)} />
        ) : (
          <Waiting lines={5} height={140} />
        )}
      </div>
      <Verified number={number} turn={turn} />
      {lines.error ? (
        <Failure error={lines.error} retry={lines.retry} />
      ) : (
        <Amounts
          statement={statement}
          lines={lines.data}
          onLine={state === 'void' ? undefined : setLine}
        />
      )}
      <Disputes
        statement={statement}
        turn={turn}
        lines={rowsOf(lines.data)}
        line={line}
        onLine={setLine}
        onDone={props.onDone}
      />
    </article>
  );
}

function Facts(props: { statement: Row }) {
  const { statement } = props;
  const team = statement.Team === WHOLE_HOUSE ? words.head.house : statement.Team;
  const facts: [string, string | null | undefined][] = [
    [words.head.team, team],
    [words.head.period, monthName(statement.BillingMonth ?? '')],
    [words.head.currency, statement.BillingCurrency],
    [words.head.basis, statement.Basis],
    [words.head.lines, statement.Lines],
    [words.head.software, `${text.product} ${statement.SoftwareVersion ?? ''}`],
    [words.head.hash, statement.Hash],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={name === words.head.hash ? 'hash' : undefined}>{value ?? text.unknown}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Who drafted, approved, issued, posted or voided it, and when. */
function Signatures(props: { number: string; state: string; turn: number }) {
  const answer = useApi<TableAnswer>(viewUrl(props.number, 'events', props.turn));
  const signed = rowsOf(answer.data).filter((each) => SIGNED.includes(each.Event ?? ''));
  const open =
    props.state === 'void'
      ? []
      : Object.keys(words.waitsFor).filter((each) => !signed.some((one) => one.Event === each));
  return (
    <section aria-label={words.steps}>
      <h3>{words.steps}</h3>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={3} height={84} />
      ) : (
        <ol className="signatures">
          {signed.map((each) => (
            <li key={each.Sequence}>
              <span className="quiet">{words.events[each.Event ?? ''] ?? each.Event}</span>
              <b>{each.By}</b>
              <span className="quiet">{each.At?.slice(0, 10)}</span>
              {noteOf(each.Details) && <span className="step-note">{noteOf(each.Details)}</span>}
            </li>
          ))}
          {open.map((each) => (
            <li key={each} className="quiet">
              {words.waitsFor[each]}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The reason or the reference that a step was taken with. */
function noteOf(details: string | null | undefined): string {
  if (!details) return '';
  const held = JSON.parse(details) as { Reason?: string; Reference?: string };
  return held.Reason ?? held.Reference ?? '';
}

/** The total as it is made: cost, corrections and rounding; and last month beside it. */
function Sums(props: { statement: Row; lines: readonly Row[] }) {
  const { statement, lines } = props;
  const hub = useHub();
  const currency = statement.BillingCurrency ?? '';
  const basis = statement.Basis ?? '';
  const cost = statement.Cost ?? '0';
  const rounding = sum(
    lines.filter((each) => each.Kind === 'rounding').flatMap((each) => each[basis] ?? []),
  );
  const known = lines
    .filter((each) => each.Kind === 'cost')
    .flatMap((each) => each.PreviousCost ?? []);
  const previous = known.length > 0 ? sum(known) : null;
  const difference = previous === null ? null : less(cost, previous);
  const row = (name: string, label: string, value: string | null, shown: string, why = '') => (
    <tr key={name} data-figure={name} className={name === 'total' ? 'whole' : undefined}>
      <th scope="row">{label}</th>
      <td
        tabIndex={0}
        data-tip={tip(
          why,
          value !== null && sentence('exact', `${exact(value)} ${currency}`),
          sourceOf(hub),
        )}
      >
        {shown}
      </td>
    </tr>
  );
  const of = (value: string | null) => money(value, currency);
  const moved = statement.Corrections ?? '0';
  return (
    <table className="sums">
      <caption>{words.sums.label}</caption>
      <tbody>
        {row('cost', words.sums.cost, cost, of(cost))}
        {row('corrections', words.sums.corrections, moved, of(moved))}
        {row(
          'rounding',
          words.sums.rounding,
          rounding,
          unitCost(rounding, currency),
          words.sums.roundingTip,
        )}
        {row(
          'total',
          `${words.sums.total} ${currency}`,
          statement.Amount ?? null,
          of(statement.Amount ?? null),
        )}
        {row('previous', words.sums.previous, previous, of(previous))}
        {row(
          'difference',
          words.sums.difference,
          difference,
          signedMoney(difference, currency),
          words.sums.previousTip,
        )}
      </tbody>
    </table>
  );
}

/** Which part of the cost is measured, estimated, assumed, or explained by nothing. */
function Evidence(props: { number: string; currency: string }) {
  const answer = useApi<TableAnswer>(viewUrl(props.number, 'evidence', 0));
  const basis = answer.data?.columns[2]?.name ?? '';
  return (
    <section aria-label={words.evidence}>
      <h3 data-tip={words.evidenceHelp} tabIndex={0}>
        {words.evidence}
      </h3>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={4} height={100} />
      ) : (
        <ul className="evidence">
          {rowsOf(answer.data).map((each) => (
            <li key={each.Evidence} data-evidence={each.Evidence}>
              <span>{words.kinds[each.Evidence ?? ''] ?? each.Evidence}</span>
              <b>{share(each.Share)}</b>
              <span className="quiet">{money(each[basis], props.currency)}</span>
              <meter
                min={0}
                max={1}
                value={Number(each.Share ?? 0)}
                aria-label={words.kinds[each.Evidence ?? ''] ?? ''}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
