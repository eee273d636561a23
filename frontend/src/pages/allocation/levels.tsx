import { OptionList, Popover } from '../../parts/choice';
import { DEFAULT_BY } from '../../lib/allocation';
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
  const { by } = props;
  const current = KNOWN.find(([, value]) => value === by.join(','))?.[0];
  const choose = (next: readonly string[]) =>
    setParams({ by: next.length > 0 ? next.join(',') : null, allocation_levels: null });
  return (
    <Popover label={text.unitCosts.rows} value={current ?? by.join(' > ')} wide>
      {(close) => (
        <>
          <OptionList
            label={text.unitCosts.rows}
            options={KNOWN.map(([label, value]) => ({ label, value }))}
            chosen={[by.join(',')]}
            onChoose={(value) => {
              choose(value.split(','));
              close();
            }}
          />
          <div className="own-levels">
            <h3>{text.unitCosts.levels}</h3>
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
              aria-label={text.unitCosts.addLevel}
              value=""
              onChange={(event) => choose([...by, event.target.value])}
            >
              <option value="">{text.unitCosts.addLevel}</option>
              {LEVELS.filter((each) => !by.includes(each)).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </div>
        </>
      )}
    </Popover>
  );
}
