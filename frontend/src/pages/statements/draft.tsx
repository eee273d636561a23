import { useState } from 'react';
import { Ask, Field } from '../../parts/ask';
import { monthName } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { statementText as words } from '../../text/statements';
import type { Done } from './steps';

const FINANCE = ['admin', 'finance'];

/** Drafting the statements of a month, for those whose role it is. */
export function Draft(props: { month: string; teams: readonly string[]; onDone: Done }) {
  const hub = useHub();
  const [asks, setAsks] = useState(false);
  if (!hub.person.roles.some((each) => FINANCE.includes(each))) return null;
  return (
    <>
      <button type="button" className="button strong" onClick={() => setAsks(true)}>
        {words.acts.draft}
      </button>
      {asks && <DraftForm {...props} onClose={() => setAsks(false)} />}
    </>
  );
}

function DraftForm(props: {
  month: string;
  teams: readonly string[];
  onDone: Done;
  onClose: () => void;
}) {
  const hub = useHub();
  const [month, setMonth] = useState(props.month);
  const [subject, setSubject] = useState('every');
  const [team, setTeam] = useState('');
  const [currency, setCurrency] = useState('');
  const [cost, setCost] = useState('Effective');
  const [issuer, setIssuer] = useState('');
  const body = () => ({
    month,
    cost,
    every_team: subject === 'every',
    ...(subject === 'team' && { team: team.trim() }),
    ...(currency && { currency }),
    ...(issuer.trim() && { issuer: issuer.trim() }),
  });
  const choice = (
    label: string,
    value: string,
    set: (value: string) => void,
    options: readonly (readonly [string, string])[],
  ) => (
    <Field label={label}>
      <select className="input" value={value} onChange={(event) => set(event.target.value)}>
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </Field>
  );
  return (
    <Ask
      title={words.asks.draft}
      help={words.asks.draftHelp}
      does={words.acts.draft}
      path="statements/draft"
      body={body}
      onClose={props.onClose}
      onDone={(answer) => {
        props.onClose();
        props.onDone(words.done.draft(answer.total), answer);
      }}
    >
      {choice(
        words.fields.month,
        month,
        setMonth,
        [...hub.months].reverse().map((each) => [each.month, monthName(each.month)] as const),
      )}
      {choice(words.fields.subject, subject, setSubject, [
        ['every', words.fields.everyTeam],
        ['team', words.fields.oneTeam],
        ['house', words.fields.house],
      ])}
      {subject === 'team' && (
        <Field label={words.fields.team}>
          <input
            className="input"
            required
            maxLength={200}
            list="statement-teams"
            value={team}
            onChange={(event) => setTeam(event.target.value)}
          />
          <datalist id="statement-teams">
            {props.teams.map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
        </Field>
      )}
      {choice(words.fields.currency, currency, setCurrency, [
        ['', words.fields.everyCurrency],
        ...hub.currencies.map((each) => [each, each] as const),
      ])}
      {choice(words.fields.cost, cost, setCost, [
        ['Effective', 'EffectiveCost'],
        ['Billed', 'BilledCost'],
      ])}
      <Field label={words.fields.issuer}>
        <input
          className="input"
          maxLength={200}
          value={issuer}
          onChange={(event) => setIssuer(event.target.value)}
        />
      </Field>
    </Ask>
  );
}
