import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { text } from '../text';

/** A button that opens a panel below it; closes on Esc, on a click elsewhere and on leaving. */
export function Popover(props: {
  label: string;
  value: string;
  active?: boolean;
  /** Whether the value can give no answer. */
  wrong?: boolean;
  wide?: boolean;
  children: (close: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    const away = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div
      className="choice"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button
        ref={button}
        type="button"
        className={props.active ? 'choice-button active' : 'choice-button'}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen((each) => !each)}
      >
        <span className="choice-label">{props.label}</span>
        <span className={props.wrong ? 'choice-value bad' : 'choice-value'}>{props.value}</span>
        <span aria-hidden="true" className="caret" />
      </button>
      {open && (
        <div
          id={id}
          className={props.wide ? 'popover wide' : 'popover'}
          role="dialog"
          aria-label={props.label}
        >
          {props.children(close)}
        </div>
      )}
    </div>
  );
}

export interface Option {
  value: string;
  label: string;
  note?: string;
}

/** A list of options, searchable when long, moved through by arrow keys. */
export function OptionList(props: {
  label: string;
  options: readonly Option[];
  chosen: readonly string[];
  many?: boolean;
  onChoose: (value: string) => void;
}) {
  const [search, setSearch] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const first = useRef<HTMLInputElement>(null);
  const searchable = props.options.length > 8;
  useEffect(() => {
    if (searchable) first.current?.focus();
    else
      list.current?.querySelector<HTMLElement>('[aria-selected="true"], [role="option"]')?.focus();
  }, [searchable]);
  const folded = search.trim().toLocaleLowerCase();
  const options = folded
    ? props.options.filter((each) => each.label.toLocaleLowerCase().includes(folded))
    : props.options;
  const move = (by: number) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>('[role="option"]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[Math.min(items.length - 1, Math.max(0, at + by))]?.focus();
  };
  return (
    <div
      className="options"
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault();
          move(event.key === 'ArrowDown' ? 1 : -1);
        }
      }}
    >
      {searchable && (
        <input
          ref={first}
          type="search"
          className="input"
          placeholder={text.filters.search}
          aria-label={`${text.filters.search}: ${props.label}`}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {options.length === 0 ? (
        <p className="quiet option-none">{text.filters.none}</p>
      ) : (
        <div
          role="listbox"
          aria-label={props.label}
          aria-multiselectable={props.many || undefined}
          className="option-list"
          ref={list}
        >
          {options.slice(0, 400).map((each) => (
            <div
              key={each.value}
              role="option"
              tabIndex={-1}
              aria-selected={props.chosen.includes(each.value)}
              className="option"
              onClick={() => props.onChoose(each.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' || event.key === ' ') {
                  event.preventDefault();
                  props.onChoose(each.value);
                }
              }}
            >
              <span className="tick" aria-hidden="true" />
              <span className="option-label">{each.label}</span>
              {each.note && <span className="quiet">{each.note}</span>}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** A choice of one value. */
export function Choice(props: {
  label: string;
  options: readonly Option[];
  value: string;
  onChoose: (value: string) => void;
  active?: boolean;
}) {
  const current = props.options.find((each) => each.value === props.value);
  return (
    <Popover label={props.label} value={current?.label ?? props.value} active={props.active}>
      {(close) => (
        <OptionList
          label={props.label}
          options={props.options}
          chosen={[props.value]}
          onChoose={(value) => {
            props.onChoose(value);
            close();
          }}
        />
      )}
    </Popover>
  );
}
