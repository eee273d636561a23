import { OptionList, Popover } from './choice';
import { text } from '../text';

const words = text.unitCosts;

interface Props {
  by: readonly string[];
  /** Hierarchies with a name, and their levels joined by commas. */
  known: readonly (readonly [string, string])[];
  /** Levels that can be added. */
  levels: readonly string[];
  choose: (next: readonly string[]) => void;
}

/** Which levels a hierarchy has: a known one, or levels of one's own. */
export function LevelChoice({ by, known, levels, choose }: Props) {
  const current = known.find(([, value]) => value === by.join(','))?.[0];
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
              {levels
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
