// Where the reader is: a path and parameters, all of it in the address, so that a view is a link.
import { useSyncExternalStore } from 'react';

export interface Place {
  path: string;
  params: URLSearchParams;
}

export type Patch = Record<string, string | readonly string[] | null>;

const listeners = new Set<() => void>();
let current = read();

function read(): Place {
  return { path: window.location.pathname, params: new URLSearchParams(window.location.search) };
}

function changed(): void {
  current = read();
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', changed);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => current);
}

/** The address of a path with parameters; `where=` and the like stay readable. */
export function address(path: string, params: URLSearchParams): string {
  const query = params.toString().replace(/%2C/g, ',').replace(/%3A/g, ':');
  return query ? `${path}?${query}` : path;
}

export function go(path: string, params: URLSearchParams, replace = false): void {
  const target = address(path, params);
  if (target === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, '', target);
  else window.history.pushState(null, '', target);
  changed();
}

/** Parameters with some replaced; null removes one. */
export function patched(params: URLSearchParams, patch: Patch): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(patch)) {
    next.delete(name);
    if (value === null) continue;
    for (const each of typeof value === 'string' ? [value] : value) next.append(name, each);
  }
  return next;
}

export function setParams(patch: Patch, replace = false): void {
  go(current.path, patched(current.params, patch), replace);
}

const FILTERS = ['from', 'to', 'currency', 'where', 'all_charges'] as const;

/** The filter bar's part of the parameters: what every page and every API call shares. */
export function filtersOf(params: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const name of FILTERS) for (const value of params.getAll(name)) kept.append(name, value);
  return kept;
}

/** `where` pairs of the parameters. */
export function pairsOf(params: URLSearchParams, name = 'where'): [string, string][] {
  return params.getAll(name).map((each) => {
    const at = each.indexOf('=');
    return at < 0 ? [each, ''] : [each.slice(0, at), each.slice(at + 1)];
  });
}

/** The filters as the API takes them: `currency=all` is the page's word for none. */
export function apiFilters(params: URLSearchParams): URLSearchParams {
  const kept = filtersOf(params);
  if (kept.get('currency') === 'all') kept.delete('currency');
  return kept;
}
