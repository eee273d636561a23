import { useState } from 'react';
import { Ask, Field } from '../../parts/ask';
import type { TableAnswer } from '../../lib/api';
import { money } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { statementText as words } from '../../text/statements';
import type { Row } from './answers';

type Step = 'approve' | 'issue' | 'post' | 'void';
export type Done = (sentence: string, answer: TableAnswer) => void;

/** Which steps follow a state, and in which order they are offered. */
const NEXT: Record<string, readonly Step[]> = {
  draft: ['approve', 'void'],
  approved: ['issue', 'void'],
  issued: ['post', 'void'],
};

/** The steps that the person may take with a statement, each asked for once more. */
export function Steps(props: { statement: Row; onDone: Done }) {
  const { statement } = props;
  const { person } = useHub();
  const [asked, setAsked] = useState<Step>();
  const [written, setWritten] = useState('');
  if (!person.roles.some((each) => each === 'admin' || each === 'approver')) return null;
  const steps = NEXT[statement.State ?? ''] ?? [];
  if (steps.length === 0) return null;
  const drafted = statement.PreparedBy ?? '';
  const own = folded(drafted) === folded(person.name);
  const number = statement.Statement ?? '';
  const total = `${money(statement.Amount, statement.BillingCurrency ?? null)} ${statement.BillingCurrency ?? ''}`;
  const help: Record<Step, string> = {
    approve: words.asks.approveHelp(total),
    issue: words.asks.issueHelp(total),
    post: words.asks.postHelp,
    void: words.asks.voidHelp,
  };
  const body = () => ({
    number: Number(number),
    ...(asked === 'post' && { reference: written }),
    ...(asked === 'void' && { reason: written }),
  });
  return (
    <div className="steps-row" role="group" aria-label={words.acts.label}>
      {steps.map((each) => (
        <button
          key={each}
          type="button"
          className={each === 'void' ? 'button' : 'button strong'}
          disabled={each === 'approve' && own}
          onClick={() => {
            setWritten('');
            setAsked(each);
          }}
        >
          {words.acts[each]}
        </button>
      ))}
      {own && statement.State === 'draft' && (
        <span className="quiet">{words.acts.another(drafted)}</span>
      )}
      {asked && (
        <Ask
          title={words.asks[asked](number)}
          help={help[asked]}
          does={words.acts[asked]}
          path={`statements/${asked}`}
          body={body}
          onClose={() => setAsked(undefined)}
          onDone={(answer) => {
            setAsked(undefined);
            props.onDone(words.done[asked], answer);
          }}
        >
          {(asked === 'post' || asked === 'void') && (
            <Field label={asked === 'post' ? words.fields.reference : words.fields.reason}>
              <input
                className="input"
                required
                maxLength={asked === 'post' ? 200 : 2000}
                value={written}
                onChange={(event) => setWritten(event.target.value)}
              />
            </Field>
          )}
        </Ask>
      )}
    </div>
  );
}

/** A name without case and blanks, as the log compares it. */
export function folded(name: string): string {
  return name.toLowerCase().replace(/\s+/g, '');
}
