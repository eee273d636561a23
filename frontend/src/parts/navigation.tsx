import { useEffect, useId, useRef, useState } from 'react';
import type { Hub } from '../lib/api';
import { setTheme, THEMES, useTheme } from '../lib/theme';
import { address, filtersOf, go, usePlace } from '../lib/url';
import { GROUPS, PAGES, type Page } from '../pages';
import { text } from '../text';
import { Choice } from './choice';

/** Where one can go: a column beside the page, or a menu above it where there is no room. */
export function Navigation(props: { pages: readonly Page[]; person: Hub['person'] | undefined }) {
  const { path } = usePlace();
  const [open, setOpen] = useState(false);
  const bar = useRef<HTMLElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => setOpen(false);
  useAway(bar, open, close);
  const current = PAGES.find((each) => each.path === path);
  return (
    <header
      className="top"
      ref={bar}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.stopPropagation();
        close();
        button.current?.focus();
      }}
    >
      <span className="brand">{text.product}</span>
      <button
        ref={button}
        type="button"
        className="choice-button menu-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen((each) => !each)}
      >
        <span className="visually-hidden">{text.navigation}</span>
        <span className="choice-value">{current?.name ?? text.navigation}</span>
        <span aria-hidden="true" className="caret" />
      </button>
      <nav id={id} aria-label={text.navigation} className={open ? 'open' : undefined}>
        {GROUPS.map((group) => (
          <PageGroup
            key={group}
            name={text.groups[group]}
            pages={props.pages.filter((each) => each.group === group)}
            onGo={close}
          />
        ))}
      </nav>
      <TopEnd person={props.person} />
    </header>
  );
}

function PageGroup(props: { name: string; pages: readonly Page[]; onGo: () => void }) {
  const { path, params } = usePlace();
  const filters = filtersOf(params);
  const id = useId();
  if (props.pages.length === 0) return null;
  return (
    <div className="page-group">
      <p id={id} className="quiet">
        {props.name}
      </p>
      <ul aria-labelledby={id}>
        {props.pages.map((each) => (
          <li key={each.path}>
            <a
              href={address(each.path, filters)}
              aria-current={each.path === path ? 'page' : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                props.onGo();
                go(each.path, filters);
              }}
            >
              {each.name}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function TopEnd(props: { person: Hub['person'] | undefined }) {
  const { person } = props;
  const theme = useTheme();
  return (
    <div className="top-end">
      {person?.signedIn && (
        <>
          <span className="quiet who">{text.role(person.name, person.role)}</span>
          <button type="button" className="link" onClick={signOut}>
            {text.signOut}
          </button>
        </>
      )}
      <Choice
        label={text.theme}
        value={theme}
        options={THEMES.map((value) => ({ value, label: text.themes[value] }))}
        onChoose={(value) => setTheme(THEMES.find((each) => each === value) ?? 'system')}
      />
    </div>
  );
}

function signOut(): void {
  void fetch('/auth/logout', { method: 'POST' }).then(() => window.location.assign('/'));
}

/** Close what is open once the pointer or the focus goes elsewhere. */
function useAway(
  root: React.RefObject<HTMLElement | null>,
  open: boolean,
  close: () => void,
): void {
  useEffect(() => {
    if (!open) return undefined;
    const away = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close();
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  });
}
