// Code that is loaded when it is needed. Once it is there it is drawn at once: React's `lazy` would
// show its fallback for a third of a second even where the code has long arrived.
import { useEffect, useState, type ComponentType } from 'react';

export interface Part {
  /** Load the code; once it is there, `view` is it. */
  load: () => Promise<void>;
  view: ComponentType | undefined;
}

export function part(load: () => Promise<ComponentType>): Part {
  const made: Part = {
    view: undefined,
    load: async () => {
      made.view ??= await load();
    },
  };
  return made;
}

/** The component of a part, undefined until it is loaded; whether loading failed. */
export function usePart(wanted: Part | undefined): {
  view: ComponentType | undefined;
  failed: boolean;
  retry: () => void;
} {
  const [turn, setTurn] = useState(0);
  const [failed, setFailed] = useState<Part | undefined>();
  const view = wanted?.view;
  useEffect(() => {
    if (!wanted || view) return undefined;
    let current = true;
    wanted.load().then(
      () => current && setTurn((each) => each + 1),
      () => current && setFailed(wanted),
    );
    return () => {
      current = false;
    };
  }, [wanted, view, turn]);
  return {
    view,
    failed: wanted !== undefined && failed === wanted && !view,
    retry: () => {
      setFailed(undefined);
      setTurn((each) => each + 1);
    },
  };
}
