import { State } from '../parts/states';
import { filtersOf, go, usePlace } from '../lib/url';
import { text } from '../text';

/** An address that is no page. */
export default function NotFound() {
  const { params, path } = usePlace();
  return (
    <State title={text.states.notFoundTitle} alone>
      <p>
        <code>{path}</code>
      </p>
      <p>{text.states.notFound}</p>
      <button type="button" className="button" onClick={() => go('/', filtersOf(params))}>
        {text.states.toOverview}
      </button>
    </State>
  );
}
