import { useId, useState, type FormEvent } from 'react';
import { Refused } from '../../parts/ask';
import { act, ApiError } from '../../lib/api';
import { anomaliesText as words } from '../../text/anomalies';
import { textAt, type Finding } from './findings';

const MARKS = ['expected', 'unexpected'] as const;

/** Say of a finding that it was expected, was not, or is muted until a day; with the reason. */
export function Feedback(props: { finding: Finding; onKept: () => void }) {
  const { finding } = props;
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const [state, setState] = useState<{ lacks?: string; error?: ApiError; is?: 'sent' | 'kept' }>(
    {},
  );
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const by = (event.nativeEvent as SubmitEvent).submitter;
    const mark = by instanceof HTMLButtonElement ? by.value : 'expected';
    if (!reason.trim()) return setState({ lacks: words.needsReason });
    if (mark === 'muted' && !until) return setState({ lacks: words.needsDay });
    setState({ is: 'sent' });
    const body = {
      id: textAt(finding, 'Id'),
      mark,
      reason: reason.trim(),
      ...(mark === 'muted' ? { until } : {}),
    };
    act('anomalies/mark', body).then(
      () => {
        setState({ is: 'kept' });
        setReason('');
        props.onKept();
      },
      (error: unknown) => {
        if (error instanceof ApiError) setState({ error });
      },
    );
    return undefined;
  };
  const waits = state.is === 'sent';
  const button = (mark: string) => (
    <button key={mark} type="submit" className="button" name="mark" value={mark} disabled={waits}>
      {words.marks[mark]}
    </button>
  );
  return (
    <form className="feedback" onSubmit={submit} aria-label={words.feedback} noValidate>
      <p className="quiet">{words.feedbackHelp}</p>
      <label className="reason-field">
        {words.reason}
        <input
          className="input"
          required
          maxLength={2000}
          value={reason}
          aria-describedby={id}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      {MARKS.map(button)}
      <label>
        {words.until}
        <input
          className="input"
          type="date"
          min={textAt(finding, 'Start') ?? undefined}
          value={until}
          aria-describedby={id}
          onChange={(event) => setUntil(event.target.value)}
        />
      </label>
      {button('muted')}
      <p id={id} role="status" className={state.lacks ? 'bad' : 'good'}>
        {state.lacks ?? (state.is === 'kept' ? words.kept : '')}
      </p>
      {state.error && <Refused error={state.error} />}
    </form>
  );
}
