// Light or dark: the system's choice, unless the reader made one.
import { useSyncExternalStore } from 'react';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'pertoken-theme';
const query = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

query.addEventListener('change', tell);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function chosen(): Theme {
  const held = document.documentElement.dataset.theme;
  return held === 'light' || held === 'dark' ? held : 'system';
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, chosen);
}

export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () =>
    chosen() === 'system' ? query.matches : chosen() === 'dark',
  );
}

export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // a browser that keeps nothing still shows the theme
  }
  tell();
}
