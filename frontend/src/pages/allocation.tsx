import type { ComponentType } from 'react';
import { Tabs } from '../parts/tabs';
import { useHub } from '../lib/hub';
import { usePlace } from '../lib/url';
import { text } from '../text';
import { Rules } from './allocation/rules';
import { TagCoverage } from './allocation/tag-coverage';
import { Teams } from './allocation/teams';
import { Who } from './allocation/who';

const words = text.allocation;

interface View {
  name: string;
  label: string;
  /** Whether it is about the whole bill, which a team does not see. */
  isWhole: boolean;
  shown: ComponentType;
}

const VIEWS: readonly View[] = [
  { name: 'who', label: words.who, isWhole: false, shown: Who },
  { name: 'teams', label: words.figures, isWhole: false, shown: Teams },
  { name: 'tags', label: words.tags, isWhole: true, shown: TagCoverage },
  { name: 'rules', label: words.rules, isWhole: true, shown: Rules },
];

/** Who caused the cost, how well that is known, and what other rules would say. */
export default function Allocation() {
  const { params } = usePlace();
  const hub = useHub();
  const views = VIEWS.filter((each) => hub.person.seesAll || !each.isWhole);
  const view = views.find((each) => each.name === params.get('view')) ?? views[0];
  return (
    <>
      <h1 className="visually-hidden">{text.pages.allocation}</h1>
      <Tabs label={words.views} views={views} current={view} />
      {view && <view.shown />}
    </>
  );
}
