import { useEffect, useRef, type ReactNode } from 'react';
import { text } from '../text';

/** A side panel over the page: Esc closes it, focus enters it and returns. */
export function Panel(props: {
  title: string;
  subtitle?: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const root = useRef<HTMLDivElement>(null);
  const { onClose } = props;
  useEffect(() => {
    const before = document.activeElement;
    root.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) onClose();
    };
    document.addEventListener('keydown', close);
    return () => document.removeEventListener('keydown', close);
  }, [onClose]);
  return (
    <>
      <div className="veil" onClick={onClose} aria-hidden="true" />
      <div
        className="panel"
        role="dialog"
        aria-modal="true"
        aria-label={props.title}
        tabIndex={-1}
        ref={root}
      >
        <header className="panel-head">
          <div>
            <h2>{props.title}</h2>
            {props.subtitle && <p className="quiet">{props.subtitle}</p>}
          </div>
          <button type="button" className="button" onClick={onClose}>
            {text.close}
          </button>
        </header>
        <div className="panel-body">{props.children}</div>
      </div>
    </>
  );
}
