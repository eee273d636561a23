import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { act, ApiError, type TableAnswer } from '../lib/api';
import { text } from '../text';

/** An act that is asked for once more before it is done; what it refuses stands in it. */
export function Ask(props: {
  title: string;
  help: string;
  /** The word of the button that does it. */
  does: string;
  path: string;
  /** The body of the act, read when the button is pressed. */
  body: () => object;
  onClose: () => void;
  onDone: (answer: TableAnswer) => void;
  children?: ReactNode;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();
  const [error, setError] = useState<ApiError>();
  const [works, setWorks] = useState(false);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWorks(true);
    setError(undefined);
    act<TableAnswer>(props.path, props.body()).then(props.onDone, (reason: unknown) => {
      setWorks(false);
      if (!(reason instanceof ApiError)) throw reason;
      setError(reason);
    });
  };
  return (
    <dialog
      className="ask"
      ref={box}
      aria-labelledby={name}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') event.stopPropagation();
      }}
      onCancel={(event) => {
        event.preventDefault();
        if (!works) props.onClose();
      }}
    >
      <form onSubmit={submit}>
        <h2 id={name}>{props.title}</h2>
        <p className="quiet">{props.help}</p>
        {props.children}
        {error && <Refused error={error} />}
        <p className="ask-end">
          <button type="button" className="button" disabled={works} onClick={props.onClose}>
            {text.acts.cancel}
          </button>
          <button type="submit" className="button strong" disabled={works}>
            {works ? text.acts.working : props.does}
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** What was refused: what, which rule, what to do. */
export function Refused(props: { error: ApiError }) {
  const { status, problem } = props.error;
  const lines =
    status === 0
      ? [text.states.unreachableTitle, text.states.unreachable]
      : [problem.message, problem.help];
  return (
    <div className="refused" role="alert">
      {lines.filter(Boolean).map((each) => (
        <p key={each}>{each}</p>
      ))}
    </div>
  );
}

/** A field of an act with its name above it. */
export function Field(props: { label: string; children: ReactNode }) {
  return (
    <label className="field">
      {props.label}
      {props.children}
    </label>
  );
}
