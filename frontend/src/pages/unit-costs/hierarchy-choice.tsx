import type { Hub } from '../../lib/api';
import { LevelChoice } from '../../parts/level-choice';
import { setParams } from '../../lib/url';
import { text } from '../../text';

const words = text.unitCosts;
export const DEFAULT_BY = 'x_SkuMeterCategory,x_SkuMeterSubcategory,SkuMeter';
const LEVELS = [
  'x_SkuMeterCategory',
  'x_SkuMeterSubcategory',
  'SkuMeter',
  'x_ModelDeveloper',
  'x_ModelFamily',
  'x_ModelId',
  'x_ModelVersion',
  'x_TokenDirection',
  'x_TokenCacheAction',
  'x_Modality',
  'x_DeploymentScope',
  'x_ServiceTier',
  'x_MeterUse',
  'SubAccountName',
  'x_ResourceGroupName',
  'ResourceName',
  'RegionId',
  'ChargeCategory',
  'PricingCategory',
  'BillingMonth',
  'ChargeDate',
];

/** Which rows the matrix has: a known hierarchy, or levels of one's own. */
export function HierarchyChoice(props: { by: string[]; hub: Hub }) {
  const { by, hub } = props;
  const known: [string, string][] = [
    [words.hierarchies.meter, DEFAULT_BY],
    [
      words.hierarchies.model,
      'x_ModelDeveloper,x_ModelFamily,x_ModelId,x_ModelVersion,x_TokenDirection,x_TokenCacheAction',
    ],
    [words.hierarchies.resource, 'x_ResourceGroupName,ResourceName,x_ModelId'],
    [words.hierarchies.subscription, 'SubAccountName,x_ResourceGroupName,x_ModelId'],
    ...hub.tagKeys.map((key): [string, string] => [
      words.hierarchies.tag(key),
      `Tags.${key},x_ModelId`,
    ]),
  ];
  const levels = [...LEVELS, ...hub.tagKeys.map((key) => `Tags.${key}`)];
  const choose = (next: readonly string[]) =>
    setParams({ by: next.length > 0 ? next.join(',') : null, matrix_levels: null });
  return <LevelChoice by={by} known={known} levels={levels} choose={choose} />;
}
