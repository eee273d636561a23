import { DEFAULT_BY } from '../../lib/allocation';
import { LevelChoice } from '../../parts/level-choice';
import { setParams } from '../../lib/url';
import { text } from '../../text';

const words = text.allocation;
const KNOWN: readonly [string, string][] = [
  [words.hierarchies.team, DEFAULT_BY],
  [words.hierarchies.application, 'Application,Feature,x_ModelId'],
  [words.hierarchies.model, 'Team,x_ModelId,x_TokenDirection,x_TokenCacheAction'],
  [words.hierarchies.costCenter, 'CostCenter,Team,Application'],
  [words.hierarchies.resource, 'ResourceName,Deployment,Team'],
  [words.hierarchies.month, 'Team,BillingMonth'],
];
const LEVELS = [
  'Team',
  'Application',
  'Feature',
  'Customer',
  'Environment',
  'CostCenter',
  'BusinessUnit',
  'Experiment',
  'Deployment',
  'SkuMeter',
  'x_ModelFamily',
  'x_ModelId',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'ResourceName',
  'SubAccountName',
  'x_ResourceGroupName',
  'ChargeDate',
];

/** Which levels the hierarchy has: a known one, or levels of one's own. */
export function Levels(props: { by: readonly string[] }) {
  const choose = (next: readonly string[]) =>
    setParams({ by: next.length > 0 ? next.join(',') : null, allocation_levels: null });
  return <LevelChoice by={props.by} known={KNOWN} levels={LEVELS} choose={choose} />;
}
