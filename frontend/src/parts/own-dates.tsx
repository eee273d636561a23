import { useState } from 'react';
import { dayOf } from '../lib/format';
import { text } from '../text';

const words = text.filters;

/** Two days to choose, the second exclusive; what holds no day cannot be applied. */
export function OwnDates(props: {
  from: string | null;
  to: string | null;
  onApply: (from: string, to: string) => void;
}) {
  const [from, setFrom] = useState(dayOf(props.from ?? ''));
  const [to, setTo] = useState(dayOf(props.to ?? ''));
  const reversed = Boolean(from && to && from >= to);
  return (
    <form
      className="own-dates"
      onSubmit={(event) => {
        event.preventDefault();
        if (!reversed && from && to) props.onApply(from, to);
      }}
    >
      <label>
        {words.from}
        <input
          className="input"
          type="date"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        {words.to}
        <input
          className="input"
          type="date"
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      <button type="submit" className="button" disabled={reversed || !from || !to}>
        {words.apply}
      </button>
      {reversed && (
        <p role="alert" className="bad">
          {words.reversed}
        </p>
      )}
    </form>
  );
}
