// The code of the pages, each loaded when it is opened.
import type { ComponentType } from 'react';
import { part, type Part } from './lib/part';
import { PAGES, type Page } from './pages';

const FILES = import.meta.glob<{ default: ComponentType }>([
  './pages/*.tsx',
  '!./pages/not-found.tsx',
]);
const PARTS = new Map(PAGES.map((page) => [page.path, partOf(page)]));

/** The code of a page. */
export function codeOf(page: Page | undefined): Part | undefined {
  return page && PARTS.get(page.path);
}

function partOf(page: Page): Part {
  const file = `./pages${page.path === '/' ? '/overview' : page.path}.tsx`;
  const load = FILES[file];
  if (!load) throw new Error(`the page ${page.path} has no file ${file}`);
  return part(async () => (await load()).default);
}
