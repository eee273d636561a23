import { useState } from 'react';
import { Ask, Field } from '../../parts/ask';
import { Failure, Waiting } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { money } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { statementText as words } from '../../text/statements';
import { rowsOf, viewUrl, type Row } from './answers';
import { folded, type Done } from './steps';

type Outcome = 'accepted' | 'rejected' | 'withdrawn';

/** The disputes of a statement, their answers, and a new one. */
export function Disputes(props: {
  statement: Row;
  turn: number;
  lines: readonly Row[];
  /** The line that is being disputed; null where none is. */
  line: string | null;
  onLine: (line: string | null) => void;
  onDone: Done;
}) {
  const { statement, lines, line, onLine } = props;
  const { person } = useHub();
  const number = statement.Statement ?? '';
  const answer = useApi<TableAnswer>(viewUrl(number, 'disputes', props.turn));
  const disputes = rowsOf(answer.data);
  const [resolves, setResolves] = useState<{ line: string; outcome: Outcome } | null>(null);
  const outcomes = (by: string): Outcome[] => {
    if (folded(by) === folded(person.name)) return ['withdrawn'];
    return person.seesAll ? ['accepted', 'rejected'] : [];
  };
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.disputes}</h2>
        <p className="quiet">{words.disputesHelp}</p>
      </header>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={2} height={56} />
      ) : disputes.length === 0 ? (
        <p className="quiet">{words.noDisputes}</p>
      ) : (
        <ul className="disputes">
          {disputes.map((each) => (
            <li key={`${each.Line} ${each.DisputedAt}`}>
              <p>
                <b>{words.line(each.Line ?? '')}</b>{' '}
                <span className={each.State === 'open' ? 'seal draft' : 'seal'}>
                  {words.outcomes[each.State ?? ''] ?? each.State}
                </span>{' '}
                <span className="quiet">
                  {words.disputed(each.DisputedBy ?? '', each.DisputedAt?.slice(0, 10) ?? '')}
                </span>
              </p>
              <p>{each.Reason}</p>
              {each.State === 'open' ? (
                <p className="steps-row">
                  {outcomes(each.DisputedBy ?? '').map((outcome) => (
                    <button
                      key={outcome}
                      type="button"
                      className="button"
                      onClick={() => setResolves({ line: each.Line ?? '', outcome })}
                    >
                      {words.acts[outcome]}
                    </button>
                  ))}
                </p>
              ) : (
                <p className="quiet">
                  {words.answered(
                    words.outcomes[each.State ?? ''] ?? each.State ?? '',
                    each.ResolvedBy ?? '',
                  )}
                  : {each.Resolution}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {statement.State !== 'void' && lines.length > 0 && (
        <p className="steps-row">
          <button type="button" className="button" onClick={() => onLine(lines[0]?.Line ?? null)}>
            {words.acts.dispute}
          </button>
        </p>
      )}
      {line !== null && (
        <DisputeForm
          number={number}
          lines={lines}
          line={line}
          onLine={onLine}
          onDone={props.onDone}
        />
      )}
      {resolves && (
        <ResolveForm
          number={number}
          {...resolves}
          onClose={() => setResolves(null)}
          onDone={props.onDone}
        />
      )}
    </section>
  );
}

function DisputeForm(props: {
  number: string;
  lines: readonly Row[];
  line: string;
  onLine: (line: string | null) => void;
  onDone: Done;
}) {
  const { number, line, onLine } = props;
  const [reason, setReason] = useState('');
  return (
    <Ask
      title={words.asks.dispute(number)}
      help={words.asks.disputeHelp}
      does={words.acts.disputeIt}
      path="statements/dispute"
      body={() => ({ number: Number(number), line: Number(line), reason })}
      onClose={() => onLine(null)}
      onDone={(answer) => {
        onLine(null);
        props.onDone(words.done.dispute, answer);
      }}
    >
      <Field label={words.fields.line}>
        <select className="input" value={line} onChange={(event) => onLine(event.target.value)}>
          {props.lines.map((each) => (
            <option key={each.Line} value={each.Line ?? ''}>
              {lineName(each)}
            </option>
          ))}
        </select>
      </Field>
      <Reason value={reason} onChange={setReason} />
    </Ask>
  );
}

function ResolveForm(props: {
  number: string;
  line: string;
  outcome: Outcome;
  onClose: () => void;
  onDone: Done;
}) {
  const { number, line, outcome } = props;
  const [reason, setReason] = useState('');
  return (
    <Ask
      title={words.asks.resolve(line)}
      help={words.asks.resolveHelp}
      does={words.acts[outcome]}
      path="statements/resolve"
      body={() => ({ number: Number(number), line: Number(line), outcome, reason })}
      onClose={props.onClose}
      onDone={(answer) => {
        props.onClose();
        props.onDone(words.done.resolve, answer);
      }}
    >
      <Reason value={reason} onChange={setReason} />
    </Ask>
  );
}

function Reason(props: { value: string; onChange: (value: string) => void }) {
  return (
    <Field label={words.fields.reason}>
      <textarea
        className="input area"
        required
        maxLength={2000}
        rows={3}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </Field>
  );
}

/** A line in a few words: its number, what it is of, and its amount. */
function lineName(line: Row): string {
  const parts = [
    line.Application,
    line.x_ModelId,
    line.x_TokenDirection ?? line.x_MeterUse ?? line.Kind,
    line.x_TokenCacheAction,
  ];
  const amount = money(line.Amount, line.BillingCurrency ?? null);
  return `${line.Line}: ${parts.filter(Boolean).join(', ')}, ${amount}`;
}
