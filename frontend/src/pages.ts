// The pages: one line and one file each, `pages/NAME.tsx` by its path. What is not here is not in
// the navigation; the build hands the paths to the server. It holds no code of a page, so that the
// build can read it too.
import { text } from './text.ts';

/** Roles that see the whole bill, or everyone. */
export type SeenBy = 'everyone' | 'finance';

export interface Page {
  path: string;
  name: string;
  group: Group;
  /** The letter that leads here after `g`. */
  key: string;
  /**
   * Whether the filter bar narrows what the page shows: by all it has, by period and currency, or
   * by currency and columns where the page chooses its own months.
   */
  filtered: boolean | 'period' | 'columns';
  seenBy: SeenBy;
}

export const GROUPS = ['cost', 'next', 'who', 'trust'] as const;
export type Group = (typeof GROUPS)[number];

type Options = Partial<Pick<Page, 'filtered' | 'seenBy'>>;

function page(group: Group, path: string, name: string, key: string, options: Options = {}): Page {
  return { group, path, name, key, filtered: true, seenBy: 'everyone', ...options };
}

export const PAGES: readonly Page[] = [
  page('cost', '/', text.pages.overview, 'o'),
  page('cost', '/unit-costs', text.pages.unitCosts, 'u'),
  page('cost', '/trends', text.pages.trends, 't'),
  page('next', '/explain', text.pages.explain, 'e'),
  page('next', '/ptu', text.pages.ptu, 'p', { filtered: false, seenBy: 'finance' }),
  page('next', '/what-if', text.pages.whatIf, 'w', { filtered: 'columns', seenBy: 'finance' }),
  page('next', '/forecast', text.pages.forecast, 'f', { filtered: false }),
  page('next', '/anomalies', text.pages.anomalies, 'a', { filtered: false }),
  page('who', '/allocation', text.pages.allocation, 'l', { filtered: 'period' }),
  page('who', '/units', text.pages.units, 'b', { filtered: false, seenBy: 'finance' }),
  page('who', '/statements', text.pages.statements, 's', { filtered: false }),
  page('who', '/audit', text.pages.audit, 'c', { filtered: 'period', seenBy: 'finance' }),
  page('trust', '/data', text.pages.data, 'd', { filtered: false }),
  page('trust', '/meters', text.pages.meters, 'm', { filtered: false }),
];

/** The pages that a person sees. */
export function pagesFor(person: { seesAll: boolean } | undefined): Page[] {
  return PAGES.filter((each) => maySee(each, person));
}

export function maySee(page: Page, person: { seesAll: boolean } | undefined): boolean {
  return page.seenBy === 'everyone' || person?.seesAll === true;
}
