import { useEffect, useId, useRef, useState } from 'react';
import { Ask, Refused } from '../../parts/ask';
import { AnswerTable, DataTable } from '../../parts/data-table';
import { Empty, Failure, Waiting } from '../../parts/states';
import { ApiError, askWith, useApi, type TableAnswer } from '../../lib/api';
import { number } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { rulesText as words } from '../../text/rules';

const MOVES = ['BillingMonth', 'Team', 'Difference', 'CostBefore', 'CostAfter', 'BillingCurrency'];
const SAVED = ['Rules', 'SavedBy', 'SavedTime', 'Counts'];

interface Counting {
  name: string;
  text: string;
}

interface Preview {
  /** The text that was tried, and the rules that it was held against. */
  rules: string;
  counting: string;
  moves: TableAnswer;
}

/** The rules that count, what others would move, and saving them. */
export function Rules() {
  const answer = useApi<Counting>('/api/rules');
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={14} height={480} />;
  return <Tried counting={answer.data} />;
}

function Tried(props: { counting: Counting }) {
  const { counting } = props;
  const [base, setBase] = useState(counting);
  const [edited, setEdited] = useState(counting.text);
  const preview = usePreview();
  const [said, setSaid] = useState('');
  const status = useRef<HTMLParagraphElement>(null);
  const id = useId();
  const isEdited = edited !== base.text;
  if (counting.name !== base.name && (!isEdited || edited === counting.text)) {
    setBase(counting);
    setEdited(counting.text);
  }
  useEffect(() => {
    if (said) status.current?.focus();
  }, [said]);
  const tried = preview.is?.rules === edited ? preview.is : undefined;
  const edit = (text: string) => {
    setEdited(text);
    setSaid('');
  };
  return (
    <div className="rules">
      <section>
        <header className="block-head">
          <h2>
            <label htmlFor={id}>{words.text}</label>
          </h2>
          <p className="quiet">{words.from(base.name)}</p>
        </header>
        {counting.name !== base.name && (
          <p className="banner" role="status">
            {words.changed(counting.name)}
          </p>
        )}
        {said && (
          <p className="said" role="status" tabIndex={-1} ref={status}>
            {said}
          </p>
        )}
        <textarea
          id={id}
          className="input rules-text"
          spellCheck={false}
          value={edited}
          onChange={(event) => edit(event.target.value)}
        />
        <div className="controls">
          <button
            type="button"
            className="button"
            disabled={preview.waits || tried?.counting === counting.name}
            onClick={() => preview.ask(edited)}
          >
            {words.preview}
          </button>
          <Save
            tried={tried?.counting === counting.name ? tried : undefined}
            isEdited={edited !== counting.text}
            onSaved={() => setSaid(words.saved)}
          />
          <label className="button file">
            {words.choose}
            <input
              type="file"
              accept=".toml"
              className="visually-hidden"
              onChange={(event) => {
                const file = event.target.files?.[0];
                if (file) void file.text().then(edit);
                event.target.value = '';
              }}
            />
          </label>
          <button
            type="button"
            className="link"
            disabled={edited === counting.text}
            onClick={() => {
              setBase(counting);
              edit(counting.text);
            }}
          >
            {words.reset}
          </button>
        </div>
      </section>
      <section aria-live="polite" aria-busy={preview.waits || undefined}>
        <header className="block-head">
          <h2>{words.moves}</h2>
          <p className="quiet">{words.movesHelp}</p>
        </header>
        {preview.error ? (
          <Refused error={preview.error} />
        ) : preview.waits && !preview.is ? (
          <Waiting lines={8} height={240} />
        ) : !preview.is ? (
          <p className="quiet">{words.notTried}</p>
        ) : preview.is.moves.total === 0 ? (
          <Empty title={words.nothingMoves} help={words.nothingMovesHelp} />
        ) : (
          <AnswerTable
            name="moves"
            label={words.moves}
            first={MOVES}
            answer={preview.is.moves}
            stale={preview.waits || !tried}
          />
        )}
      </section>
      <section className="saved-rules">
        <DataTable
          name="rules-saved"
          label={words.history}
          first={SAVED}
          emptyTitle={words.noHistory}
          emptyHelp={words.noHistoryHelp}
          compact
        />
      </section>
    </div>
  );
}

/** What a text of rules would move, asked when it is wanted. */
function usePreview() {
  const [state, setState] = useState<{ is?: Preview; error?: ApiError; waits: boolean }>({
    waits: false,
  });
  const ask = (rules: string) => {
    setState((former) => ({ is: former.is, waits: true }));
    askWith<TableAnswer & { counting: string }>('rules/preview', { rules, by: 'Team' }).then(
      (moves) => setState({ is: { rules, counting: moves.counting, moves }, waits: false }),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setState({ error, waits: false });
      },
    );
  };
  return { ...state, ask };
}

/** Making the text that was tried the one that counts, for those whose role it is. */
function Save(props: { tried: Preview | undefined; isEdited: boolean; onSaved: () => void }) {
  const { tried } = props;
  const { person } = useHub();
  const [asks, setAsks] = useState<Preview>();
  if (!person.roles.includes('admin'))
    return <span className="quiet">{words.notYours(person.role)}</span>;
  return (
    <>
      <button
        type="button"
        className="button strong"
        disabled={!tried || !props.isEdited}
        onClick={() => setAsks(tried)}
      >
        {words.save}
      </button>
      {!tried && props.isEdited && <span className="quiet">{words.previewFirst}</span>}
      {asks && (
        <Ask
          title={words.ask}
          help={words.askHelp(number(asks.moves.total), person.name)}
          does={words.save}
          path="rules/save"
          body={() => ({ rules: asks.rules, counting: asks.counting })}
          onClose={() => setAsks(undefined)}
          onDone={() => {
            setAsks(undefined);
            props.onSaved();
          }}
        />
      )}
    </>
  );
}
