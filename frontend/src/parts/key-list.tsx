import type { Page } from '../pages';
import { text } from '../text';

const words = text.keys;

/** The keys: those that lead to the person's pages, and those that work everywhere. */
export function KeyList(props: { pages: readonly Page[] }) {
  return (
    <>
      <h3>{words.pages}</h3>
      <dl className="keys">
        {props.pages.map((each) => (
          <Key key={each.path} name={words.goTo(each.key)} does={each.name} />
        ))}
      </dl>
      <h3 className="block">{words.elsewhere}</h3>
      <dl className="keys">
        {words.list.map(([name, does]) => (
          <Key key={name} name={name} does={does} />
        ))}
      </dl>
    </>
  );
}

function Key(props: { name: string; does: string }) {
  return (
    <div>
      <dt>
        <kbd>{props.name}</kbd>
      </dt>
      <dd>{props.does}</dd>
    </div>
  );
}
