import { useHub } from '../../lib/hub';
import { statementText as words } from '../../text/statements';

/** The documents of a statement that a person may have. */
export function StatementFiles(props: { number: string }) {
  const hub = useHub();
  return (
    <span className="sheet-files" role="group" aria-label={words.downloads}>
      {(hub.person.seesAll ? ['pdf', 'xlsx', 'csv'] : ['pdf', 'csv']).map((each) => (
        <a
          key={each}
          className="button"
          href={`/api/statements/${props.number}.${each}`}
          aria-label={`${words.downloads} ${each.toUpperCase()}`}
          download
        >
          {each.toUpperCase()}
        </a>
      ))}
    </span>
  );
}
