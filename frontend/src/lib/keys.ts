// The keys that work everywhere: `g` and a letter go to a page, single keys do the rest.
import { useEffect } from 'react';
import type { Page } from '../pages';
import { setTheme, THEMES } from './theme';
import { filtersOf, go } from './url';

const PATIENCE = 1500;

/** Listen to the keys; `pages` are those that the person sees. */
export function useKeys(pages: readonly Page[], onHelp: () => void): void {
  useEffect(() => {
    let leads = -Infinity;
    const press = (event: KeyboardEvent) => {
      const target = event.target;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (target instanceof HTMLElement && target.matches('input, select, textarea')) return;
      const led = event.timeStamp - leads < PATIENCE;
      leads = -Infinity;
      const page = led ? pages.find((each) => each.key === event.key) : undefined;
      if (page) go(page.path, filtersOf(new URLSearchParams(window.location.search)));
      else if (event.key === 'g') leads = event.timeStamp;
      else if (event.key === '/')
        document
          .querySelector<HTMLElement>('[role="dialog"] [data-search], [data-search]')
          ?.focus();
      else if (event.key === 'f') document.querySelector<HTMLElement>('#filters button')?.focus();
      else if (event.key === 't') nextTheme();
      else if (event.key === '?') onHelp();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [pages, onHelp]);
}

function nextTheme(): void {
  const held = document.documentElement.dataset.theme ?? 'system';
  const at = THEMES.findIndex((each) => each === held);
  setTheme(THEMES[(at + 1) % THEMES.length] ?? 'system');
}
