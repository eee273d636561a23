import { useEffect, useRef, useState } from 'react';

interface Shown {
  words: string;
  x: number;
  y: number;
  below: boolean;
}

const DELAY = 250;

/** One tooltip for the page: any element with `data-tip` has one, by pointer and by focus. */
export function TipRoot() {
  const [shown, setShown] = useState<Shown | null>(null);
  const timer = useRef(0);
  useEffect(() => {
    const show = (target: EventTarget | null, delay: number) => {
      window.clearTimeout(timer.current);
      const element = target instanceof Element ? target.closest('[data-tip]') : null;
      const words = element?.getAttribute('data-tip');
      if (!element || !words) {
        setShown(null);
        return;
      }
      timer.current = window.setTimeout(() => {
        const box = element.getBoundingClientRect();
        const below = box.top < 180;
        setShown({
          words,
          x: Math.min(Math.max(box.left, 8), window.innerWidth - 328),
          y: below ? box.bottom + 6 : window.innerHeight - box.top + 6,
          below,
        });
      }, delay);
    };
    const over = (event: PointerEvent) => {
      if (event.pointerType !== 'touch') show(event.target, DELAY);
    };
    const focus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(':focus-visible'))
        show(event.target, DELAY);
    };
    const hide = () => show(null, 0);
    const escape = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', over);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('scroll', hide, true);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('keydown', escape);
    return () => {
      window.clearTimeout(timer.current);
      document.removeEventListener('pointerover', over);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('scroll', hide, true);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('keydown', escape);
    };
  }, []);
  if (!shown) return null;
  const place = shown.below ? { top: shown.y } : { bottom: shown.y };
  return (
    <div className="tip" role="tooltip" style={{ left: shown.x, ...place }}>
      {shown.words.split('\n').map((line, at) => (
        <p key={at}>{line}</p>
      ))}
    </div>
  );
}

/** The lines of a hover, the empty ones left out. */
export function tip(...lines: (string | null | undefined | false)[]): string {
  return lines.filter(Boolean).join('\n');
}
