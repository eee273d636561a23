import { OptionList, Popover } from '../../parts/choice';
import type { Hub } from '../../lib/api';
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
  const current = known.find(([, value]) => value === by.join(','))?.[0];
  const choose = (next: readonly string[]) =>
    setParams({ by: next.length > 0 ? next.join(',') : null, matrix_levels: null });
  return (
    <Popover label={words.rows} value={current ?? by.join(' > ')} wide>
      {(close) => (
        <>
          <OptionList
            label={words.rows}
            options={known.map(([label, value]) => ({ label, value }))}
            chosen={[by.join(',')]}
            onChoose={(value) => {
              choose(value.split(','));
              close();
            }}
          />
          <div className="own-levels">
            <h3>{words.levels}</h3>
            <ol>
              {by.map((each) => (
                <li key={each}>
                  <span>{each}</span>
                  <button
                    type="button"
                    className="link"
                    disabled={by.length === 1}
                    aria-label={text.filters.remove(each)}
                    onClick={() => choose(by.filter((other) => other !== each))}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ol>
            <select
              className="input"
              aria-label={words.addLevel}
              value=""
              onChange={(event) => choose([...by, event.target.value])}
            >
              <option value="">{words.addLevel}</option>
              {[...LEVELS, ...hub.tagKeys.map((key) => `Tags.${key}`)]
                .filter((each) => !by.includes(each))
                .map((each) => (
                  <option key={each}>{each}</option>
                ))}
            </select>
          </div>
        </>
      )}
    </Popover>
  );
}
