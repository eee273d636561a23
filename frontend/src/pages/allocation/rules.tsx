import { useId, useMemo, useState } from 'react';
import { DataTable } from '../../parts/data-table';
import { Failure, Waiting } from '../../parts/states';
import { useApi } from '../../lib/api';
import { text } from '../../text';

const words = text.allocation;
const FIRST = ['BillingMonth', 'Team', 'BillingCurrency', 'CostBefore', 'CostAfter', 'Difference'];

/** The rules that count, and what others would move before anybody saves them. */
export function Rules() {
  const answer = useApi<{ name: string; text: string }>('/api/rules');
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={14} height={480} />;
  return <Tried key={answer.data.name} name={answer.data.name} rules={answer.data.text} />;
}

function Tried(props: { name: string; rules: string }) {
  const [edited, setEdited] = useState(props.rules);
  const [tried, setTried] = useState<string | null>(null);
  const id = useId();
  const asked = useMemo(
    () => (tried === null ? null : new URLSearchParams({ rules: tried, by: 'Team' })),
    [tried],
  );
  return (
    <div className="rules">
      <section>
        <header className="block-head">
          <h2>
            <label htmlFor={id}>{words.rulesText}</label>
          </h2>
          <p className="quiet">{words.rulesFrom(props.name)}</p>
        </header>
        <textarea
          id={id}
          className="input rules-text"
          spellCheck={false}
          value={edited}
          onChange={(event) => setEdited(event.target.value)}
        />
        <div className="controls">
          <button
            type="button"
            className="button"
            disabled={edited === tried}
            onClick={() => setTried(edited)}
          >
            {words.preview}
          </button>
          <label className="button file">
            {words.choose}
            <input
              type="file"
              accept=".toml"
              className="visually-hidden"
              onChange={(event) => {
                const file = event.target.files?.[0];
                if (file) void file.text().then(setEdited);
              }}
            />
          </label>
          <button
            type="button"
            className="link"
            disabled={edited === props.rules}
            onClick={() => setEdited(props.rules)}
          >
            {words.reset}
          </button>
        </div>
        <p className="quiet">{words.saveHelp}</p>
      </section>
      <section aria-live="polite">
        <header className="block-head">
          <h2>{words.moves}</h2>
          <p className="quiet">{words.movesHelp}</p>
        </header>
        {asked ? (
          <DataTable
            name="rules-preview"
            label={words.moves}
            first={FIRST}
            params={asked}
            emptyTitle={words.nothingMoves}
            emptyHelp={words.nothingMovesHelp}
          />
        ) : (
          <p className="quiet">{words.notTried}</p>
        )}
      </section>
    </div>
  );
}
