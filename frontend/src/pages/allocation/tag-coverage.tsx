import { useMemo } from 'react';
import { Choice } from '../../parts/choice';
import { DataTable } from '../../parts/data-table';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';

const words = text.allocation;
const LISTS = ['coverage', 'drift', 'repair', 'sources'] as const;

/** How much cost each canonical tag covers, and the lists that mend it. */
export function TagCoverage() {
  const { params } = usePlace();
  const list = LISTS.find((each) => each === params.get('list')) ?? 'coverage';
  const asked = useMemo(
    () => new URLSearchParams(list === 'coverage' ? {} : { [list]: 'true' }),
    [list],
  );
  return (
    <>
      <p className="quiet lead">{words.tagHelp[list]}</p>
      <DataTable
        name="tags"
        grid={`tags_${list}`}
        label={words.tagLists[list]}
        params={asked}
        emptyTitle={words.noTags}
        emptyHelp={words.noTagsHelp}
        tools={
          <Choice
            label={words.list}
            value={list}
            options={LISTS.map((value) => ({ value, label: words.tagLists[value] }))}
            onChoose={(value) => setParams({ list: value === 'coverage' ? null : value })}
          />
        }
      />
    </>
  );
}
